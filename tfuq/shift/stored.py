"""A method at a severity as files: ``cases.csv``, ``summary.json``, ``example.npz``, and predictions where they are kept.

Tables of a study are made of these alone, so that one that was stopped and taken up again has the same as one that was not.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydantic

from tfuq.data.archives import read_arrays
from tfuq.data.stored import number, read_json, read_table
from tfuq.data.writers import write_bytes, write_csv, write_json
from tfuq.errors import RunError
from tfuq.results import Manifest
from tfuq.scoring.shift import Severity
from tfuq.shift.measuring import Measured

KEPT = "predictions"
_SUMMARY, _CASES, _EXAMPLE = "summary.json", "cases.csv", "example.npz"
_MEANS_OF_CASES = ("dice", "accuracy")  # of the scores; a radial error is a mean over landmarks
_AGAIN = "pass --overwrite to measure again"


class Draws(pydantic.BaseModel):
    """Everything that determines what is measured, but for the severity."""

    method: str
    samples: int
    seed: int
    weights_digest: list[str]
    cases: list[str]
    missing_members: list[int] = []
    definitions: int = 1

    @classmethod
    def of(cls, manifest: Manifest, cases: list[str]) -> Draws:
        """Those of a predictor's manifest and the ids of its cases."""
        return cls(
            method=manifest.method,
            samples=manifest.samples,
            seed=manifest.seed,
            weights_digest=manifest.weights_digest,
            cases=cases,
            missing_members=manifest.missing_members,
            definitions=manifest.definitions,
        )


class Summary(pydantic.BaseModel):
    """What ``summary.json`` holds."""

    severity: float
    draws: Draws
    scores: dict[str, float | None]
    aurc: dict[str, float | None]
    wrong_ratios: list[int] | None


def write_severity(folder: Path, severity: float, draws: Draws, measured: Measured) -> None:
    """Write what was measured into a folder that is given its name afterwards."""
    write_csv(folder / _CASES, measured.rows)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **measured.example)
    write_bytes(folder / _EXAMPLE, buffer.getvalue())
    found = Summary(
        severity=severity, draws=draws, scores=measured.scores, aurc=measured.aurc, wrong_ratios=measured.wrong_ratios
    )
    write_json(folder / _SUMMARY, found.model_dump())


def is_measured(folder: Path, draws: Draws, *, with_predictions: bool) -> bool:
    """Whether the folder holds these draws, with predictions where they are asked for.

    Raises:
        RunError: it holds others, or cannot be read.
    """
    if not folder.exists():
        return False
    found = read_summary(folder).draws
    if found != draws:
        raise RunError(
            f"{folder}: was measured with T = {found.samples}, seed {found.seed}, on {len(found.cases)} case(s)"
            f"{'' if found.weights_digest == draws.weights_digest else ', with other weights'}"
            f"{'' if found.definitions == draws.definitions else ', by a version of tfuq that measured otherwise'}; {_AGAIN}"
        )
    return (folder / KEPT).is_dir() or not with_predictions


def read_summary(folder: Path) -> Summary:
    """Read ``summary.json``.

    Raises:
        RunError: missing or damaged.
    """
    return read_json(folder / _SUMMARY, Summary, _AGAIN)


def read_example(folder: Path) -> dict[str, np.ndarray]:
    """The first case's arrays.

    Raises:
        RunError: missing or damaged.
    """
    path = folder / _EXAMPLE
    return read_arrays(path, path, _AGAIN)


def read_severity(folder: Path) -> Severity:
    """What was measured of a method at a severity.

    Raises:
        RunError: a file is missing or damaged.
    """
    summary, path = read_summary(folder), folder / _CASES
    rows = read_table(path, ("case", *summary.aurc), _AGAIN)

    def column(name: str) -> np.ndarray:
        return np.array([number(path, row, name, _AGAIN) for row in rows], float)

    return Severity(
        method=summary.draws.method,
        samples=summary.draws.samples,
        severity=summary.severity,
        cases=len(rows),
        scores=summary.scores,
        aurc=summary.aurc,
        measures={name: column(name) for name in summary.aurc},
        qualities={name: column(name) for name in _MEANS_OF_CASES if name in summary.scores},
    )
