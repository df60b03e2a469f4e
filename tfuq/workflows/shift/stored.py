"""The files of a method at a severity.

They are ``cases.csv``, ``parts.csv``, ``summary.json``, ``example.npz`` and, where they are kept,
predictions.
The tables of a study are made of these files alone. So a study that was stopped and taken up again
has the same tables as one that was not.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pydantic
from pydantic import Field

from tfuq.calibration.observed import Observed, Part
from tfuq.config import MEAN, NEVER, Combine, Precision, SkipEmpty
from tfuq.data.json_csv import number, read_json, read_table
from tfuq.data.writers import write_bytes, write_csv, write_json
from tfuq.errors import RunError
from tfuq.measures.catalogue import LANDMARKS_IN_MM, MEASURES, names_of
from tfuq.runs.results import Manifest, MethodName, SampleCount, Seed
from tfuq.scoring.shift import Severity
from tfuq.workflows.shift.measuring import Measured

KEPT = "predictions"
EXAMPLE = "example.npz"
AGAIN = "pass --overwrite to measure again"
_SUMMARY = "summary.json"
_CASES = "cases.csv"
_PARTS = "parts.csv"
_MEANS_OF_CASES = ("dice", "accuracy")  # of the scores; a radial error is a mean over landmarks


class Draws(pydantic.BaseModel):
    """Everything that determines what is measured, except the severity."""

    method: MethodName
    samples: SampleCount
    seed: Seed
    weights_digest: list[str]
    cases: list[str]
    missing_members: list[int] = []
    definitions: int = 1
    precision: Precision = "float32"
    skip_empty: SkipEmpty = NEVER
    combine: Combine = MEAN

    @classmethod
    def of(cls, manifest: Manifest, cases: list[str]) -> Draws:
        """Take them from a predictor's manifest and the ids of its cases."""
        return cls(
            method=manifest.method,
            samples=manifest.samples,
            seed=manifest.seed,
            weights_digest=manifest.weights_digest,
            cases=cases,
            missing_members=manifest.missing_members,
            definitions=manifest.definitions,
            precision=manifest.precision,
            skip_empty=manifest.skip_empty,
            combine=manifest.combine,
        )


class Summary(pydantic.BaseModel):
    """What ``summary.json`` holds."""

    severity: float
    draws: Draws
    scores: dict[str, float | None]
    aurc: dict[str, float | None]
    wrong_ratios: (
        Annotated[list[pydantic.NonNegativeInt], Field(min_length=1, max_length=1000)] | None
    )


def write_severity(folder: Path, severity: float, draws: Draws, measured: Measured) -> None:
    """Write what was measured.

    Args:
        folder: An unfinished folder, which is given its name afterwards.
        severity: In the unit of the perturbation.
        draws: What determines what was measured.
        measured: What to write.
    """
    write_csv(folder / _CASES, measured.rows)
    if measured.observed:
        write_csv(folder / _PARTS, _part_rows(measured.observed))
    buffer = io.BytesIO()
    arrays: dict[str, Any] = dict(measured.example)
    np.savez_compressed(buffer, **arrays)
    write_bytes(folder / EXAMPLE, buffer.getvalue())
    summary = Summary(
        severity=severity,
        draws=draws,
        scores=measured.scores,
        aurc=measured.aurc,
        wrong_ratios=measured.wrong_ratios,
    )
    write_json(folder / _SUMMARY, summary.model_dump())


def _part_rows(observed: Iterable[Observed]) -> Iterator[dict[str, Any]]:
    for case in observed:
        for part in case.parts:
            yield {
                "case": case.case,
                "part": part.name,
                "counts": int(part.counts),
                **part.measures,
            }


def read_observed(folder: Path) -> list[Observed]:
    """Read the cases of a severity with the measures of their structures.

    Returns:
        The cases; none where an earlier version measured, which did not keep this.

    Raises:
        RunError: The file is damaged.
    """
    path = folder / _PARTS
    if not path.is_file():
        return []
    parts: dict[str, list[Part]] = {}
    for row in read_table(path, ("case", "part", "counts"), AGAIN):
        measures = {}
        for name in row:
            value = None
            if name in MEASURES:
                value = number(path, row, name, AGAIN)
            if value is not None:
                measures[name] = value
        part = Part(name=row["part"], measures=measures, counts=row["counts"] == "1")
        parts.setdefault(row["case"], []).append(part)
    return [Observed(case=case, parts=of_case) for case, of_case in parts.items()]


def is_measured(folder: Path, draws: Draws, *, with_predictions: bool) -> bool:
    """Whether the folder holds what these draws give, with predictions where they are asked for.

    Raises:
        RunError: It was measured with other draws, or cannot be read.
    """
    if not folder.exists():
        return False
    earlier = read_summary(folder).draws
    if earlier != draws:
        raise RunError(f"{folder}: was measured with {_described_beside(earlier, draws)}; {AGAIN}")
    return (folder / KEPT).is_dir() or not with_predictions


def _described_beside(earlier: Draws, draws: Draws) -> str:
    """The earlier draws, with what sets them apart from these."""
    text = f"T = {earlier.samples}, seed {earlier.seed}, on {len(earlier.cases)} case(s)"
    if earlier.weights_digest != draws.weights_digest:
        text += ", with other weights"
    if earlier.precision != draws.precision:
        text += f", in {earlier.precision}"
    if earlier.skip_empty != draws.skip_empty:
        text += f", with skip_empty {earlier.skip_empty}"
    if earlier.combine != draws.combine:
        text += f", combined by {earlier.combine}"
    if earlier.definitions != draws.definitions:
        text += ", by a version of tfuq that measured otherwise"
    return text


def read_summary(folder: Path) -> Summary:
    """Read ``summary.json``.

    Raises:
        RunError: It is missing or damaged.
    """
    return read_json(folder / _SUMMARY, Summary, AGAIN)


def read_severity(folder: Path) -> Severity:
    """Read what was measured of a method at a severity.

    Raises:
        RunError: A file is missing or damaged.
    """
    summary = read_summary(folder)
    path = folder / _CASES
    rows = read_table(path, ("case", *summary.aurc), AGAIN)
    if [row["case"] for row in rows] != summary.draws.cases:
        raise RunError(f"{path}: has other cases than {_SUMMARY} beside it; {AGAIN}")
    if f"{summary.severity:g}" != folder.name:
        raise RunError(f"{folder / _SUMMARY}: is of severity {summary.severity:g}; {AGAIN}")
    qualities = [name for name in _MEANS_OF_CASES if name in summary.scores]
    # Those in mm tell nothing that those in pixels do not, so they are not ranked.
    in_mm = [name for name in names_of(LANDMARKS_IN_MM) if any(name in row for row in rows)]
    return Severity(
        method=summary.draws.method,
        samples=summary.draws.samples,
        severity=summary.severity,
        cases=len(rows),
        scores=summary.scores,
        aurc=summary.aurc,
        measures=_columns(path, rows, [*summary.aurc, *in_mm]),
        qualities=_columns(path, rows, qualities),
    )


def _columns(path: Path, rows: list[dict[str, str]], names: Iterable[str]) -> dict[str, np.ndarray]:
    """Columns of numbers by name, NaN where a cell is empty."""
    columns = {}
    for name in names:
        columns[name] = np.array([number(path, row, name, AGAIN) for row in rows], float)
    return columns
