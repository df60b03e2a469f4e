"""The sampling graph: seeds, batches, streaming against stacked, methods against each other."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support import references
from tests.support.matrix import rows_of_methods
from tfuq.measures.reducers import PackedMasks
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.networks.losses import probabilities
from tfuq.sampling.members import load_posterior, windowed
from tfuq.sampling.posterior import METHOD_TRAITS, Posterior, samples_of
from tfuq.sampling.sampler import Sampler

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])


@pytest.fixture(scope="module")
def sampler_of():
    """``sampler_of(run, method)``: made once, as it is its graph that takes the time."""
    made = {}

    def make(run, method):
        if (run.path, method) not in made:
            made[run.path, method] = Sampler(
                load_posterior(run, method, keep=8),
                [*voxel_reducers(), PackedMasks()],
                finish=lambda s: voxel_maps(s) | {"m": s["masks"]},
            )
        return made[run.path, method]

    return make


def images(run, count, size=None):
    patch = size or run.config.network.patch_size
    return (
        np.random.default_rng(0)
        .normal(size=(count, *patch, run.facts["channels"]))
        .astype(np.float32)
    )


@pytest.mark.parametrize(("method", "rank"), rows_of_methods())
def test_same_seed_same_bytes_whatever_the_batch(trained, sampler_of, method, rank):
    run = trained(method, rank)
    sampler, x = sampler_of(run, method), images(run, 11)
    samples = tf.constant(samples_of(method, members=2, asked=5))
    whole = sampler.sample(x, SEED, samples)
    again = sampler.sample(x, SEED, samples)
    parts = [sampler.sample(x[i : i + n], SEED, samples) for i, n in ((0, 8), (8, 3))]
    few = sampler.sample(x[:3], SEED, samples)
    for name, values in whole.items():
        assert values.numpy().tobytes() == again[name].numpy().tobytes()
        assert (
            values.numpy().tobytes() == np.concatenate([part[name] for part in parts]).tobytes()
        ), name
        assert values[:3].numpy().tobytes() == few[name].numpy().tobytes(), name
    other = sampler.sample(x, OTHER, samples)
    differs = whole["probability"].numpy().tobytes() != other["probability"].numpy().tobytes()
    assert differs == (
        METHOD_TRAITS[method].draws_within
    )  # a seed does not choose an ensemble's members


@pytest.mark.slow
def test_windows_of_a_large_image_too_give_the_same_bytes_whatever_the_batch(trained, sampler_of):
    run = trained("mc-dropout", 2)
    sampler, x, samples = (
        sampler_of(run, "mc-dropout"),
        images(run, 2 * run.config.chunk, (27, 40)),
        tf.constant(3),
    )
    whole = sampler.sample(x, SEED, samples)
    parts = [sampler.sample(part, SEED, samples) for part in np.split(x, 2)]
    for name, values in whole.items():
        assert (
            values.numpy().tobytes() == np.concatenate([part[name] for part in parts]).tobytes()
        ), name


@pytest.mark.parametrize(
    ("method", "rank"),
    [("mc-dropout", 3), pytest.param("hybrid", 2, marks=pytest.mark.slow), ("vi", 3)],
)
def test_more_samples_keep_the_earlier_draws(trained, sampler_of, method, rank):
    run = trained(method, rank)
    sampler, x = sampler_of(run, method), images(run, 1)
    few, many = (sampler.sample(x, SEED, tf.constant(t))["m"].numpy() for t in (4, 6))
    halves = 2 if method == "hybrid" else 1
    for member in range(halves):
        start_few, start_many = member * 4 // halves, member * 6 // halves
        np.testing.assert_array_equal(
            few[:, start_few : start_few + 4 // halves],
            many[:, start_many : start_many + 4 // halves],
        )


@pytest.mark.slow
def test_streamed_equals_stacked(trained, sampler_of):
    run = trained("hybrid")
    sampler, x = sampler_of(run, "hybrid"), images(run, 1)
    posterior = sampler.posterior
    stacked = []
    for member, network in enumerate(posterior.members):
        for draw in range(3):
            seed = Posterior.seed(SEED, tf.constant(member), tf.constant(draw))
            stacked.append(probabilities(network.model([x, seed])).numpy()[0])
    stacked = np.array(stacked, np.float64)
    maps = sampler.sample(x, SEED, tf.constant(6))
    for voxel in [(0, 0, 0), (8, 8, 8), (3, 12, 5), (15, 7, 9)]:
        expected = references.voxel_measures(stacked[(slice(None), *voxel)])
        for name, value in expected.items():
            np.testing.assert_allclose(
                maps[name].numpy()[(0, *voxel)], value, atol=2e-5, err_msg=name
            )
    masks = np.unpackbits(maps["m"].numpy(), axis=-1, bitorder="little").reshape(
        1, 6, 2, 16, 16, 16
    )
    for k in (1, 2):
        clear = (
            np.abs(np.sort(stacked)[..., -1] - np.sort(stacked)[..., -2]) > 1e-5
        )  # a tie may fall either way
        np.testing.assert_array_equal(masks[0, :, k - 1][clear], (stacked.argmax(-1) == k)[clear])


def test_methods_of_one_run_agree_where_they_must(trained, sampler_of):
    run = trained("hybrid")
    x = images(run, 2)
    draw = {
        m: sampler_of(run, m).sample(x, SEED, tf.constant(t))
        for m, t in (("deterministic", 1), ("ensemble", 2))
    }
    members = [
        windowed(run.config, network.model, keep=0)
        for network in load_posterior(run, "ensemble", keep=0).members
    ]
    stacked = [m.sample(x, m.encode(x), SEED, noise_seed=SEED).numpy() for m in members]
    np.testing.assert_array_equal(draw["deterministic"]["probability"], stacked[0])
    np.testing.assert_allclose(draw["ensemble"]["probability"], np.mean(stacked, 0), atol=1e-6)
    assert not np.allclose(stacked[0], stacked[1])
    one = Sampler(Posterior(members[:1]), voxel_reducers(), finish=voxel_maps).sample(
        x, SEED, tf.constant(1)
    )
    np.testing.assert_array_equal(one["probability"], draw["deterministic"]["probability"])
