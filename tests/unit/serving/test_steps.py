"""Serving without a network: messages on the wire, the graph's own preprocessing, what is refused before anything is loaded."""

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf.unknown_fields import UnknownFieldSet
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2, prediction_service_pb2_grpc

from tests.conftest import settings, task_settings
from tfuq.data.preprocessing import Statistics
from tfuq.data.sets.dataset import make_preprocessor
from tfuq.data.volume import Volume
from tfuq.errors import RunError
from tfuq.serving import messages, transport
from tfuq.serving.expectation import Output
from tfuq.serving.replies import from_tensors
from tfuq.serving.steps import Preparation, client_steps, graph_steps, pad

X = np.array([[1.5, -2], [0, 7]], np.float32)
STATISTICS = Statistics((37.123456789, -4.2), (13.987654321, 0.31))


def test_requests_are_those_of_tensorflow_serving():
    tensors = {"image": tf.make_tensor_proto(X), "num_samples": tf.make_tensor_proto(3, tf.int32)}
    ours = messages.predict_request("name", "serving_default", tensors, version=12)
    theirs = predict_pb2.PredictRequest.FromString(ours.SerializeToString())
    assert (theirs.model_spec.name, theirs.model_spec.signature_name) == ("name", "serving_default")
    assert theirs.model_spec.version.value == 12
    assert set(theirs.inputs) == set(tensors)
    np.testing.assert_array_equal(tf.make_ndarray(theirs.inputs["image"]), X)
    assert len(UnknownFieldSet(theirs)) == len(UnknownFieldSet(theirs.model_spec)) == 0
    assert messages.PredictRequest.FromString(theirs.SerializeToString()) == ours
    assert not messages.predict_request("name", "x", {}).model_spec.HasField("version")


def test_responses_are_those_of_tensorflow_serving():
    theirs = predict_pb2.PredictResponse()
    theirs.model_spec.name = "name"
    theirs.outputs["label"].CopyFrom(tf.make_tensor_proto(["a", "b"]))
    theirs.outputs["probability_"].CopyFrom(tf.make_tensor_proto(X))
    response = messages.PredictResponse.FromString(theirs.SerializeToString())
    label, numbers = Output(object, (2,), texts=("a", "b")), Output(np.float32, (2, 2))
    found = from_tensors(response.outputs, {"label": label, "probability_": numbers})
    assert found["label"].tolist() == [b"a", b"b"]
    np.testing.assert_array_equal(found["probability_"], X)


def test_the_call_is_that_of_tensorflow_serving():
    class Channel:
        def unary_unary(self, path, *_, **__):
            paths.append(path)

    paths = []
    prediction_service_pb2_grpc.PredictionServiceStub(Channel())
    assert messages.PREDICT in paths


def test_requests_that_no_message_holds_are_refused_before_they_are_sent(monkeypatch):
    monkeypatch.setattr(transport, "_MOST_BYTES", 100)
    with pytest.raises(RunError, match=r"localhost:1: a request of .* GB, and a message holds 2"):
        transport.GrpcServer("localhost:1", "model").call(
            "prepared", {"image": np.zeros(50, np.float32)}, {}
        )


def test_warm_up_records_are_those_of_tensorflow_serving():
    image = messages.impulse([1, 3, 4, 2])
    record = messages.warm_up_record(
        messages.predict_request("name", "deterministic", {"image": image})
    )
    request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
    assert request.model_spec.signature_name == "deterministic"
    found = tf.make_ndarray(request.inputs["image"])
    assert found.shape == (1, 3, 4, 2)
    assert found[0, 0, 0].tolist() == [1, 1]
    assert found.sum() == 2  # nothing else
    assert len(record) < 100  # whatever the size of the image


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
