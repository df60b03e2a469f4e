"""A method at a severity as files: ``cases.csv``, ``summary.json``, ``example.npz``, and predictions where they are kept.

Tables of a study are made of these alone, so that one that was stopped and taken up again has the same as one that was not.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import numpy as np
import pydantic
from pydantic import Field

from tfuq.config import Config
from tfuq.data.archives import read_arrays
from tfuq.data.stored import number, read_json, read_table
from tfuq.data.volume import require_affine
from tfuq.data.writers import write_bytes, write_csv, write_json
from tfuq.errors import RunError
from tfuq.results import Manifest, MethodName, SampleCount, Seed
from tfuq.scoring.shift import Severity
from tfuq.shift.measuring import Measured

KEPT = "predictions"
_SUMMARY, _CASES, _EXAMPLE = "summary.json", "cases.csv", "example.npz"
_MEANS_OF_CASES = ("dice", "accuracy")  # of the scores; a radial error is a mean over landmarks
_AGAIN = "pass --overwrite to measure again"


class Draws(pydantic.BaseModel):
    """Everything that determines what is measured, but for the severity."""

    method: MethodName
    samples: SampleCount
    seed: Seed
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
    wrong_ratios: Annotated[list[pydantic.NonNegativeInt], Field(min_length=1, max_length=1000)] | None


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


def read_example(folder: Path, config: Config) -> dict[str, np.ndarray]:
    """The first case's arrays, of the shapes that figures need.

    Raises:
        RunError: missing or damaged, or of another run than that of the configuration.
    """
    path = folder / _EXAMPLE
    arrays = read_arrays(path, path, _AGAIN)
    try:
        _EXAMPLES[config.task](arrays, config)
        for name, array in arrays.items():
            _require_numbers(name, array)
    except (KeyError, ValueError) as error:
        raise RunError(f"{path}: is no example of a run of {config.task} ({error}); {_AGAIN}") from error
    return arrays


def _require_numbers(name: str, array: np.ndarray) -> None:
    if array.dtype.kind not in "biuf":
        raise ValueError(f"'{name:.80}' holds no numbers")
    if name != "points" and not np.isfinite(array).all():  # a landmark that is out of its image is NaN
        raise ValueError(f"'{name:.80}' is not finite")


def _check_planes(arrays: dict[str, np.ndarray], config: Config) -> None:
    if arrays["axis"].shape or arrays["axis"] not in (0, 1, 2):
        raise ValueError("its axis is none")
    require_affine(arrays["affine"])
    shape = arrays["image"].shape
    planes = [name for name in ("image", "truth", "label", *arrays) if name not in ("axis", "affine")]
    wrong = next((name for name in planes if arrays[name].shape != shape), None)
    if len(shape) != 2 or wrong is not None:
        raise ValueError(f"'{wrong or 'image':.80}' is no plane of the image")


def _check_class(arrays: dict[str, np.ndarray], config: Config) -> None:
    classes = len(config.data.classes)
    if arrays["image"].ndim != 3 or not arrays["probability"].shape == arrays["votes"].shape == (classes,):
        raise ValueError(f"no image with probabilities of {classes} classes")
    if arrays["truth"].shape != (1,) or arrays["truth"][0] not in range(classes):
        raise ValueError("its truth is no class")


def _check_landmarks(arrays: dict[str, np.ndarray], config: Config) -> None:
    landmarks = len(config.data.landmarks)
    if arrays["image"].ndim != 3 or arrays["points"].shape != (landmarks, 2):
        raise ValueError(f"no image with {landmarks} landmarks")
    if arrays["found"].ndim != 3 or arrays["found"].shape[1:] != (landmarks, 2):
        raise ValueError(f"no samples of {landmarks} landmarks")


_EXAMPLES = {"segmentation": _check_planes, "classification": _check_class, "landmarks": _check_landmarks}


def read_severity(folder: Path) -> Severity:
    """What was measured of a method at a severity.

    Raises:
        RunError: a file is missing or damaged.
    """
    summary, path = read_summary(folder), folder / _CASES
    rows = read_table(path, ("case", *summary.aurc), _AGAIN)
    if [row["case"] for row in rows] != summary.draws.cases:
        raise RunError(f"{path}: has other cases than {_SUMMARY} beside it; {_AGAIN}")
    if f"{summary.severity:g}" != folder.name:
        raise RunError(f"{folder / _SUMMARY}: is of severity {summary.severity:g}; {_AGAIN}")

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
