"""The table of every measure, from the catalogue and what people must know of it."""

from __future__ import annotations

from pathlib import Path

import yaml

from tfuq.measures.catalogue import MEASURES
from tfuq.measures.measure import Measure

_TEXTS = Path(__file__).parent / "measures.yaml"
_CLASSES = 2  # that bounds are shown for


def texts() -> dict[str, list[str]]:
    """Formula, paper, looks and warning of each kind of measure."""
    entries: dict[str, list[str]] = yaml.safe_load(_TEXTS.read_text(encoding="utf-8"))
    return entries


def kind_of(name: str) -> str:
    """The kind of measure that a name is of; longer kinds win.

    Raises:
        KeyError: No kind fits.
    """
    kinds = texts()
    plain = name.removesuffix("_mm")
    if plain in kinds:
        return plain
    for kind in sorted(kinds, key=len, reverse=True):
        if plain.startswith(f"{kind}_"):
            return kind
    raise KeyError(f"{name}: enter it in docs/generate/measures.yaml")


def measures_page() -> str:
    """The table as Markdown."""
    head = (
        "| measure | of | formula | unit | range (two classes) | higher is | paper | "
        "what high and low look like | not to be taken for |\n" + "|---" * 9 + "|"
    )
    return "\n".join([head, *map(_row, MEASURES.values())]) + "\n"


def _row(measure: Measure) -> str:
    formula, paper, looks, warning = texts()[kind_of(measure.name)]
    cited = "–"
    if paper:
        cited = f"{{cite}}`{paper}`"
    low, high = measure.bounds(_CLASSES)
    cells = (
        f"`{measure.name}`",
        ", ".join(measure.levels),
        formula,
        measure.unit,
        f"{low:.3g} to {high:.3g}".replace("inf", "∞"),
        measure.orientation or "–",
        cited,
        looks,
        warning,
    )
    return f"| {' | '.join(cells)} |"
