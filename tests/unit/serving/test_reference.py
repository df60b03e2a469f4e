"""What ``tfuq predict`` makes of an image that a served network is asked about."""

from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import settings, task_settings
from tests.support.made import make_run
from tfuq import runs
from tfuq.errors import RunError
from tfuq.serving.description import read_export
from tfuq.serving.reference import Reference, check_images, prepared_images


def run_of(path, config, statistics=None):
    facts = {"channels": 2, "statistics": statistics}
    return runs.create(path, config, {"train": [], "validation": [], "test": []}, facts)


def test_pictures_that_are_checked_are_more_than_a_chunk(tmp_path):
    run = run_of(tmp_path / "run", task_settings("classification", tmp_path))
    images = check_images(run)
    assert images.shape == (run.config.chunk + 1, 28, 28, 2)
    assert images.dtype == np.float32
    assert np.array_equal(images, images.round())  # sums are the same in any order
    assert (images.min(), images.max()) == (-9, 264)


def test_volumes_that_are_checked_are_narrower_and_longer_than_the_patch(tmp_path):
    config = settings(tmp_path, preprocessing={"window": [-100.0, 200.0]})
    images = check_images(run_of(tmp_path / "run", config))
    assert images.shape == (1, 13, 16, 21, 2)
    assert (images.min(), images.max()) == (-109, 209)


def test_the_graph_s_steps_alone_are_done(tmp_path):
    """The window and z-score by the training set, then padding; by hand."""
    steps = {"window": [0.0, 100.0], "normalization": "zscore-training"}
    statistics = {"mean": [10.0, 20.0], "std": [2.0, 5.0]}
    run = run_of(tmp_path / "run", settings(tmp_path, preprocessing=steps), statistics)
    images = np.full((1, 12, 16, 20, 2), 130.0, np.float32)
    found = prepared_images(run, images)
    assert found.shape == (1, 16, 16, 20, 2)
    np.testing.assert_allclose(found[0, 2:14], np.broadcast_to([45.0, 16.0], (12, 16, 20, 2)))
    assert not found[0, [0, 1, 14, 15]].any()


def test_the_steps_of_a_client_are_left_out(tmp_path):
    """A volume's own mean is none of the graph's."""
    run = run_of(tmp_path / "run", settings(tmp_path, preprocessing={"normalization": "zscore"}))
    images = check_images(run)
    assert np.array_equal(prepared_images(run, images)[0, 1:14], images[0])


def test_another_run_is_refused(run_of, digit_model, tmp_path):
    run, export = run_of("classification", "vi"), read_export(digit_model / "1")
    Reference(run, export)
    with pytest.raises(RunError, match="has other weights, or other finished members"):
        Reference(run, replace(export, weights_digest=["0" * 64]))
    none = make_run(tmp_path / "run", "classification", run.config.data.root)
    with pytest.raises(RunError, match="no member has finished"):
        Reference(none, export)


def test_the_run_s_answers_are_the_export_s(run_of, digit_model, digit_network):
    run, export = run_of("classification", "vi"), read_export(digit_model / "1")
    inputs = {
        "image": check_images(run),
        "seed": np.array([3, 4], np.int32),
        "num_samples": np.array(3, np.int32),
    }
    expected = Reference(run, export).of("serving_default", inputs)
    found = digit_network.call("serving_default", inputs)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name].tolist() == values.tolist(), name
