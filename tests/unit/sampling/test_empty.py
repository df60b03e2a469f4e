"""Empty chunks of windows: which there are, and that they alone are sampled otherwise."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.parts import SEED, make_network
from tfuq.sampling.blending import gaussian_importance
from tfuq.sampling.chunked import plan_windows
from tfuq.sampling.corners import window_corners
from tfuq.sampling.empty import empty_chunks, empty_of_volume
from tfuq.sampling.posterior import Posterior

PATCH = (4, 4, 4)


def noise_in_air(size, *boxes):
    """A volume of −1 with noise of at most 1 % of the range, and content in boxes."""
    rng = np.random.default_rng(0)
    image = rng.uniform(-1, -0.98, (*size, 1)).astype(np.float32)
    for box in boxes:
        image[box] = rng.uniform(-0.5, 1, image[box].shape)
    image[0, 0, 0] = -1
    return image


def reference(images, corners, chunk, share):
    """Whether each chunk is empty, by loops over windows."""
    empty = []
    for windows in corners.reshape(-1, chunk, 4):
        states = []
        for number, *start in windows:
            if number < 0:
                continue
            image = images[number]
            ceiling = image.min() + share * (image.max() - image.min())
            box = tuple(slice(first, first + 4) for first in start)
            states.append((number, image[box].max() <= ceiling))
        of_one_image = len({number for number, _ in states}) == 1
        empty.append(of_one_image and all(is_empty for _, is_empty in states))
    return np.array(empty)


@pytest.mark.parametrize("chunk", [1, 2, 4])
@pytest.mark.parametrize("share", [0.0, 0.02])
def test_chunks_without_content_are_empty(chunk, share):
    box = (slice(10, 14), slice(2, 5), slice(0, 3))
    images = np.stack([noise_in_air((20, 6, 5), box), noise_in_air((20, 6, 5), box)])
    images[1, :8] = images[1].min()
    corners = window_corners(
        tf.constant(images.shape), patch=PATCH, grid=(1, 1, 1), overlap=0.5, chunk=chunk
    )
    found = empty_chunks(tf.constant(images), corners, patch=PATCH, chunk=chunk, share=share)
    is_empty = reference(images, corners.numpy(), chunk, share)
    assert is_empty.any()
    assert not is_empty.all()
    np.testing.assert_array_equal(found.is_first | found.is_repeat, is_empty)
    # One of each image that has any is sampled.
    numbers = corners.numpy()[::chunk, 0]
    firsts = {int(np.flatnonzero(is_empty & (numbers == n))[0]) for n in {*numbers[is_empty]}}
    assert {*np.flatnonzero(found.is_first)} == firsts


def test_a_volume_outside_the_graph_has_the_same_empty_chunks():
    network = make_network("mc-dropout", 3, prediction={"chunk": 2})
    # Windows begin at even voxels, so the volume is mirrored at its end.
    image = noise_in_air((45, 24, 16), (slice(20, 30), slice(0, 9), slice(3, 6)))
    plan = plan_windows(network, (1, *image.shape))
    found = empty_of_volume(plan, image, 0.02)
    padded = np.pad(image, [(0, 1), (0, 0), (0, 0), (0, 0)], "symmetric")
    expected = empty_chunks(
        tf.constant(padded[None]), tf.constant(plan.corners), patch=plan.patch, chunk=2, share=0.02
    )
    assert [found.first] == np.flatnonzero(expected.is_first).tolist()
    assert sorted(found.repeats) == np.flatnonzero(expected.is_repeat).tolist()
    assert len(found.repeats) > 0
    assert not empty_of_volume(plan, image, "never").repeats


@pytest.mark.parametrize("method", ["mc-dropout", pytest.param("vi", marks=pytest.mark.slow)])
def test_repeats_are_the_first_empty_window_and_all_else_keeps_its_bytes(method, tmp_path):
    plain = make_network(method, 3)
    skipping = make_network(method, 3, prediction={"skip_empty": 0.0})
    skipping.model.set_weights(plain.model.get_weights())
    image = np.full((1, 48, 16, 16, 1), -1, np.float32)
    image[:, 41:46, 3:9, 4:12] = np.random.default_rng(0).uniform(-0.5, 1, (1, 5, 6, 8, 1))
    seed = Posterior.seed(SEED, tf.constant(0), tf.constant(0))

    def sampled(network):
        context = network.encode(image)
        return context, network.sample(image, context, seed, noise_seed=SEED).numpy()[0]

    context, found = sampled(skipping)
    _, expected = sampled(plain)
    starts = context.placed.corners.numpy()[:, 1]
    assert starts.tolist() == [0, 8, 16, 24, 32]
    assert context.placed.empty.is_first.numpy().tolist() == [True, False, False, False, False]
    assert context.placed.empty.is_repeat.numpy().tolist() == [False, True, True, True, False]
    # No repeat reaches the first eight planes and the last eight.
    assert found[:8].tobytes() == expected[:8].tobytes()
    assert found[40:].tobytes() == expected[40:].tobytes()

    def window(start):
        piece = image[:, start : start + 16]
        corner = np.array([[start, 0, 0]], np.int32)
        features = plain.encode_patches(tf.constant(piece))
        return plain.windows([*features, *plain.split.widths(), corner, seed], corner, SEED)[0]

    importance = gaussian_importance((16, 16, 16)).numpy()[..., None]
    total = np.zeros((48, 16, 16, plain.channels))
    weight = np.zeros((48, 16, 16, 1))
    for start in starts:
        first = start if start == 32 else 0
        total[start : start + 16] += importance * window(first).numpy()
        weight[start : start + 16] += importance
    np.testing.assert_allclose(found, total / weight, atol=1e-5)
