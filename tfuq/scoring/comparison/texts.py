"""What a comparison says: headings, cells, aligned tables, and notes below them."""

from __future__ import annotations

from tfuq.data.units import symbol_of
from tfuq.scoring.comparison.best import SIGNIFICANCE
from tfuq.scoring.comparison.cells import Cell
from tfuq.scoring.metrics import METRICS

BOLD = (
    "Bold: the best mean, where a paired test and the interval of the difference support it "
    "against every other method (Wilcoxon's signed-rank test, McNemar's of right and wrong; "
    f"Holm-adjusted p < {SIGNIFICANCE}), and every method has the score of the same cases. Others "
    "are over the n cases of which all have it."
)
DIFFERENCES = (
    "Difference from the method of the best mean: Hodges–Lehmann estimate with the 95 % interval "
    "of its Walsh averages (of right and wrong: difference of the shares), and p of the paired "
    "test, two-sided, Holm-adjusted over the methods of a row. Intervals are of one comparison "
    "each, and nothing is adjusted over the rows."
)
UNBIASED = (
    "Mean over the cases. Variances and mutual information are multiplied by T/(T − 1), standard "
    "deviations and coefficients of variation by its root, so that methods of different T compare."
)
_MISSING = "–"


def heading(method: str, samples: int | None) -> str:
    """A method with its number of samples, as every table has it.

    Args:
        method: its name.
        samples: T; None where it is not noted.
    """
    if samples is None:
        return f"{method}, T not noted"
    return f"{method}, T = {samples}"


def score_text(cell: Cell) -> str:
    """Mean ± standard deviation, in bold where the method is the supported best."""
    text = f"{cell.mean:.4f}"
    if cell.std is not None:
        text += f" ± {cell.std:.4f}"
    if cell.is_best:
        return f"**{text}**"
    return text


def difference_text(cell: Cell) -> str:
    """A cell's difference from the best mean with its interval and p."""
    difference = cell.difference
    if difference is None:
        return _MISSING
    interval = ""
    if difference.low is not None:
        interval = f" ({difference.low:+.4f} to {difference.high:+.4f})"
    return f"{difference.estimate:+.4f}{interval}, p {difference.p:.2g}"


def number_text(value: float | None) -> str:
    """A number with four digits; a dash where there is none."""
    if value is None:
        return _MISSING
    return f"{value:.4g}"


def with_unit(name: str) -> str:
    """A score or a measure, with its unit where it has one."""
    unit = unit_of(name)
    if unit is None:
        return name
    return f"{name} ({unit})"


def unit_of(name: str) -> str | None:
    """The unit of a score, or of a measure of lengths or sizes, as people write it.

    It is None of plain numbers.
    """
    unit = symbol_of(name)
    if name in METRICS:
        unit = METRICS[name].unit
    if unit == "1":
        return None
    return unit


def aligned(rows: list[list[str]]) -> str:
    """A Markdown table whose columns are aligned.

    Args:
        rows: of cells, the headings first.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = ["-" * width for width in widths]
    headings, *others = rows
    return "\n".join(_line(row, widths) for row in [headings, rule, *others])


def _line(cells: list[str], widths: list[int]) -> str:
    padded = map(str.ljust, cells, widths)
    return f"| {' | '.join(padded)} |"
