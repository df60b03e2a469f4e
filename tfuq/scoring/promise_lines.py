"""Promises in words: what was promised and seen, how much it says, and what to be wary of."""

from __future__ import annotations

from collections.abc import Iterator

_SIZES = {
    "mean_set_size": "mean set size {:.3f}",
    "mean_radius": "mean radius {:.2f}",
    "half_diagonal_share": "{:.1%} of half the image's diagonal",
    "image_share": "{:.1%} of the image",
    "to_reference": "{:.2f} times the reference's volume",
    "width_to_reference": "{:.2f} times the reference's volume wide",
}


def size_text(size: dict) -> str:
    """The sizes of `tfuq.scoring.sizes` that are there, and whether the promise is vacuous."""
    parts = [text.format(size[name]) for name, text in _SIZES.items() if size.get(name) is not None]
    return ", ".join(parts + ([_vacuous(size)] if size.get("vacuous") else []))


def _vacuous(size: dict) -> str:
    return f"VACUOUS (says nothing) in {size['vacuous']:.0%} of cases"


def promise_lines(conformal: dict) -> Iterator[str]:
    """A line for each promise of a summary's ``conformal``: promised, realized, where it may lie, and its size."""
    for name, row in _promises(conformal):
        interval = "–" if row["interval"] is None else "{:.3f} to {:.3f}".format(*row["interval"])
        line = f"{name} {row['realized']:.4f} ({interval}), promised {row['promised']:g}{_band(row)}"
        yield "; ".join([line, size_text(row)]) if size_text(row) else line


def _band(row: dict) -> str:
    if row.get("band") is None:
        return ""
    allowed = "{:.3f} to {:.3f}".format(*row["band"])
    where = f", {row['outside'].upper()} that" if row["outside"] else ""
    return f"; {row['calibrated_on']} calibration and {row['n']} test cases allow {allowed}{where}"


def promise_remarks(summary: dict) -> Iterator[str]:
    """What to be wary of: cases that were chosen on, promises outside their band, and those that say nothing."""
    if caveat := (summary.get("calibration") or {}).get("caveat"):
        yield caveat
    promises = list(_promises(summary.get("conformal", {})))
    broken = [name for name, row in promises if row.get("broken")]
    if broken:
        yield (
            f"outside the band that the numbers of cases allow: {', '.join(broken)}; of true promises one in forty is, so look whether "
            "the test cases come from elsewhere than the calibration's"
        )
    for name, row in promises:
        if row.get("vacuous"):
            yield f"{name}: {_vacuous(row)}; use more calibration cases, a larger --alpha, or a better network"


def _promises(conformal: dict) -> Iterator[tuple[str, dict]]:
    for name, found in conformal.items():
        for what, row in (found if "promised" not in found else {"coverage": found}).items():
            yield f"{name}: {what.replace('_', ' ')}", row
