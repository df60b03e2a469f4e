"""Pictures that the doctor asks a network about."""

from __future__ import annotations

import numpy as np

from tfuq.data.cases import read_case_image
from tfuq.prediction import AnyPredictor, cases_of_test_split


def some_pictures(predictor: AnyPredictor) -> np.ndarray:
    """Enough images for a second batch, ``[N, rows, columns, C]``."""
    images = []
    for case in cases_of_test_split(predictor.run)[: 2 * predictor.config.chunk]:
        volume = predictor.network_grid(case, read_case_image(case))
        images.append(volume.array[:, :, 0])
    return np.stack(images)
