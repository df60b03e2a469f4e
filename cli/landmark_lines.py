"""Scores of landmarks in lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tfuq_cli.numbers import bounds, correlation, interval


def landmark_lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """Lines on success rates, on raters, and on how uncertainty follows the error.

    Args:
        summary: What ``summary.json`` holds; nothing is said of another task.
    """
    yield from _rates("success rates", summary.get("success_rates"))
    yield from _rates("raters apart", summary.get("raters_apart"))
    raters = summary.get("raters")
    if raters and "unit" in summary:
        yield _raters(raters, summary["unit"])
    for name, measure in summary.get("measures", {}).items():
        spearman = measure["correlation"]["spearman"]
        if spearman["rho"] is not None:
            title = name.replace("_", " ")
            yield f"{title}: {_spearman(spearman)}{_detection(measure)}"


def _rates(title: str, table: Mapping[str, Any] | None) -> Iterator[str]:
    if not table:
        return
    rates = []
    for key, value in table.items():
        if key.startswith("sdr"):
            rates.append(f"{key} {value:.3f}")
    yield f"{title}: mean {table['mean']:.2f} mm  {'  '.join(rates)}"


def _raters(raters: Mapping[str, Any], unit: str) -> str:
    errors = []
    for rater, table in raters["against"].items():
        errors.append(f"{rater} {table['mean']:.2f}")
    spread = f"{raters['spread']['mean']:.2f}"
    within = f"{raters['within_spread']:.3f}"
    return (
        f"against raters ({unit}): {'  '.join(errors)}; their spread {spread}, "
        f"within it {within} of predictions"
    )


def _spearman(table: Mapping[str, Any]) -> str:
    within = "not defined"
    if table["within"] is not None:
        within = f"{table['within']:.3f}{interval(bounds(table, 'within_'))}"
    pooled = f"pooled {correlation(table)}, n {table['n']} in {table['cases']} images"
    return f"Spearman with the error within landmarks {within}, {pooled}"


def _detection(measure: Mapping[str, Any]) -> str:
    """How well a measure finds errors of 4 mm or more, where that is defined."""
    auroc = measure.get("auroc_4mm")
    if auroc is None:
        return ""
    ends = interval(bounds(measure, "auroc_4mm_"))
    return f"; AUROC for errors of 4 mm or more {auroc:.3f}{ends}"
