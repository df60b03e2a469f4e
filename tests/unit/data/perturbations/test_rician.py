"""Rician noise: its distribution with a signal and without one."""

import numpy as np
import pytest
from scipy import stats

from tfuq.data.perturbations.base import Subject
from tfuq.data.perturbations.rician import rician
from tfuq.data.volume import Volume


def perturbed(value: float, severity: float) -> np.ndarray:
    """Voxels of one value beside one without signal, which the noise leaves."""
    array = np.full((40, 40, 20, 1), value, np.float32)
    array[0, 0, 0] = 0
    subject = Subject(Volume(array, np.eye(4)))
    return rician(subject, severity, np.random.default_rng(5)).image.array.ravel()[1:]


@pytest.mark.parametrize(("value", "severity"), [(0.0, 0.5), (1.0, 0.5), (3.0, 0.5)])
def test_the_magnitude_is_distributed_after_rice(value, severity):
    expected = stats.rice(value / severity, scale=severity)
    found = perturbed(value, severity)
    assert found.mean() == pytest.approx(expected.mean(), rel=0.02)
    assert found.std() == pytest.approx(expected.std(), rel=0.02)
    assert found.min() >= 0


def test_the_floor_counts_as_no_signal():
    array = np.full((40, 40, 20, 1), -2, np.float32)
    subject = Subject(Volume(array, np.eye(4)))
    found = rician(subject, 0.5, np.random.default_rng(5)).image.array
    # After Rayleigh where there is no signal.
    assert found.mean() + 2 == pytest.approx(0.5 * np.sqrt(np.pi / 2), rel=0.02)
