"""A network led chunk by chunk sees the windows that the graph's loop sees."""

import numpy as np
import tensorflow as tf

from tests.support.parts import SEED, make_network
from tfuq.sampling.chunked import ChunkedNetwork, importance_of_window, plan_windows
from tfuq.sampling.posterior import Posterior


def test_weighted_windows_add_up_to_the_sample():
    network = make_network("mc-dropout", 2)
    images = np.random.default_rng(0).normal(size=(2, 21, 16, 1)).astype(np.float32)
    plan = plan_windows(network, images.shape)
    assert plan.mirrored == (2, 22, 16)
    seed = Posterior.seed(SEED, tf.constant(0), tf.constant(0))
    expected = network.sample(images, network.encode(images), seed, noise_seed=SEED).numpy()

    importance = importance_of_window(plan)
    weight = np.zeros((1, 22, 16))
    for window in plan.windows_of_first_image():
        _, row, _ = plan.place_of_weight(window)
        weight[:, row : row + 16] += importance
    total = np.zeros((2, 22, 16, network.channels))
    chunked = ChunkedNetwork(network)
    for chunk in range(len(plan.corners) // plan.chunk):
        shares = []
        for window in plan.windows_of(chunk):
            _, row, _ = plan.place_of_weight(window)
            shares.append((importance / weight[:, row : row + 16])[0])
        features = chunked.encode(plan, images, chunk)
        sample = chunked.sample(plan, chunk, features, seed, SEED)
        values = chunked.weighted(plan, sample, np.float32(shares))
        for window, of_window in zip(plan.windows_of(chunk), values, strict=True):
            if place := plan.place(window):
                total[place[0], place[1] : place[1] + 16] += of_window[0]
    np.testing.assert_allclose(total[:, :21], expected, atol=1e-6)
