"""Variational training from point weights."""

import numpy as np
import pytest

from tests.conftest import settings, task_settings
from tests.support.histories import weights
from tfuq.errors import TfuqError
from tfuq.networks.weights import model_arrays
from tfuq.sampling.members import build_member
from tfuq.training import train
from tfuq.training.warm_start import warm_start


@pytest.mark.slow
def test_warm_start_takes_the_means_of_a_deterministic_run(trained_task, digits, tmp_path):
    point = trained_task("classification", "mc-dropout")
    start = {
        "variational": {"warm_start": str(point.path)},
        "training": {"learning_rate": 1e-9, "steps_per_epoch": 1},
    }
    config = task_settings("classification", digits, "vi", **start)
    run = train(config, tmp_path / "run")
    for name in ("conv1", "logits"):
        np.testing.assert_allclose(
            weights(run)[f"{name}/kernel_posterior_loc"],
            weights(point)[f"{name}/kernel"],
            atol=1e-6,
        )
    wider = config.network.model_copy(update={"dense_widths": [9]})
    other = config.model_copy(update={"network": wider})
    with pytest.raises(TfuqError, match=r"same network|should have shape"):
        train(other, tmp_path / "other")


def networks(tmp_path):
    """A variational network, and the weights of one of points."""
    point = build_member(settings(tmp_path, "deterministic", 2), channels=1)
    return build_member(settings(tmp_path, "vi", 2), channels=1), model_arrays(point)


def test_means_are_the_point_weights_and_widths_stay(tmp_path):
    model, points = networks(tmp_path)
    before = model_arrays(model)
    warm_start(model, points, "weights.npz")
    after = model_arrays(model)
    for name, array in after.items():
        if name.endswith("untransformed_scale"):
            np.testing.assert_array_equal(array, before[name])
        else:
            point = name.replace("kernel_posterior_loc", "kernel").replace(
                "bias_posterior_loc", "bias"
            )
            np.testing.assert_array_equal(array, points[point])


def test_weights_of_another_network_are_refused(tmp_path):
    model, points = networks(tmp_path)
    del points["logits/kernel"]
    with pytest.raises(
        TfuqError, match=r"weights.npz has no weights 'logits/kernel'; it must be of"
    ):
        warm_start(model, points, "weights.npz")
