"""Promises in words: what was promised and seen, how much it says, and what to be wary of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tfuq.scoring.rows import Row

_SIZES = {
    "mean_set_size": "mean set size {:.3f}",
    "mean_radius": "mean radius {:.2f}",
    "half_diagonal_share": "{:.1%} of half the image's diagonal",
    "image_share": "{:.1%} of the image",
    "to_reference": "{:.2f} times the reference's volume",
    "width_to_reference": "{:.2f} times the reference's volume wide",
}


def size_text(size: Row) -> str:
    """The sizes of `tfuq.scoring.sizes` that are there, and whether the promise is vacuous."""
    phrases = []
    for name, phrase in _SIZES.items():
        if size.get(name) is not None:
            phrases.append(phrase.format(size[name]))
    if size.get("vacuous"):
        phrases.append(_vacuous(size))
    return ", ".join(phrases)


def _vacuous(size: Row) -> str:
    return f"VACUOUS (says nothing) in {size['vacuous']:.0%} of cases"


def promise_lines(conformal: Mapping[str, Row]) -> Iterator[str]:
    """A line for each promise: promised, realized, where it may lie, and its size.

    Args:
        conformal: of a score folder's summary.
    """
    for name, kind, row in promises_of(conformal):
        name = _named(name, kind)
        interval = "–"
        if row["interval"] is not None:
            interval = _range_text(row["interval"])
        line = (
            f"{name} {row['realized']:.4f} ({interval}), promised {row['promised']:g}{_band(row)}"
        )
        size = size_text(row)
        if size:
            line = f"{line}; {size}"
        yield line


def _range_text(ends: list[float]) -> str:
    low, high = ends
    return f"{low:.3f} to {high:.3f}"


def _band(row: Row) -> str:
    if row.get("band") is None:
        return ""
    side = ""
    if row["outside"]:
        side = f", {row['outside'].upper()} that"
    return (
        f"; {row['calibrated_on']} calibration and {row['n']} test cases "
        f"allow {_range_text(row['band'])}{side}"
    )


def promise_remarks(summary: Row) -> Iterator[str]:
    """What to be wary of.

    That is: cases that were chosen on, promises outside their band, and those that say nothing.

    Args:
        summary: of a score folder.
    """
    calibration = summary.get("calibration") or {}
    if calibration.get("caveat"):
        yield calibration["caveat"]
    promises = list(promises_of(summary.get("conformal", {})))
    broken = [_named(name, kind) for name, kind, row in promises if row.get("broken")]
    if broken:
        yield (
            f"outside the band that the numbers of cases allow: {', '.join(broken)}; "
            "of true promises one in forty is, so look whether the test cases come from elsewhere "
            "than the calibration's"
        )
    for name, kind, row in promises:
        if row.get("vacuous"):
            yield (
                f"{_named(name, kind)}: {_vacuous(row)}; use more calibration cases, "
                "a larger --alpha of tfuq calibrate, or a better network"
            )


def promises_of(conformal: Mapping[str, Row]) -> Iterator[tuple[str, str, Row]]:
    """Each promise with what it is of and its kind; a group has one, or several by their kind.

    Args:
        conformal: of a score folder's summary.
    """
    for name, group in conformal.items():
        by_kind = group
        if "promised" in group:
            by_kind = {"coverage": group}
        for kind, row in by_kind.items():
            yield name, kind, row


def _named(name: str, kind: str) -> str:
    return f"{name}: {kind.replace('_', ' ')}"
