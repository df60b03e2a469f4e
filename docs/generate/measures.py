"""The sections on every measure, from the catalogue and what people must know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from docs.generate.pictures import FOLDER, pictures
from tfuq.measures.catalogue import (
    OF_IMAGE_VOXELS,
    OF_IMAGES,
    OF_LANDMARKS,
    OF_MEMBERS,
    OF_STRUCTURE_VOXELS,
    OF_STRUCTURES,
    OF_VARIANCES,
    OF_VOXELS,
    OTHERS_OF_LANDMARKS,
)
from tfuq.measures.catalogue.structures import CONFORMAL_VOLUMES
from tfuq.measures.measure import Measure

GROUPS = {
    "Maps": (*OF_VOXELS, *OF_VARIANCES, *OF_MEMBERS),
    "Numbers of an image": OF_IMAGES,
    "Numbers of an image, with `--aggregate`": OF_IMAGE_VOXELS,
    "Structures": (*OF_STRUCTURES, *CONFORMAL_VOLUMES),
    "Structures, with `--aggregate`": OF_STRUCTURE_VOXELS,
    "Landmarks": (*OF_LANDMARKS, *OTHERS_OF_LANDMARKS),
}
_TEXTS = Path(__file__).parent / "measures.yaml"
_CLASSES = 2  # that bounds are shown for
_LANDMARK = "landmark"
Grouped = dict[str, dict[str, list[Measure]]]


@dataclass(frozen=True, kw_only=True)
class Text:
    """What people must know of a kind of measure.

    Attributes:
        formula: In Markdown.
        paper: Its key in ``references.bib``; None of a plain statistic.
        high: What high values look like.
        low: What low values look like.
        not_for: What it must not be taken for.
    """

    formula: str
    paper: str | None
    high: str
    low: str
    not_for: str


@cache
def texts() -> Mapping[str, Text]:
    """The text of each kind of measure."""
    entries = yaml.safe_load(_TEXTS.read_text(encoding="utf-8"))
    return {kind: Text(**entry) for kind, entry in entries.items()}


def kind_of(measure: Measure) -> str:
    """The kind of a measure; longer kinds win.

    Raises:
        KeyError: No kind fits.
    """
    name = measure.name.removesuffix("_mm")
    if _LANDMARK in measure.levels and f"{_LANDMARK}_{name}" in texts():
        return f"{_LANDMARK}_{name}"
    if name in texts():
        return name
    for kind in sorted(texts(), key=len, reverse=True):
        if name.startswith(f"{kind}_"):
            return kind
    raise KeyError(f"{name}: enter it in docs/generate/measures.yaml")


def grouped() -> Grouped:
    """The measures by group and by kind; each kind is in the group where it comes first."""
    group_of_kind: dict[str, str] = {}
    groups: Grouped = {group: {} for group in GROUPS}
    for group, measures in GROUPS.items():
        for measure in measures:
            kind = kind_of(measure)
            of_kind = groups[group_of_kind.setdefault(kind, group)].setdefault(kind, [])
            of_kind.append(measure)
    return groups


def measures_page() -> str:
    """An overview, then a section for each kind of measure, as Markdown."""
    alternatives = {picture.kind: picture.alternative for picture in pictures()}
    groups = grouped()
    parts = ["## Overview"]
    for group, kinds in groups.items():
        parts += [f"**{group}**", _overview(kinds)]
    for group, kinds in groups.items():
        parts.append(f"## {group}")
        for kind, measures in kinds.items():
            parts += _section(kind, measures, alternatives.get(kind))
    return "\n\n".join(parts) + "\n"


def _overview(kinds: Mapping[str, list[Measure]]) -> str:
    rows = []
    for kind, measures in kinds.items():
        first = measures[0]
        link = f"[{title_of(kind)}](#{kind.replace('_', '-')})"
        rows.append((link, _unique(m.unit for m in measures), _range(first), _meaning(first)))
    return _table(("measure", "unit", "range", "a higher value is"), rows)


def title_of(kind: str) -> str:
    """The heading of a kind."""
    return kind.replace("_", " ")


def _section(kind: str, measures: list[Measure], alternative: str | None) -> list[str]:
    text = texts()[kind]
    rows = []
    for measure in measures:
        levels = ", ".join(measure.levels)
        rows.append((f"`{measure.name}`", levels, measure.unit, _range(measure), _meaning(measure)))
    parts = [
        f"### {title_of(kind)}",
        text.formula,
        f"**High.** {text.high}\n**Low.** {text.low}",
        f"**Not to be taken for.** {text.not_for}",
    ]
    if text.paper:
        parts.append(f"**Paper.** {{cite}}`{text.paper}`")
    if alternative:
        parts.append(f"![{alternative}](generated/{FOLDER}/{kind}.png)")
    return [*parts, _table(("column or map", "of", "unit", "range", "a higher value is"), rows)]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(head)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _unique(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))


def _meaning(measure: Measure) -> str:
    return measure.orientation or "–"


def _range(measure: Measure) -> str:
    """The bounds, for two classes."""
    low, high = measure.bounds(_CLASSES)
    return f"{low:.3g} to {high:.3g}".replace("inf", "∞").replace("-∞", "−∞")
