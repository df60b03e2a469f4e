"""Figures of predicted landmarks: which ones, and from which files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tfuq.data.cases import Case, read_case_image
from tfuq.data.json_csv import numbers, read_table
from tfuq.data.sets.landmarks import reference_points
from tfuq.errors import RunError
from tfuq.report.landmark_errors import error_scatter, quantile_bars
from tfuq.report.landmarks import overlay
from tfuq.report.scored import NamedFigures, ScoredFolder
from tfuq.runs import Run, results
from tfuq.scoring.evaluation import Scores
from tfuq.scoring.evaluation.references import referenced_cases
from tfuq.scoring.rows import column, rows_of

_WORST = 3
_AGAIN = "predict again with --overwrite"


def landmark_figures(scored: ScoredFolder) -> NamedFigures:
    """Plot the worst images with their samples, and each measure against the error."""
    scores = scored.scores
    manifest = results.read_manifest(scored.path)
    cases = referenced_cases(manifest, scored.run.config, scored.reference)
    for case_id in _worst_cases(scores):
        yield f"case-{case_id}", _plot_case(scored.path, scored.run, cases[case_id])
    unit = "px"
    if scores.summary["unit"] == "mm":
        unit = "mm"
    errors = _landmark_column(scores, f"radial_error_{unit}")
    for name, summary in scores.summary["measures"].items():
        values = _landmark_column(scores, name)
        correlation = summary["correlation"]["spearman"]
        yield f"error-{name}", error_scatter(values, errors, name, correlation)
        if "quantiles" in summary:
            yield f"quantiles-{name}", quantile_bars(summary["quantiles"])


def _worst_cases(scores: Scores) -> list[str]:
    """The ids of the cases with the largest radial errors."""
    errors = {}
    for row in rows_of(scores.cases, "class", "all"):
        errors[row["case"]] = row["radial_error_px"] or 0.0
    return sorted(errors, key=lambda case_id: -errors[case_id])[:_WORST]


def _landmark_column(scores: Scores, name: str) -> np.ndarray:
    """A column of the rows of single landmarks, NaN where a cell is empty."""
    rows = [row for row in scores.cases if row["class"] != "all"]
    return np.array(column(rows, name), float)


def _plot_case(folder: Path, run: Run, case: Case) -> Figure:
    image = read_case_image(case)
    names = run.config.data.landmarks
    points = sampled_points(folder, case.id, names)
    truth = reference_points(run.config, case, image.shape[:2])
    return sampled_overlay(image.array[:, :, 0], truth, points.transpose(1, 0, 2), names)


def sampled_overlay(
    image: np.ndarray, truth: np.ndarray | None, samples: np.ndarray, names: list[str]
) -> Figure:
    """Plot landmarks on their image with the moments of their samples.

    Args:
        image: ``[H, W, 1 or 3]``.
        truth: ``[L, 2]`` in the image's pixels (x, y); None without any.
        samples: Positions of each sample ``[T, L, 2]``.
        names: Of the landmarks.
    """
    position = samples.mean(0)
    deviations = samples - position
    covariance = np.einsum("tli,tlj->lij", deviations, deviations) / len(samples)
    return overlay(image, truth, position, samples, covariance, names)


def sampled_points(folder: Path, case_id: str, names: list[str]) -> np.ndarray:
    """The position of each landmark of a case in each sample, ``[L, T, 2]`` in pixels.

    Raises:
        RunError: The table is damaged, or has not T samples of each landmark.
    """
    path = folder / results.SAMPLES
    samples = results.read_manifest(folder).samples
    table = read_table(path, ("case", "landmark", "sample", "x", "y"), _AGAIN)
    rows = rows_of(table, "case", case_id)
    by_landmark = []
    for name in names:
        landmark_rows = rows_of(rows, "landmark", name)
        if len(landmark_rows) != samples:
            raise RunError(
                f"{path}: has not {samples} samples of '{name}' in case '{case_id}'; {_AGAIN}"
            )
        by_landmark.append(landmark_rows)
    coordinates = np.stack([_coordinates(path, landmark_rows) for landmark_rows in by_landmark])
    return coordinates.transpose(0, 2, 1)


def _coordinates(path: Path, rows: list[dict[str, str]]) -> np.ndarray:
    """The x and the y of n rows, ``[2, n]``."""
    x = numbers(path, rows, "x", _AGAIN)
    y = numbers(path, rows, "y", _AGAIN)
    return np.stack([x, y])
