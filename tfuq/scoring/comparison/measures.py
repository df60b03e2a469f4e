"""Means of the measures of uncertainty, so that methods of different T compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tfuq.data.json_csv import number, read_table
from tfuq.measures.catalogue import (
    IMAGE_MEANS,
    MEASURES,
    OF_LANDMARKS,
    OF_VOXELS,
    SAMPLE_VOLUMES,
    names_of,
    ranked_at,
)
from tfuq.measures.sample_size import unbiased
from tfuq.scoring.comparison.folders import samples_of
from tfuq.scoring.evaluation.scores import AGAIN
from tfuq.scoring.rows import Row, mean_of_column

_OF_STRUCTURES = (
    *names_of(SAMPLE_VOLUMES),
    *ranked_at("structure"),
)
_COMPARED = (
    *names_of(OF_VOXELS),
    *names_of(IMAGE_MEANS),
    *_OF_STRUCTURES,
    *names_of(OF_LANDMARKS),
)
Means = Mapping[str, float | None]  # by measure


def measures_side_by_side(
    folders: Mapping[str, Path],
    class_name: str,
    cases: Sequence[str],
) -> dict[str, dict[str, float | None]]:
    """Means over cases of the measures of uncertainty, without the bias of a small T.

    Measures that change with T alone are left out where the methods that have them differ in T. A
    method whose T is not noted has none of those that T biases.

    Args:
        folders: of scores, by method.
        class_name: a class or a landmark, or "all".
        cases: to take the mean over.

    Returns:
        Means by measure and method.

    Raises:
        DataError: a folder holds no scores.
        RunError: a damaged table.
    """
    samples = {}
    means = {}
    for method, folder in folders.items():
        samples[method] = samples_of(folder)
        means[method] = _measure_means(folder, class_name, cases)
    return comparable_means(means, samples)


def comparable_means(
    biased: Mapping[str, Means],
    samples: Mapping[str, int | None],
) -> dict[str, dict[str, float | None]]:
    """Means of measures without the bias of a small T, of those measures that compare.

    Args:
        biased: means over the same cases, by method and measure.
        samples: T by method; None where it is not noted.

    Returns:
        Means by measure and method.
    """
    means = {name: _without_bias(of_method, samples[name]) for name, of_method in biased.items()}
    table = {}
    for measure in _COMPARED:
        row = {method: by_measure.get(measure) for method, by_measure in means.items()}
        counts = {samples[method] for method, mean in row.items() if mean is not None}
        is_comparable = len(counts) == 1 or MEASURES[measure].bias != "unknown"
        if counts and is_comparable:
            table[measure] = row
    return table


def _without_bias(means: Means, samples: int | None) -> Means:
    if samples is not None:
        return unbiased(means, samples)
    return {name: mean for name, mean in means.items() if MEASURES[name].bias in (None, "unknown")}


def _measure_means(folder: Path, class_name: str, cases: Sequence[str]) -> Means:
    """Means over the cases of what the tables measure of a class, or of all."""
    wanted = set(cases)
    rows = _case_numbers(folder / "cases.csv", class_name, wanted)
    structures = folder / "structures.csv"
    if structures.is_file():
        rows += _structure_numbers(structures, class_name, wanted)
    return {measure: mean_of_column(rows, measure) for measure in _COMPARED}


def _case_numbers(path: Path, class_name: str, cases: set[str]) -> list[Row]:
    rows = []
    for row in read_table(path, ("case", "class"), AGAIN):
        if row["class"] == class_name and row["case"] in cases:
            rows.append(_numbers(path, row, _COMPARED))
    return rows


def _structure_numbers(path: Path, class_name: str, cases: set[str]) -> list[Row]:
    rows = []
    for row in read_table(path, ("case", "class", "component"), AGAIN):
        is_whole = row["component"] == "all" and row["case"] in cases
        if is_whole and class_name in ("all", row["class"]):
            rows.append(_numbers(path, row, _OF_STRUCTURES))
    return rows


def _numbers(path: Path, row: dict[str, str], measures: Sequence[str]) -> Row:
    return {name: number(path, row, name, AGAIN) for name in measures if name in row}
