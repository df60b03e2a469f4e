"""Messages of TensorFlow Serving: what is written is what its own classes read."""

import numpy as np
import tensorflow as tf
from google.protobuf.unknown_fields import UnknownFieldSet
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2, prediction_service_pb2_grpc

from tfuq.serving import messages
from tfuq.serving.expectation import Output
from tfuq.serving.replies import from_tensors

X = np.array([[1.5, -2], [0, 7]], np.float32)


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
