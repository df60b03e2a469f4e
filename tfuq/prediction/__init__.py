"""Prediction: cases read, sampled, measured, and written as their task has it."""

from __future__ import annotations

from pathlib import Path

from tfuq import results
from tfuq.data.cases import Case
from tfuq.locks import exclusive
from tfuq.prediction.cases import cases_of_test_split, input_cases, with_masks
from tfuq.prediction.classification import ImagePredictor
from tfuq.prediction.landmarks import LandmarkPredictor
from tfuq.prediction.predictor import OnCase, Predictor, Request
from tfuq.prediction.segmentation import Prediction, VolumePredictor, predict_case, predict_image
from tfuq.results import Manifest
from tfuq.runs import Run

__all__ = [
    "Prediction",
    "Predictor",
    "Request",
    "cases_of_test_split",
    "input_cases",
    "make_predictor",
    "predict",
    "predict_case",
    "predict_image",
    "with_masks",
]

_PREDICTORS: dict[str, type[Predictor]] = {
    "segmentation": VolumePredictor,
    "classification": ImagePredictor,
    "landmarks": LandmarkPredictor,
}


def make_predictor(run: Run, request: Request) -> Predictor:
    """The predictor of the run's task.

    Raises:
        RunError: the run cannot serve the method.
    """
    return _PREDICTORS[run.config.task](run, request)


def predict(predictor: Predictor, cases: list[Case], folder: Path, *, on_case: OnCase, overwrite: bool = False) -> Manifest:
    """Predict every case into ``folder``; cases that are complete there are kept.

    Raises:
        RunError: the folder holds something else and ``overwrite`` is not set, or another process writes it.
    """
    with exclusive(folder, "predicting into"):
        manifest = results.open_folder(folder, predictor.manifest(), overwrite=overwrite)
        predictor.write_cases(cases, folder, manifest, on_case)
    return manifest
