"""Scores of landmarks: radial errors, success rates, and what each measure of uncertainty says of the error.

Errors are in mm where the configuration gives the size of a pixel, else in pixels; success rates need mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import read_case_image
from tfuq.data.landmarks import image_diagonal, pixel_mm, reference_points
from tfuq.data.stored import LARGEST, numbers, read_table
from tfuq.errors import RunError
from tfuq.results import LANDMARKS, Manifest, require_cases
from tfuq.scoring.association import grouped_correlations
from tfuq.scoring.bootstrap import bounds
from tfuq.scoring.evaluation.failures import CERTAINTIES, FailureOptions, landmark_cohorts
from tfuq.scoring.evaluation.promises import checked_calibration, kept_radii, summary_head
from tfuq.scoring.evaluation.rater_points import points_by_raters
from tfuq.scoring.evaluation.references import fingerprint, referenced_cases
from tfuq.scoring.evaluation.scores import OnCase, Scores, mean_of, provenance, score_table
from tfuq.scoring.landmarks import (
    FAILURE_MM,
    detection_auroc,
    detection_interval,
    ellipse_coverage,
    errors_by_quantile,
    landmark_table,
    radial_errors,
)

_AGAIN = "predict again with --overwrite"
MEASURES = ("variance", "mean_radial_spread", "aleatoric_variance", "total_variance", "max_activation")
_COVARIANCE = ("covariance_xx", "covariance_xy", "covariance_yy")
# A single sample has no spread, and only a heteroscedastic network predicts a variance.


@dataclass(frozen=True)
class PredictedLandmarks:
    """A predictions table: ids, positions ``[n, L, 2]`` in pixels of each image, measures ``[n, L]`` by name, conformal radii
    ``[n, L]`` (mm, or pixels where it has no mm; None where not calibrated), and the samples' covariances ``[n, L, 2, 2]`` in
    pixels² (None of one sample)."""

    ids: list[str]
    positions: np.ndarray
    measures: dict[str, np.ndarray]
    radii: np.ndarray | None
    covariances: np.ndarray | None


def read_predictions(folder: Path, names: list[str]) -> PredictedLandmarks:
    """Read ``landmarks.csv``.

    Raises:
        RunError: missing, damaged, or of other landmarks.
    """
    path = folder / LANDMARKS
    rows = read_table(path, ("case", "landmark", "x", "y", "max_activation"), _AGAIN)
    found = {(row["case"], row["landmark"]): row for row in rows}
    ids = list(dict.fromkeys(row["case"] for row in rows))
    missing = [(i, name) for i in ids for name in names if (i, name) not in found]
    if missing or not ids or len(rows) != len(ids) * len(names):
        raise RunError(f"{path}: needs a row for every case and each of {len(names)} landmarks; {_AGAIN}")

    ordered = [found[case_id, name] for case_id in ids for name in names]

    def values(column, low=-LARGEST):
        return numbers(path, ordered, column, _AGAIN, low=low).reshape(len(ids), len(names))

    positions = np.stack([values("x"), values("y")], -1)
    radii = next((values(name, 0) for name in ("conformal_radius_mm", "conformal_radius") if name in rows[0]), None)
    measures = {name: values(name) for name in MEASURES if name in rows[0]}
    covariances = None
    if _COVARIANCE[0] in rows[0]:
        xx, xy, yy = (values(name) for name in _COVARIANCE)
        covariances = np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2)
    return PredictedLandmarks(ids, positions, measures, radii, covariances)


def score_landmarks(
    folder: Path, manifest: Manifest, config: Config, reference: Path | None, on_case: OnCase, failures: FailureOptions
) -> Scores:
    """Score predicted positions against the data set's, or those of a folder in its layout.

    Raises:
        RunError: a damaged table. DataError: a case without landmarks, or with others.
    """
    names = config.data.landmarks
    predicted, cases = read_predictions(folder, names), referenced_cases(manifest, config, reference)
    require_cases(folder / LANDMARKS, predicted.ids, manifest)
    sizes = {case_id: read_case_image(case).shape[:2] for case_id, case in cases.items()}
    truth = np.array([reference_points(config, cases[i], sizes[i]) for i in predicted.ids])
    pixels = np.array([radial_errors(p, t, 1.0) for p, t in zip(predicted.positions, truth, strict=True)])
    scale = [pixel_mm(config, sizes[i]) for i in predicted.ids]
    mm = None
    if scale[0] is not None:
        mm = np.array([radial_errors(p, t, s) for p, t, s in zip(predicted.positions, truth, scale, strict=True)])
    rows = _rows(predicted, names, pixels, mm)
    for row, points in zip((row for row in rows if row["class"] == "all"), truth, strict=True):
        row["reference"] = fingerprint(points.round(3))
    on_case(f"{len(predicted.ids)} cases")
    errors = pixels if mm is None else mm
    among = points_by_raters(config, {i: cases[i] for i in predicted.ids}, sizes, predicted.positions)
    summary = provenance(manifest) | {
        "scores": {name: score_table([row for row in rows if row["class"] == name]) for name in ("all", *names)},
        "unit": "pixels" if mm is None else "mm",
        "success_rates": None if mm is None else landmark_table(mm, names)[-1],
        "raters_apart": among and among.apart(),
        "raters": among and among.summary(predicted.measures),
        "measures": {name: _measure(name, values, errors, mm is not None) for name, values in predicted.measures.items()},
        "ellipse": ellipse_coverage(truth, predicted.positions, predicted.covariances, manifest.samples),
    }
    if calibration := checked_calibration(manifest):
        if predicted.radii is None:
            raise RunError(f"{folder / LANDMARKS}: has no conformal radius, and the predictions are calibrated; {_AGAIN}")
        summary["calibration"] = summary_head(calibration)
        diagonals = np.array([image_diagonal(sizes[i], mm) for i, mm in zip(predicted.ids, scale, strict=True)])
        summary["conformal"] = kept_radii(errors, predicted.radii, diagonals, names, calibration)
    cohorts = landmark_cohorts(predicted.ids, errors, predicted.measures, failures, None if mm is None else FAILURE_MM)
    tables = {"landmarks": landmark_table(errors, names, in_mm=mm is not None)} | ({"raters": among.rows()} if among else {})
    return Scores(rows, summary, tables, cohorts)


def _rows(predicted: PredictedLandmarks, names: list[str], pixels: np.ndarray, mm: np.ndarray | None) -> list[dict]:
    rows = []
    for i, case_id in enumerate(predicted.ids):
        of_case = [
            {"case": case_id, "class": name, "radial_error_px": _present(pixels[i, k])}
            | ({} if mm is None else {"radial_error_mm": _present(mm[i, k])})
            | {measure: float(values[i, k]) for measure, values in predicted.measures.items()}
            for k, name in enumerate(names)
        ]
        means = {column: mean_of([row[column] for row in of_case]) for column in of_case[0] if column not in ("case", "class")}
        rows += [*of_case, {"case": case_id, "class": "all", **means}]
    return rows


def _present(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _measure(name: str, values: np.ndarray, errors: np.ndarray, in_mm: bool) -> dict:
    """What a measure says of the error; of a certainty, the AUROC and the quantiles are those of its negative."""
    uncertainty = -values if name in CERTAINTIES else values
    table: dict = {"correlation": grouped_correlations(values, errors)}
    if in_mm:
        table["auroc_4mm"] = detection_auroc(uncertainty, errors)
        table |= bounds(detection_interval(uncertainty, errors), "auroc_4mm_")
        table["quantiles"] = errors_by_quantile(uncertainty, errors)
    return table
