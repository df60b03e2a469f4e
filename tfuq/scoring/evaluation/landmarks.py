"""Scores of landmarks: radial errors, success rates, and what measures say of the error.

Errors are in mm where the configuration gives the size of a pixel, else in pixels; success rates
need mm.
"""

from __future__ import annotations

import numpy as np

from tfuq.data.events import TableScored
from tfuq.errors import RunError
from tfuq.measures.catalogue import MEASURES
from tfuq.runs.results import LANDMARKS, require_cases
from tfuq.scoring.association import grouped_correlations
from tfuq.scoring.bootstrap import bounds
from tfuq.scoring.evaluation.cohorts import landmark_cohorts
from tfuq.scoring.evaluation.landmark_errors import ComparedLandmarks, compare_landmarks
from tfuq.scoring.evaluation.landmark_table import (
    read_predictions,
)
from tfuq.scoring.evaluation.promises import checked_calibration, kept_radii, summary_head
from tfuq.scoring.evaluation.rater_points import RaterPoints, points_by_raters
from tfuq.scoring.evaluation.references import fingerprint, referenced_cases
from tfuq.scoring.evaluation.scores import SCORERS, ScoreRequest, Scores, provenance, score_table
from tfuq.scoring.failure import Cohort
from tfuq.scoring.landmark_detection import detection_auroc, detection_interval, errors_by_quantile
from tfuq.scoring.landmarks import FAILURE_MM, ellipse_coverage, landmark_table
from tfuq.scoring.rows import Row, mean_of_column, none_if_nan, rows_of

_AGAIN = "predict again with --overwrite"
_TEXTS = ("case", "class")


@SCORERS.register("landmarks")
def score_landmarks(request: ScoreRequest) -> Scores:
    """Score predicted positions against the data set's, or those of a folder in its layout.

    Raises:
        RunError: a damaged table.
        DataError: a case without landmarks, or with others.
    """
    names = request.config.data.landmarks
    predicted = read_predictions(request.folder, names)
    cases = referenced_cases(request.manifest, request.config, request.reference)
    require_cases(request.folder / LANDMARKS, predicted.ids, request.manifest)
    compared = compare_landmarks(request.config, predicted, cases)
    rows = _case_rows(compared, names)
    request.observer.notify(TableScored(cases=len(predicted.ids)))
    raters = points_by_raters(
        request.config,
        {case_id: cases[case_id] for case_id in predicted.ids},
        compared.sizes,
        predicted.positions,
    )
    summary = _summary(request, compared, rows, raters)
    summary |= _calibrated(request, compared)
    tables = {"landmarks": landmark_table(compared.errors, names, in_mm=compared.in_mm)}
    if raters:
        tables["raters"] = raters.rows()
    cohorts = _cohorts(request, compared)
    return Scores(cases=rows, summary=summary, tables=tables, cohorts=cohorts)


def _case_rows(compared: ComparedLandmarks, names: list[str]) -> list[Row]:
    """Rows of ``cases.csv``: each landmark of a case, and last "all"."""
    rows = []
    for index, case_id in enumerate(compared.predicted.ids):
        landmarks = []
        for k, name in enumerate(names):
            row: Row = {"case": case_id, "class": name}
            landmarks.append(row | _landmark_numbers(compared, index, k))
        columns = [name for name in landmarks[0] if name not in _TEXTS]
        means = {name: mean_of_column(landmarks, name) for name in columns}
        reference = fingerprint(compared.truth[index].round(3))
        rows += landmarks
        rows.append({"case": case_id, "class": "all", **means, "reference": reference})
    return rows


def _landmark_numbers(compared: ComparedLandmarks, index: int, k: int) -> Row:
    """Errors and measures of a landmark of a case.

    ``relative_activation`` is the maximum activation by the largest of all, as published.
    """
    row: Row = {"radial_error_px": none_if_nan(compared.pixels[index, k])}
    if compared.mm is not None:
        row["radial_error_mm"] = none_if_nan(compared.mm[index, k])
    for name, values in compared.predicted.measures.items():
        row[name] = float(values[index, k])
    activations = compared.predicted.measures["max_activation"]
    if activations.max() > 0:
        row["relative_activation"] = float(activations[index, k] / activations.max())
    return row


def _summary(
    request: ScoreRequest,
    compared: ComparedLandmarks,
    rows: list[Row],
    raters: RaterPoints | None,
) -> Row:
    names = request.config.data.landmarks
    predicted = compared.predicted
    unit = "pixels"
    rates = None
    if compared.mm is not None:
        unit = "mm"
        *_, rates = landmark_table(compared.mm, names)
    apart = None
    against_raters = None
    if raters:
        apart = raters.apart()
        against_raters = raters.summary(predicted.measures)
    measures = {}
    for name, values in predicted.measures.items():
        measures[name] = _measure_summary(name, values, compared)
    return {
        **provenance(request.manifest),
        "scores": {name: score_table(rows_of(rows, "class", name)) for name in ("all", *names)},
        "unit": unit,
        "success_rates": rates,
        "raters_apart": apart,
        "raters": against_raters,
        "measures": measures,
        "ellipse": ellipse_coverage(
            compared.truth,
            predicted.positions,
            predicted.covariances,
            request.manifest.samples,
        ),
    }


def _measure_summary(name: str, values: np.ndarray, compared: ComparedLandmarks) -> Row:
    """The mean of a measure ``[n, L]``, and what it says of the error.

    Of a certainty, the AUROC and the quantiles are those of its negative.
    """
    uncertainty = MEASURES[name].uncertainty(values)
    errors = compared.errors
    summary: Row = {
        "mean": float(values.mean()),
        "correlation": grouped_correlations(values, errors),
    }
    if compared.in_mm:
        summary["auroc_4mm"] = detection_auroc(uncertainty, errors)
        summary |= bounds(detection_interval(uncertainty, errors), "auroc_4mm_")
        summary["quantiles"] = errors_by_quantile(uncertainty, errors)
    return summary


def _calibrated(request: ScoreRequest, compared: ComparedLandmarks) -> Row:
    """Whether the radii's promises were kept; nothing of predictions that are not calibrated."""
    calibration = checked_calibration(request.manifest)
    if calibration is None:
        return {}
    radii = compared.predicted.radii
    if radii is None:
        raise RunError(
            f"{request.folder / LANDMARKS}: has no conformal radius, "
            f"and the predictions are calibrated; {_AGAIN}"
        )
    names = request.config.data.landmarks
    diagonals = compared.diagonals()
    return {
        "calibration": summary_head(calibration),
        "conformal": kept_radii(compared.errors, radii, diagonals, names, calibration),
    }


def _cohorts(request: ScoreRequest, compared: ComparedLandmarks) -> list[Cohort]:
    limit = None
    if compared.in_mm:
        limit = FAILURE_MM
    predicted = compared.predicted
    return landmark_cohorts(
        predicted.ids,
        compared.errors,
        predicted.measures,
        request.failures,
        limit,
    )
