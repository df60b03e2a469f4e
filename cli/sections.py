"""Which section of the page *Troubleshooting* is about an error.

An error is told by the module of tfuq that raised it.
"""

from __future__ import annotations

import traceback

from tfuq.data.budget import MemoryShortageError
from tfuq.errors import TfuqError

PAGE = "troubleshooting.html"
MEMORY = "memory"
SYSTEM = "disk-and-system"
UNEXPECTED = "unexpected-errors"
# Of modules and of the rooms that they are in. The longest name that fits wins.
OF_MODULES = {
    "tfuq.calibration": "calibration",
    "tfuq.config": "configuration",
    "tfuq.config.described": "cases-and-their-files",
    "tfuq.config.nnunet": "cases-and-their-files",
    "tfuq.config.nnunet_labels": "labels",
    "tfuq.data.archives": "run-folders",
    "tfuq.data.augmentation": "configuration",
    "tfuq.data.budget": MEMORY,
    "tfuq.data.case": "cases-and-their-files",
    "tfuq.data.cases": "labels",
    "tfuq.data.cases.grids": "grids-and-headers",
    "tfuq.data.cases.images": "files",
    "tfuq.data.cases.structures": "dicom",
    "tfuq.data.channels": "cases-and-their-files",
    "tfuq.data.cross_validation": "splits-and-folds",
    "tfuq.data.disk": "in-the-way",
    "tfuq.data.folds": "splits-and-folds",
    "tfuq.data.json_csv": "run-folders",
    "tfuq.data.layouts": "cases-and-their-files",
    "tfuq.data.layouts.points": "landmarks",
    "tfuq.data.ledger": "in-the-way",
    "tfuq.data.locks": "network-file-systems",
    "tfuq.data.ownership": "in-the-way",
    "tfuq.data.perturbations": "perturbations",
    "tfuq.data.phantoms": "usage-errors",
    "tfuq.data.preprocessing": "grids-and-headers",
    "tfuq.data.projection": "perturbations",
    "tfuq.data.readers": "files",
    "tfuq.data.readers.dicom": "dicom",
    "tfuq.data.readers.dicom_objects": "dicom",
    "tfuq.data.readers.landmarks": "landmarks",
    "tfuq.data.readers.metaimage": "grids-and-headers",
    "tfuq.data.readers.nifti": "grids-and-headers",
    "tfuq.data.readers.nrrd": "grids-and-headers",
    "tfuq.data.readers.nrrd_header": "grids-and-headers",
    "tfuq.data.readers.placed": "grids-and-headers",
    "tfuq.data.readers.rtdose": "doses",
    "tfuq.data.readers.rtstruct": "dicom",
    "tfuq.data.removal": "in-the-way",
    "tfuq.data.sets": "labels",
    "tfuq.data.sets.dataset": "cases-and-their-files",
    "tfuq.data.sets.landmarks": "landmarks",
    "tfuq.data.sets.stores": SYSTEM,
    "tfuq.data.shares": "splits-and-folds",
    "tfuq.data.splits": "splits-and-folds",
    "tfuq.data.volume": "files",
    "tfuq.data.writers": "numbers-that-are-not-finite",
    "tfuq.data.writers.dicom": "dicom",
    "tfuq.data.writers.sets": "in-the-way",
    "tfuq.data.writers.unfinished": SYSTEM,
    "tfuq.data.writers.whole": "in-the-way",
    "tfuq.execution": "processes-and-clusters",
    "tfuq.measures.sample_masks": "predictions-and-scores",
    "tfuq.networks.freezing": "configuration",
    "tfuq.networks.weights": "run-folders",
    "tfuq.prediction": "methods-and-options",
    "tfuq.prediction.calibration_cases": "calibration",
    "tfuq.prediction.cases": "cases-and-their-files",
    "tfuq.prediction.cohort": "a-case-could-not-be-predicted",
    "tfuq.prediction.dicom": "dicom",
    "tfuq.prediction.grouping": "cases-and-their-files",
    "tfuq.prediction.large": MEMORY,
    "tfuq.prediction.likeness": "models",
    "tfuq.prediction.out_of_fold": "splits-and-folds",
    "tfuq.prediction.predictor": "numbers-that-are-not-finite",
    "tfuq.prediction.shared": "network-file-systems",
    "tfuq.report": "predictions-and-scores",
    "tfuq.runs": "run-folders",
    "tfuq.runs.entries": "predictions-and-scores",
    "tfuq.runs.finished": "predictions-and-scores",
    "tfuq.runs.models": "models",
    "tfuq.runs.orientation": "grids-and-headers",
    "tfuq.runs.results": "predictions-and-scores",
    "tfuq.sampling": "methods-and-options",
    "tfuq.sampling.devices": "devices",
    "tfuq.sampling.members": "run-folders",
    "tfuq.sampling.processors": "devices",
    "tfuq.scoring": "predictions-and-scores",
    "tfuq.scoring.dose_constraints": "doses",
    "tfuq.scoring.dose_quantities": "doses",
    "tfuq.scoring.evaluation.bounds": "calibration",
    "tfuq.scoring.evaluation.dose_bands": "doses",
    "tfuq.scoring.evaluation.dose_effects": "doses",
    "tfuq.scoring.evaluation.dose_files": "doses",
    "tfuq.scoring.evaluation.learned": "calibration",
    "tfuq.scoring.evaluation.promises": "calibration",
    "tfuq.scoring.evaluation.references": "references",
    "tfuq.scoring.evaluation.segmentation": "references",
    "tfuq.serving": "serving",
    "tfuq.tasks": "serving",
    "tfuq.training": "run-folders",
    "tfuq.training.diversity": "configuration",
    "tfuq.training.fit": "numbers-that-are-not-finite",
    "tfuq.training.initial_weights": "configuration",
    "tfuq.training.member_data": "landmarks",
    "tfuq.training.strategy": "devices",
    "tfuq.training.swag": "configuration",
    "tfuq.training.warm_start": "configuration",
    "tfuq.training.workers": "processes-and-clusters",
    "tfuq.workflows.calibrate": "calibration",
    "tfuq.workflows.demo": "in-the-way",
    "tfuq.workflows.doctor": "run-folders",
    "tfuq.workflows.durations": "usage-errors",
    "tfuq.workflows.init": "cases-and-their-files",
    "tfuq.workflows.ood": "predictions-and-scores",
    "tfuq.workflows.pack": "models",
    "tfuq.workflows.plan": "configuration",
    "tfuq.workflows.plan.sizing": MEMORY,
    "tfuq.workflows.query": "review-viewer-and-query",
    "tfuq.workflows.review": "review-viewer-and-query",
    "tfuq.workflows.shift": "perturbations",
    "tfuq.workflows.study": "studies",
    "tfuq.workflows.view": "review-viewer-and-query",
    "tfuq_cli": "usage-errors",
    "tfuq_cli.data_check": "cases-and-their-files",
    "tfuq_cli.opened": "models",
    "tfuq_cli.planned": "in-the-way",
}


def section_of(error: BaseException) -> str:
    """The anchor of the section about an error.

    Args:
        error: As it was raised, with its traceback.
    """
    cause = _cause(error)
    if isinstance(cause, (MemoryError, MemoryShortageError)):
        return MEMORY
    if isinstance(cause, OSError):
        return SYSTEM
    if not isinstance(cause, TfuqError):
        return UNEXPECTED
    for frame, _ in reversed(list(traceback.walk_tb(cause.__traceback__))):
        section = section_of_module(frame.f_globals.get("__name__", ""))
        if section is not None:
            return section
    return UNEXPECTED


def _cause(error: BaseException) -> BaseException:
    """The error of tfuq that an error of tfuq was made of."""
    while isinstance(error, TfuqError) and isinstance(error.__cause__, TfuqError):
        error = error.__cause__
    return error


def section_of_module(name: str) -> str | None:
    """The section about the errors of a module; None of one that is not entered.

    Args:
        name: Of the module, with its packages.
    """
    while name:
        if name in OF_MODULES:
            return OF_MODULES[name]
        name = name.rpartition(".")[0]
    return None
