"""The bytes of a reply: their fields are counted before they are parsed."""

import tracemalloc

import numpy as np
import pytest
from tensorflow_serving.apis import predict_pb2

from tfuq.serving.expectation import Output
from tfuq.serving.reply_error import ReplyError
from tfuq.serving.wire import parsed

NUMBERS = {"p": Output(np.float32, (2, 2), (0.0, 1.0), adds_to_one=True)}


@pytest.mark.parametrize(
    "content",
    [
        b"\x0a\x00" * 10**6,  # entries without a name
        b"\x0a\x88\x89\x7a\x12\x84\x89\x7a" + b"\x7a\x00" * 10**6,  # of one tensor, variants
        b"\x12\x00" * 10**6,
        b"\x1a\x00" * 10**6,  # unknown fields
    ],
)
def test_fields_are_counted_before_they_are_parsed(content):
    tracemalloc.start()
    with pytest.raises(ReplyError, match=r"more fields than its outputs need|is no message"):
        parsed(content, NUMBERS)
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()


def response(values):
    """A true response with one output."""
    made = predict_pb2.PredictResponse()
    tensor = made.outputs["p"]
    tensor.dtype = 1
    for size in (2, 2):
        tensor.tensor_shape.dim.add(size=size)
    tensor.float_val.extend(values)
    return made.SerializeToString()


def test_a_true_response_is_parsed():
    found = parsed(response([0.5, 0.5, 1.0, 0.0]), NUMBERS)
    assert list(found.outputs["p"].float_val) == [0.5, 0.5, 1.0, 0.0]
    assert [dim.size for dim in found.outputs["p"].tensor_shape.dim] == [2, 2]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff" * 11,  # a number that does not end
        b"\x0a",  # a field without its length
        b"\x0b",  # a group, which proto3 has not
        b"\x0a\x02\x0a",  # shorter than it says
        response([0.5] * 4)[:-3],
    ],
)
def test_bytes_that_are_no_message_are_refused(content):
    with pytest.raises(ReplyError, match="is no message of TensorFlow Serving"):
        parsed(content, NUMBERS)


@pytest.mark.parametrize(("texts", "is_refused"), [(41, False), (42, True)])
def test_texts_are_a_field_each(texts, is_refused):
    """8 for the response, 32 for its tensor and 5 texts make 45, of which 4 are used otherwise."""
    expected = {"t": Output(object, (5,), texts=("a",))}
    made = predict_pb2.PredictResponse()
    made.outputs["t"].dtype = 7
    made.outputs["t"].string_val.extend([b"a"] * texts)
    content = made.SerializeToString()
    if not is_refused:
        assert len(parsed(content, expected).outputs["t"].string_val) == texts
        return
    with pytest.raises(ReplyError, match="more fields"):
        parsed(content, expected)
