"""Segmentation: what the doctor looks at."""

from __future__ import annotations

import numpy as np

from tfuq.data.cases import read_case_image
from tfuq.data.preprocessing import to_examples
from tfuq.prediction import AnyPredictor, cases_of_test_split
from tfuq.workflows.doctor.predictions import volume_findings
from tfuq.workflows.doctor.tasks.base import CHECKS, TaskChecks


def _examples(predictor: AnyPredictor) -> np.ndarray:
    """The slices or patches of a volume."""
    first = cases_of_test_split(predictor.run)[0]
    volume = predictor.network_grid(first, read_case_image(first))
    examples = to_examples(volume.array, predictor.config.preprocessing.slice_axis)
    return np.ascontiguousarray(examples)


CHECKS.register("segmentation")(TaskChecks(predictions=volume_findings, examples=_examples))
