"""Windows: blended within a sample, which is one function of the image."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings
from tests.support import references
from tfuq.measures.reducers import Moments
from tfuq.networks.losses import probabilities
from tfuq.sampling.blending import gaussian_importance
from tfuq.sampling.members import build_member, windowed
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.prefix import split_at_seed
from tfuq.sampling.sampler import Sampler
from tfuq.sampling.windows import WindowedNetwork

SEED = tf.constant([1, 2])


def full(p):
    """Both classes of a binary sample."""
    return np.concatenate([1 - p, p], -1) if p.shape[-1] == 1 else p


# Each pair of values of two of the three occurs.
FAST = {(2, 1, 0), (2, 3, 1000), (3, 1, 1000), (3, 3, 0)}
ROWS = [
    pytest.param(*row, marks=[] if row in FAST else [pytest.mark.slow])
    for row in itertools.product((2, 3), (1, 3), (0, 1000))
]


@pytest.mark.parametrize(("rank", "chunk", "keep"), ROWS)
def test_windows_blend_as_the_reference_does(tmp_path, rank, chunk, keep):
    config = settings(tmp_path, "mc-dropout", rank, prediction={"overlap": 0.5, "chunk": chunk})
    model, classes = build_member(config, channels=1), len(config.data.classes)
    network = windowed(config, model, keep=keep)
    size = (27, 16, 19)[:rank] if rank == 3 else (27, 40)
    x = np.random.default_rng(0).normal(size=(2, *size, 1)).astype(np.float32)
    seed = Posterior.seed(SEED, tf.constant(0), tf.constant(0))
    p = full(network.sample(x, network.encode(x), seed, noise_seed=SEED).numpy())
    # The coarsest map that is dropped in has elements of two voxels: windows begin at even ones, and an odd image is mirrored.
    ends = [(n - 15) // 2 for n in size]
    starts = [2 * np.unique(np.round(np.linspace(0, n, -(-n // 4) + 1)).astype(int)) for n in ends]
    corners = np.stack(np.meshgrid(*starts, indexing="ij"), -1).reshape(-1, rank)
    importance, split = gaussian_importance((16,) * rank).numpy(), split_at_seed(model)

    def window(patch, corner):
        features = tf.nest.flatten(split.prefix(patch[None]))
        return probabilities(
            split.suffix([*features, corner[None].astype(np.int32), seed])
        ).numpy()[0]

    for image, found in zip(x, p, strict=True):
        mirrored = np.pad(image, [*((0, n % 2) for n in size), (0, 0)], "symmetric")
        expected = references.blended(window, mirrored, (16,) * rank, corners, importance)
        expected = expected[tuple(slice(n) for n in size)]
        assert found.shape[-1] == classes
        np.testing.assert_allclose(found, expected, atol=2e-5)
        np.testing.assert_allclose(found.sum(-1), 1, atol=1e-5)


@pytest.mark.slow
def test_kept_and_recomputed_encodings_give_the_same_bytes(tmp_path):
    config = settings(tmp_path, "mc-dropout", 3, network={"level_dropout": {2: 0.5}})
    model = build_member(config, channels=1)
    x = np.random.default_rng(0).normal(size=(1, 24, 24, 16, 1)).astype(np.float32)
    results = []
    for keep in (0, 100):
        network = WindowedNetwork(
            model, lambda outputs, *_: tf.nn.softmax(outputs), overlap=0.5, chunk=1, keep=keep
        )
        sampler = Sampler(Posterior([network]), [Moments()])
        results.append(sampler.sample(x, SEED, tf.constant(3))["mean"].numpy().tobytes())
    assert results[0] == results[1]


def test_windows_share_the_channels_that_are_dropped(tmp_path):
    """Where an image repeats with the stride, so does each sample of it."""
    config = settings(
        tmp_path, "mc-dropout", 2, network={"spatial_dropout": True}, prediction={"overlap": 0.0}
    )
    network = windowed(config, build_member(config, channels=1), keep=0)
    tile = np.random.default_rng(0).normal(size=(1, 16, 16, 1)).astype(np.float32)
    x = np.tile(tile, (1, 2, 3, 1))
    p = full(network.sample(x, network.encode(x), SEED, noise_seed=SEED).numpy())
    for row in range(2):
        for column in range(3):
            np.testing.assert_allclose(
                p[:, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16],
                p[:, :16, :16],
                atol=1e-6,
            )
