"""Prediction: cases read, sampled, measured, and written as their task has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfuq import results
from tfuq.data.cases import Case
from tfuq.data.ownership import take_over
from tfuq.errors import RunError
from tfuq.locks import exclusive
from tfuq.prediction.cases import calibration_cases, calibration_source, cases_of_test_split, input_cases, with_masks
from tfuq.prediction.classification import ImagePredictor
from tfuq.prediction.landmarks import LandmarkPredictor
from tfuq.prediction.predictor import OnCase, Predictor, Request, Sampling, request_of
from tfuq.prediction.segmentation import Prediction, VolumePredictor, predict_case, predict_image
from tfuq.reducers import Reducer
from tfuq.results import Manifest
from tfuq.runs import Run

__all__ = [
    "Prediction",
    "Predictor",
    "Request",
    "Sampling",
    "calibration_cases",
    "calibration_source",
    "cases_of_test_split",
    "input_cases",
    "make_predictor",
    "predict",
    "predict_case",
    "predict_image",
    "request_of",
    "with_masks",
]

_PREDICTORS: dict[str, type[Predictor]] = {
    "segmentation": VolumePredictor,
    "classification": ImagePredictor,
    "landmarks": LandmarkPredictor,
}


def make_predictor(
    run: Run, request: Request, further: Sequence[Reducer] = (), *, sampler: Sampling | None = None
) -> Predictor:
    """The predictor of the run's task; ``further``, ``sampler`` and errors as `Predictor` has them.

    Raises:
        RunError: samples of volumes are to be kept, and the task has none.
    """
    if request.keep_samples and run.config.task != "segmentation":
        raise RunError(
            f"--save-samples: {run.path} is a run of {run.config.task}; it serves segmentation, whose samples are masks"
        )
    return _PREDICTORS[run.config.task](run, request, further, sampler=sampler)


def predict(predictor: Predictor, cases: list[Case], folder: Path, *, on_case: OnCase, overwrite: bool = False) -> Manifest:
    """Predict every case into ``folder``; cases that are complete there are kept.

    Raises:
        RunError: the folder holds something else, or other predictions and ``overwrite`` is not set, or another process writes
            it; or something that is not tfuq's own lies where a case belongs. DataError: a case is one that the calibration was
            made of.
    """
    if predictor.calibration:
        predictor.calibration.refuse_overlap(cases)
    predictor.run.require_output(folder)
    fresh = predictor.manifest()
    results.find_draws(folder, fresh, overwrite=overwrite)  # refused before anything is written there
    with exclusive(folder, "predicting into"):
        existing = results.find_draws(folder, fresh, overwrite=overwrite)
        manifest = existing or fresh
        if existing:
            take_over(folder, predictor.known_files(folder, existing))
        predictor.require_room(cases, folder, manifest)
        if not existing:
            results.begin(folder, manifest)
        predictor.write_cases(cases, folder, manifest, on_case)
    return manifest
