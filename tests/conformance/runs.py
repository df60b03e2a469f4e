"""What every run must do, whatever its network and method: weights read back, samples drawn, the same bytes from a SavedModel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from tests.support.saved import saved_and_loaded
from tfuq import runs
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.networks.weights import load_arrays, model_arrays
from tfuq.runs import Run
from tfuq.sampling.members import load_posterior
from tfuq.sampling.posterior import METHOD_TRAITS, samples_of
from tfuq.sampling.sampler import Sampler


def check_run(trained: Run, method: str, folder: Path) -> None:
    """A run of segmentation, reopened: stored weights are the network's, equal seeds give equal bytes, and so does an export."""
    run = runs.open_run(trained.path)
    assert run.config == trained.config
    posterior = load_posterior(run, method, keep=4)
    stored = load_arrays(run.member(0) / "weights.npz")
    for name, array in model_arrays(posterior.members[0].model).items():
        np.testing.assert_array_equal(array, stored[name])
    sampler = Sampler(posterior, voxel_reducers(), finish=voxel_maps)
    x = (
        np.random.default_rng(0)
        .normal(size=(2, *run.config.network.patch_size, 1))
        .astype(np.float32)
    )
    arguments = (
        tf.constant(x),
        tf.constant([3, 4]),
        tf.constant(samples_of(method, members=2, asked=4)),
    )
    drawn = sampler.sample(*arguments)
    assert drawn["probability"].shape == (*x.shape[:-1], len(run.config.data.classes))
    np.testing.assert_allclose(tf.reduce_sum(drawn["probability"], -1), 1, atol=1e-5)
    if METHOD_TRAITS[method].is_random:
        assert float(tf.reduce_max(drawn["mutual_information"])) > 0
    other = sampler.sample(x, tf.constant([3, 5]), arguments[2])["probability"]
    is_noisy = METHOD_TRAITS[method].draws_within or run.config.network.heteroscedastic
    assert np.array_equal(other, drawn["probability"]) != is_noisy
    served = saved_and_loaded(sampler, folder)
    for name, array in served(
        image=arguments[0], seed=arguments[1], num_samples=arguments[2]
    ).items():
        assert array.numpy().tobytes() == drawn[name].numpy().tobytes(), name
