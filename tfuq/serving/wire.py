"""A reply's bytes, counted before they are parsed: an empty field of two bytes can become a hundred in memory."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from tfuq.serving.expected import Expected
from tfuq.serving.messages import PredictResponse
from tfuq.serving.replies import ReplyError

_OUTPUTS, _VALUE, _SHAPE = 1, 2, 2  # numbers of fields: of the response, of an entry of its map, of a tensor
_NESTED = ((_OUTPUTS,), (_OUTPUTS, _VALUE), (_OUTPUTS, _VALUE, _SHAPE))
_BESIDE, _OF_TENSOR = 8, 32  # fields of a response and of a tensor, beside those that hold values
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5  # kinds of fields
_VARINT_BYTES = 10


def parsed(content: bytes, expected: Expected):
    """The response that the bytes are.

    Args:
        content: A message of Protocol Buffers, of a bounded length.
        expected: What each output must be.

    Raises:
        ReplyError: it is none, or it has more fields than such a response needs.
    """
    texts = sum(output.size for output in expected.values() if output.texts)
    most = _BESIDE + _OF_TENSOR * len(expected) + texts
    try:
        _count(memoryview(content), (), most)
        return PredictResponse.FromString(content)
    except (DecodeError, IndexError) as error:
        raise ReplyError("is no message of TensorFlow Serving") from error


def _count(content: memoryview, path: tuple[int, ...], left: int) -> int:
    """How many more fields there may be after those of a message, which lies at a path of numbers of fields."""
    place = 0
    while place < len(content):
        left -= 1
        if left < 0:
            raise ReplyError("has more fields than its outputs need")
        tag, place = _varint(content, place)
        start, place = _extent(content, place, tag & 7)
        inner = (*path, tag >> 3)
        if inner in _NESTED and tag & 7 == _BYTES:
            left = _count(content[start:place], inner, left)
    return left


def _extent(content: memoryview, place: int, kind: int) -> tuple[int, int]:
    """Where a field's value begins and ends."""
    if kind == _VARINT:
        return place, _varint(content, place)[1]
    if kind in (_FIXED_64, _FIXED_32):
        return place, place + (8 if kind == _FIXED_64 else 4)
    if kind == _BYTES:
        length, place = _varint(content, place)
        return place, place + length
    raise DecodeError(f"a field of kind {kind}")


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    number = 0
    for shift in range(_VARINT_BYTES):
        byte = content[place + shift]
        number |= (byte & 127) << (7 * shift)
        if byte < 128:
            return number, place + shift + 1
    raise DecodeError("a number without an end")
