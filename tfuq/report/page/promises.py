"""What a calibration promised, beside what was seen on the cases of the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tfuq.report.page.source import Source
from tfuq.scoring.promise_lines import promises_of, size_text
from tfuq.scoring.rows import Row

_KINDS = {
    "volume": "volume lies within its interval",
    "missed_by_upper": "share of the structure beyond its outer bound",
    "excess_of_lower": "share of the inner bound beyond the structure",
    "coverage": "true position lies within the radius",
}
_SETS = {
    "lac": "set of classes (LAC) has the true one",
    "aps": "set of classes (APS) has the true one",
    "raps": "set of classes (RAPS) has the true one",
}
_AT_MOST = ("missed_by_upper", "excess_of_lower")


@dataclass(frozen=True, kw_only=True)
class Promise:
    """A line of the table; shares are from 0 to 1.

    Attributes:
        method: Who promised.
        text: What was promised of what.
        promised: The share, as text: at least or at most so much.
        seen: The share of the report's cases.
        interval: The 95 % interval of the share seen; None where there is none.
        band: Where the share of a true promise lies, given the numbers of cases; None where it is
            not known.
        calibrated_on: The number of calibration cases; None where it is not noted.
        cases: The number of cases that it was seen on.
        outside: ``below`` or ``above``, where what was seen lies outside the band.
        is_broken: Whether less was kept than promised.
        size: How much the promise says.
    """

    method: str
    text: str
    promised: str
    seen: float
    interval: list[float] | None
    band: list[float] | None
    calibrated_on: int | None
    cases: int
    outside: str | None
    is_broken: bool
    size: str

    @property
    def verdict(self) -> str:
        """What to make of it, in a word or two."""
        if self.band is None:
            return "not judged"
        if self.is_broken:
            return "broken"
        if self.outside:
            return f"kept, {self.outside} the band"
        return "kept"


def conformal_promises(source: Source) -> Iterator[Promise]:
    """The promises of calibrated predictions, as scored.

    Args:
        source: Score folder or predictions of a method.
    """
    for name, kind, row in promises_of(source.summary.get("conformal", {})):
        text = _SETS.get(name)
        if text is None:
            text = f"{name}: {_KINDS.get(kind, kind.replace('_', ' '))}"
        yield promise_of(source.name, text, row, is_most=kind in _AT_MOST)


def promise_of(
    method: str,
    text: str,
    row: Row,
    *,
    is_most: bool = False,
    size: str | None = None,
) -> Promise:
    """A line from what `tfuq.scoring.coverage` says.

    Args:
        method: Who promised.
        text: What was promised of what.
        row: What was promised and seen.
        is_most: Whether the promised share is a largest one.
        size: How much the promise says; None for what ``row`` says of it.
    """
    side = "at least"
    if is_most:
        side = "at most"
    return Promise(
        method=method,
        text=text,
        promised=f"{side} {row['promised']:.3g}",
        seen=row["realized"],
        interval=row.get("interval"),
        band=row.get("band"),
        calibrated_on=row.get("calibrated_on"),
        cases=row["n"],
        outside=row.get("outside"),
        is_broken=bool(row.get("broken")),
        size=size_text(row) if size is None else size,
    )
