"""What is frozen of each member of a run, whose configurations may differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tfuq.config import Config, member_config
from tfuq.config.members import entry_of
from tfuq.networks.freezing import Frozen, freeze
from tfuq.sampling.members import build_member
from tfuq.training.supervision import predicting


def frozen_of_members(config: Config, channels: int) -> list[Frozen | None]:
    """What is frozen of each member; None of one that is trained as a whole.

    Networks are built for this alone, so that patterns are refused before a run begins.

    Args:
        config: Of the run.
        channels: Of its images.

    Raises:
        ConfigError: As `tfuq.networks.freezing.freeze`.
    """
    of_entries: dict[int, Frozen | None] = {}
    for member in range(config.members):
        entry = entry_of(config, member)
        if entry not in of_entries:
            of_entries[entry] = _frozen(member_config(config, member), channels)
    return [of_entries[entry_of(config, member)] for member in range(config.members)]


def _frozen(config: Config, channels: int) -> Frozen | None:
    if not config.training.frozen:
        return None
    trained = build_member(config, channels=channels, is_trained=True)
    return freeze(predicting(trained), config.training.frozen)


def frozen_texts(members: Sequence[Frozen | None]) -> list[str]:
    """What is frozen of each member, in words.

    Args:
        members: As `frozen_of_members` gives it.
    """
    texts = []
    for frozen in members:
        text = "none frozen"
        if frozen:
            text = str(frozen)
        texts.append(text)
    return texts


def frozen_facts(members: Sequence[Frozen | None]) -> dict[str, Any] | None:
    """What ``environment.json`` holds of it: of all members, or of each where they differ.

    Args:
        members: As `frozen_of_members` gives it.
    """
    records: dict[str, dict[str, Any] | None] = {}
    for member, frozen in enumerate(members):
        records[f"member {member}"] = None
        if frozen:
            records[f"member {member}"] = asdict(frozen)
    first = next(iter(records.values()))
    if all(record == first for record in records.values()):
        return first
    return records
