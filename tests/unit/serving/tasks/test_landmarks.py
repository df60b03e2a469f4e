"""Landmarks that are served: measures over samples, and bounds that follow from the image."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import task_settings
from tests.support.replies import make_export
from tfuq.measures.catalogue import maps_of
from tfuq.serving.expectation import Asked
from tfuq.serving.tasks.landmarks import SERVED
from tfuq.tasks.records import LandmarkStatistics

TASK = SERVED["landmarks"]
SEVERAL = maps_of(2)
# One image, two samples, two landmarks: x, y, activation.
SAMPLES = np.array([[[[1.0, 2, 0.5], [4, 4, 0.2]], [[3.0, 8, 0.7], [4, 4, 0.4]]]], np.float32)


@pytest.fixture
def outputs(tmp_path):
    """``outputs(samples, maps)``: what the graph answers."""
    config = task_settings("landmarks", tmp_path)
    return lambda samples, maps=SEVERAL: {
        name: values.numpy()
        for name, values in TASK.outputs(config, maps)({"landmarks": tf.constant(samples)}).items()
    }


def test_measures_by_hand(outputs):
    """The first landmark is √10 from its mean in both samples; the second does not move."""
    found = outputs(SAMPLES)
    expected = {
        "x": [2, 4],
        "y": [5, 4],
        "max_activation": [0.6, 0.3],
        "covariance_xx": [1, 0],
        "covariance_xy": [3, 0],
        "covariance_yy": [9, 0],
        "variance": [10, 0],
        "mean_radial_spread": [np.sqrt(10), 0],
    }
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], [values], rtol=1e-6, err_msg=name)
        assert found[name].dtype == np.float32


def test_one_sample_has_no_spread(outputs):
    assert set(outputs(SAMPLES[:, :1], maps_of(1))) == {"x", "y", "max_activation"}


def test_predicted_variances_add_to_those_of_the_samples(outputs):
    """Of both axes, so twice the mean of exp: 2·(1 + 3)/2 = 4."""
    log_variances = np.log([[[[1.0], [2.0]], [[3.0], [2.0]]]])
    found = outputs(np.concatenate([SAMPLES, log_variances], -1).astype(np.float32))
    np.testing.assert_allclose(found["aleatoric_variance"], [[4, 4]], rtol=1e-6)
    np.testing.assert_allclose(found["epistemic_variance"], [[10, 0]], rtol=1e-6)
    np.testing.assert_allclose(found["total_variance"], [[14, 4]], rtol=1e-6)


@pytest.mark.parametrize("columns", [3, 4])
def test_numpy_measures_the_same(outputs, columns):
    samples = np.random.default_rng(0).normal(10, 3, (2, 5, 3, columns)).astype(np.float32)
    found, expected = TASK.named(None, LandmarkStatistics(landmarks=samples), ()), outputs(samples)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5, atol=1e-6, err_msg=name)


def test_no_landmark_of_an_image_breaks_its_bounds(tmp_path):
    """Samples at the far corners have the largest variance that there is."""
    config = task_settings("landmarks", tmp_path)
    export = make_export(tmp_path / "model", config)
    inputs = {"image": np.zeros((1, 20, 30, 1))}
    asked = Asked(export=export, config=config, signature="images_only", inputs=inputs)
    bounds = {name: output.bounds for name, output in TASK.expected(asked).items()}
    corners = np.array([[-0.5, -0.5], [29.5, 19.5]])
    x, y = corners.T
    assert (bounds["x"], bounds["y"]) == ((-0.5, 29.5), (-0.5, 19.5))
    assert bounds["covariance_xx"][1] == pytest.approx(x.var())
    assert bounds["covariance_yy"][1] == pytest.approx(y.var())
    assert bounds["covariance_xy"][1] == pytest.approx(((x - x.mean()) * (y - y.mean())).mean())
    assert bounds["variance"][1] == pytest.approx(x.var() + y.var())
    assert bounds["landmarks"][:2] == (bounds["x"], bounds["y"])


def test_an_export_says_where_its_positions_are(tmp_path):
    config = task_settings("landmarks", tmp_path, network={"patch_size": [32, 48]})
    words = TASK.words(make_export(tmp_path, config))
    assert (words.inputs, words.example, words.sizes) == ("images", "image.png", "")
    assert "resampled to 48×32, column x is (x + ½)·W/48 − ½." in words.answers
    assert f"last axis: {', '.join(config.data.landmarks)}." in words.answers
