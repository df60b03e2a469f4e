"""The text of a planned configuration: what its owner wrote, and the planned sections."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tfuq.config.learning import PredictionConfig
from tfuq.config.text import read_yaml, write_yaml
from tfuq.errors import ConfigError
from tfuq.workflows.commented import sections_lines
from tfuq.workflows.plan.settings import Settings

# Sections that a plan fills, with the keys in them that say what the data mean, or that no data
# can tell: those stay as their owner wrote them.
_PLANNED: Mapping[str, tuple[str, ...]] = {
    "preprocessing": (
        "orientation",
        "crop_to_labels",
        "crop_margin",
        "outside_labels",
        "min_slice_area",
    ),
    "augmentation": (),
    "network": ("output", "heteroscedastic", "noise_draws"),
    "training": (
        "seed",
        "early_stopping_epochs",
        "monitor",
        "precision",
        "initial_weights",
        "frozen",
    ),
    "prediction": tuple(PredictionConfig.model_fields),
}
_METHOD = re.compile(r"^method\s*:.*$", re.MULTILINE)
_KEY = re.compile(r"([A-Za-z_]+)\s*:")
_EARLIER_REMARK = re.compile(r"# (planned for \d+ training case|allowed: .*; foretold: )")


def planned_text(text: str, settings: Settings, remarks: Sequence[str]) -> str:
    """Put planned sections in the place of those of a configuration.

    Args:
        text: The configuration.
        settings: The sections.
        remarks: What they rest on; comments above them.
    """
    own = _kept_sections(read_yaml(text, "configuration"))
    sections = {}
    for name in _PLANNED:
        sections[name] = {**settings.sections.get(name, {}), **own.get(name, {})}
    comments = [f"# {remark}" for remark in remarks]
    reasons = {key: reason for key, reason in settings.reasons.items() if not _is_own(key, own)}
    lines = sections_lines(sections, reasons)
    kept = _without_planned(text).rstrip("\n")
    return "\n".join([kept, *comments, *lines]) + "\n"


def _is_own(key: str, own: Mapping[str, Any]) -> bool:
    """Whether a ``section.key`` is as its owner wrote it."""
    section, _, name = key.partition(".")
    return name in own.get(section, {})


def with_method(text: str, method: str) -> str:
    """A configuration with another method."""
    tree = {**read_yaml(text, "configuration"), "method": method}
    line = f"method: {method}"
    changed, count = _METHOD.subn(line, text, count=1)
    if not count:
        changed = f"{line}\n{text}"
    return changed if _reads_as(changed, tree) else write_yaml(tree)


def kept_tree(tree: Mapping[str, Any]) -> dict[str, Any]:
    """What of a configuration a plan leaves as it is."""
    others = {key: value for key, value in tree.items() if key not in _PLANNED}
    return {**others, **_kept_sections(tree)}


def _kept_sections(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of planned sections that stay; a section of another form as it is."""
    sections: dict[str, Any] = {}
    for name, keys in _PLANNED.items():
        section = tree.get(name)
        if isinstance(section, dict):
            section = {key: value for key, value in section.items() if key in keys}
        if section:
            sections[name] = section
    return sections


def _without_planned(text: str) -> str:
    """A configuration without the sections that a plan fills, its other lines as they are.

    Where sections cannot be told apart by lines, as in ``{a: 1, b: 2}``, it is written anew.
    """
    tree = read_yaml(text, "configuration")
    kept = {key: value for key, value in tree.items() if key not in _PLANNED}
    lines = _lines_without_planned(text)
    return lines if _reads_as(lines, kept) else write_yaml(kept)


def _reads_as(text: str, tree: Mapping[str, Any]) -> bool:
    try:
        found: Any = read_yaml(text, "configuration")
    except ConfigError:
        return False
    return bool(found == tree)


def _lines_without_planned(text: str) -> str:
    """The text without the lines from a planned key to the next key, and an earlier plan's remarks.

    Comments at the start of a line stay.
    """
    lines = []
    is_kept = True
    for line in text.splitlines():
        match = _KEY.match(line)
        if match:
            is_kept = match[1] not in _PLANNED
        is_comment = line.startswith("#")
        if is_comment and _EARLIER_REMARK.match(line):
            continue
        if is_kept or is_comment:
            lines.append(line)
    return "\n".join(lines) + "\n"
