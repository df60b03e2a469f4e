"""The graph's own preprocessing, and what is left to the client."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings, task_settings
from tfuq.data.preprocessing import Statistics
from tfuq.data.sets.dataset import make_preprocessor
from tfuq.data.volume import Volume
from tfuq.serving.steps import Preparation, client_steps, graph_steps, pad, without_padding

STATISTICS = Statistics((37.123456789, -4.2), (13.987654321, 0.31))


def prepared(config, images, statistics=None):
    return Preparation(config, statistics)(tf.constant(images)).numpy()


@pytest.mark.parametrize("normalization", ["zscore", "zscore-training", "none"])
def test_the_graph_prepares_images_as_predict_does(tmp_path, normalization):
    steps = {"window": [-20.0, 140.5], "normalization": normalization}
    config = task_settings("landmarks", tmp_path, preprocessing=steps)
    images = np.random.default_rng(0).integers(-60, 200, (5, 32, 32, 2)).astype(np.float32)
    whole = make_preprocessor(config, STATISTICS)
    expected = np.stack(
        [whole.image(Volume(image[:, :, None], np.eye(4))).array[:, :, 0] for image in images]
    )
    assert prepared(config, images, STATISTICS).tobytes() == expected.tobytes()
    assert "window" in graph_steps(config)
    assert client_steps(config) == ["resample linearly to 32×32 pixels over the same field of view"]


def test_the_graph_prepares_volumes_as_predict_does(tmp_path):
    steps = {"window": [-20.0, 140.5], "normalization": "zscore-training"}
    config = settings(tmp_path, preprocessing=steps)
    image = np.random.default_rng(0).normal(40, 70, (1, 11, 19, 16, 2)).astype(np.float32)
    expected = make_preprocessor(config, STATISTICS).image(Volume(image[0], np.eye(4))).array
    assert expected.shape == (16, 19, 16, 2)
    assert prepared(config, image, STATISTICS)[0].tobytes() == expected.tobytes()
    assert graph_steps(config) == ["window", "zscore-training", "pad"]
    assert client_steps(config) == []


def test_the_client_turns_scans_to_the_orientation_of_the_run(tmp_path):
    config = settings(tmp_path, preprocessing={"orientation": "LPS", "normalization": "none"})
    (step,) = client_steps(config)
    assert "to where they point to LPS" in step


def test_padding_is_even():
    images = np.random.default_rng(0).normal(size=(2, 5, 8, 1)).astype(np.float32)
    found = pad(tf.constant(images), (8, 6)).numpy()
    np.testing.assert_array_equal(found, np.pad(images, [(0, 0), (1, 2), (0, 0), (0, 0)]))


def test_a_volumes_own_mean_and_masks_are_the_clients_part(tmp_path):
    config = settings(
        tmp_path,
        rank=2,
        preprocessing={"slice_axis": 2, "window": [0.0, 9.0], "spacing": [1.0, 1.0, 2.0]},
    )
    assert graph_steps(config) == ["pad"]
    left = " | ".join(client_steps(config))
    for words in (
        "[1.0, 1.0, 2.0] mm",
        "clip intensities to [0.0, 9.0]",
        "mean of the whole volume",
        "voxel axis 2",
    ):
        assert words in left
    masked = {
        "crop_to_labels": [1],
        "crop_margin": 3,
        "outside_labels": -5.0,
        "window": [0.0, 9.0],
        "normalization": "zscore-training",
    }
    config = settings(tmp_path, preprocessing=masked)
    assert graph_steps(config) == ["zscore-training", "pad"]
    assert [step.split()[0] for step in client_steps(config)] == ["crop", "clip", "set"]


def test_constant_images_are_refused_where_they_are_z_scored(tmp_path):
    images = np.ones((1, 32, 32, 1), np.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="a channel is constant"):
        prepared(task_settings("landmarks", tmp_path), images)


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("shape", [(5, 8), (9, 6), (3, 2, 7)])
def test_a_served_answer_is_as_large_as_the_image(shape, channels):
    image = np.random.default_rng(0).normal(size=(2, *shape, 3)).astype(np.float32)
    padded = pad(tf.constant(image), (8, 7, 4)[: len(shape)])
    values = padded if channels else padded[..., 0]
    found = without_padding(values, tf.constant(shape))
    np.testing.assert_array_equal(found, image if channels else image[..., 0])
