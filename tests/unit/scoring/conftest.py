"""Predicted landmarks, some of whose truths are missing."""

import numpy as np
import pytest


@pytest.fixture(params=range(3))
def positions(request):
    """Predictions and truths of 30 images of 4 landmarks, a tenth of the truths missing, and a measure that knows a little."""
    rng = np.random.default_rng(request.param)
    truth = rng.uniform(0, 900, (30, 4, 2))
    predicted = truth + rng.normal(0, 25, truth.shape)
    errors = 0.1 * np.linalg.norm(predicted - truth, axis=-1)
    truth[rng.random((30, 4)) < 0.1] = np.nan
    return predicted, truth, np.round(errors + rng.normal(0, 2, errors.shape), 1)
