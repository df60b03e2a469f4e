"""Replies of a server: decoded, and believed only as far as they are what was expected."""

import json

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from tfuq.serving.expectation import Output
from tfuq.serving.replies import ReplyError, from_json, from_tensors, most_bytes, most_json_bytes

NUMBERS = {"p": Output(np.float32, (2, 2), (0.0, 1.0), adds_to_one=True)}


def test_values_may_come_one_by_one_as_tensorflow_serving_sends_them():
    """The server's default is typed fields, not ``tensor_content``."""
    response = predict_pb2.PredictResponse()
    for name, kind, values in (
        ("float", 1, [0.5, 0.25]),
        ("byte", 4, [0, 255]),
        ("text", 7, [b"a", b"b"]),
    ):
        tensor = response.outputs[name]
        tensor.dtype = kind
        tensor.tensor_shape.dim.add(size=2)
        getattr(tensor, {1: "float_val", 4: "int_val", 7: "string_val"}[kind]).extend(values)
    expected = {
        "float": Output(np.float32, (2,)),
        "byte": Output(np.uint8, (2,), (0, 255)),
        "text": Output(object, (2,), texts=("a", "b")),
    }
    found = from_tensors(response.outputs, expected)
    assert [found[name].tolist() for name in expected] == [[0.5, 0.25], [0, 255], [b"a", b"b"]]
    response.outputs["byte"].int_val[0] = 256
    with pytest.raises(ReplyError, match="byte holds numbers that are no uint8"):
        from_tensors(response.outputs, expected)
    response.outputs["byte"].int_val[0] = 0
    response.outputs["text"].string_val[0] = b"c\x1b"
    with pytest.raises(ReplyError, match=r"text holds b'c\\x1b', which is no class"):
        from_tensors(response.outputs, expected)


BODIES = [
    (b"", "is no JSON"),
    (b"[" * 10**5, "is no JSON"),
    (b'{"outputs": ' + b'{"p":' * 10**5, "is no JSON"),
    (b"\xff\xfe\x00", "is no JSON"),
    (b'{"outputs": {"p": [[NaN, 1], [1, 0]]}}', "NaN is no number"),
    (b'{"outputs": {"p": [[1e999, 1], [1, 0]]}}', "NaN or infinite"),
    (b'{"outputs": {"p": [[' + b"9" * 6000 + b", 1], [1, 0]]}}", "NaN or infinite"),
    (b'{"outputs": {"p": [[0.5, 0.5], [1]]}}', r"p is not of shape \(2, 2\) along axis 1"),
    (b'{"outputs": {"p": [[0.5, 0.5]]}}', "along axis 0"),
    (b'{"outputs": {"p": {"0": 1}}}', "along axis 0"),
    (b'{"outputs": {"p": [[true, false], [1, 0]]}}', "holds what is no number"),
    (b'{"outputs": {"p": [["1", "0"], [1, 0]]}}', "holds what is no number"),
    (b'{"outputs": {"p": [[[1], 0], [1, 0]]}}', "holds what is no number"),
    (b'{"outputs": {"p": [[null, 0], [1, 0]]}}', "holds what is no number"),
    (b'{"outputs": {"p": [[0.5, 0.6], [1, 0]]}}', "does not add up to 1"),
    (b'{"outputs": {"q": [[0.5, 0.5], [1, 0]]}}', "has no output p"),
    (b'{"outputs": {"p": [[0.5, 0.5], [1, 0]], "q": 1}}', "has an output 'q'"),
    (b'{"outputs": [[0.5, 0.5], [1, 0]]}', "has no 'outputs' by name"),
    (b'["outputs"]', "has no 'outputs' by name"),
]


@pytest.mark.parametrize(("body", "words"), BODIES)
def test_false_json_is_refused(body, words):
    with pytest.raises(ReplyError, match=words):
        from_json(body, NUMBERS)


@pytest.mark.parametrize(
    ("output", "content"),
    [
        (Output(np.float32, (50_000,)), np.full(50_000, -1.1754944e-38, np.float32)),
        (Output(np.uint8, (50_000,), (0, 255)), np.full(50_000, 255, np.uint8)),
        (Output(object, (9_000,), texts=("a", "Ω" * 99)), np.full(9_000, "Ω" * 99, object)),
    ],
)
def test_no_true_reply_is_longer_than_it_may_be(output, content):
    """As bytes, as values one by one, and as JSON with every character escaped."""
    response = predict_pb2.PredictResponse()
    response.outputs["p"].CopyFrom(tf.make_tensor_proto(content))
    assert response.ByteSize() <= most_bytes({"p": output})
    if not output.texts:
        field = response.outputs["p"]
        field.tensor_content = b""
        getattr(field, "float_val" if output.dtype is np.float32 else "int_val").extend(
            content.tolist()
        )
        assert response.ByteSize() <= most_bytes({"p": output})
    assert len(json.dumps({"outputs": {"p": content.tolist()}})) <= most_json_bytes({"p": output})
