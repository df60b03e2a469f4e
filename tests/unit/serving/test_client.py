"""A client: requests in the place of a network, with what its export allows."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings, task_settings
from tests.support.replies import SAMPLES, make_export, true_reply
from tfuq.errors import RunError, TfuqError
from tfuq.serving.client import Client, ServedSampler


@pytest.fixture
def export(tmp_path):
    """``export(task)``: description and configuration; the folder is ``task``."""

    def make(task, **changes):
        if task == "segmentation":
            config = settings(tmp_path, "mc-dropout", 2, **changes)
            return make_export(tmp_path / task, config), config
        config = task_settings(task, tmp_path, **changes)
        return make_export(tmp_path / task, config), config

    return make


def test_requests_have_the_types_of_the_signature(export):
    """Whatever types are asked with; and what is expected is of as many samples."""
    described, config = export("classification")
    asked = []

    class Endpoint:
        def call(self, signature, inputs, expected):
            asked.append((signature, inputs, expected))
            return true_reply(config, inputs["image"].shape)

    sampler = ServedSampler(Endpoint(), described, config)
    images = np.ones((2, 28, 28, 1))
    found = sampler.sample(images, tf.constant([5, 0], tf.int64), tf.constant(3))
    ((signature, inputs, expected),) = asked
    assert signature == "prepared"
    assert {name: (a.dtype, a.tolist()) for name, a in inputs.items() if name != "image"} == {
        "seed": (np.int32, [5, 0]),
        "num_samples": (np.int32, 3),
    }
    assert inputs["image"].dtype == np.float32
    assert expected["votes"].shape == (2, 10)
    assert found["votes"].shape == (2, 10)


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_predictors_draw_as_exported_where_nothing_is_asked(export, tmp_path, task):
    export(task)
    predictor = Client(tmp_path / task, "localhost:1").predictor()
    assert (predictor.samples, predictor.request.seed) == (SAMPLES, 0)
    assert predictor.request.method == "mc-dropout"
    assert predictor.networks == []  # none is loaded
    asked = Client(tmp_path / task, "localhost:1").predictor(2, 9)
    assert (asked.samples, asked.request.seed) == (2, 9)


def test_more_samples_than_exported_are_refused(export, tmp_path):
    export("landmarks")
    words = rf"samples {SAMPLES + 1}: .* draws {SAMPLES} at most.*--max-samples {SAMPLES + 1}"
    with pytest.raises(RunError, match=words):
        Client(tmp_path / "landmarks", "localhost:1").predictor(SAMPLES + 1)


def test_exports_without_the_variance_that_resampled_maps_need_are_refused(export, tmp_path):
    """As an earlier version wrote them."""
    export("segmentation", preprocessing={"slice_axis": 2, "spacing": [1.0, 1.0, 1.0]})
    client = Client(tmp_path / "segmentation", "localhost:1")
    with pytest.raises(RunError, match=r"answers without variance, .*export again"):
        client.predictor()


def test_files_that_are_not_there_are_refused_before_a_server_is_asked(export, tmp_path):
    export("classification")
    client = Client(tmp_path / "classification", "localhost:1")
    with pytest.raises(TfuqError, match=r"scan\.png: no such file"):
        client.predict([tmp_path / "scan.png"], tmp_path / "out")
    assert not (tmp_path / "out").exists()
