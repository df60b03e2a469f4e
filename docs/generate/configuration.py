"""The table of every key of a configuration and of a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from docs.generate.schema import Key, keys_of
from tfuq.config import Config
from tfuq.config.study import StudyConfig

_KEYS = Path(__file__).parent / "keys.yaml"
STUDY = "study."


def descriptions() -> dict[str, tuple[str, str]]:
    """Unit and sentence of each key."""
    entries = yaml.safe_load(_KEYS.read_text(encoding="utf-8"))
    return {path: (unit, sentence) for path, (unit, sentence) in entries.items()}


def documented_keys() -> dict[str, Key]:
    """Every key by the name that ``keys.yaml`` gives it."""
    keys = {key.path: key for key in keys_of(Config)}
    keys.update({f"{STUDY}{key.path}": key for key in keys_of(StudyConfig)})
    return keys


def configuration_page() -> str:
    """The tables as Markdown, one for each section."""
    texts = descriptions()
    sections: dict[str, list[str]] = {}
    for name, key in documented_keys().items():
        section = key.section or "top level"
        if name.startswith(STUDY):
            section = "study file"
        unit, sentence = texts[name]
        row = (f"`{key.path}`", key.type, unit, f"`{key.default}`", key.range, sentence)
        sections.setdefault(section, []).append(_row(row))
    head = "| key | type | unit | default | range | what it says |\n|---|---|---|---|---|---|"
    parts = [f"## {name}\n\n{head}\n" + "\n".join(rows) for name, rows in sections.items()]
    return "\n\n".join(parts) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
