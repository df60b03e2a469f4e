"""A reply's bytes, counted before they are parsed.

An empty field of two bytes can become a hundred in memory.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError

from tfuq.serving.expected import Expected
from tfuq.serving.messages import PredictResponse
from tfuq.serving.reply_error import ReplyError

# Numbers of fields: of the response, of an entry of its map, of a tensor.
_OUTPUTS = 1
_VALUE = 2
_SHAPE = 2
_NESTED = ((_OUTPUTS,), (_OUTPUTS, _VALUE), (_OUTPUTS, _VALUE, _SHAPE))
# Fields of a response and of a tensor, without those that hold values.
_FIELDS_OF_RESPONSE = 8
_FIELDS_OF_TENSOR = 32
# Kinds of fields.
_VARINT = 0
_FIXED_64 = 1
_BYTES = 2
_FIXED_32 = 5
_VARINT_BYTES = 10


def parsed(content: bytes, expected: Expected) -> Any:
    """The response that the bytes are.

    Args:
        content: A message of Protocol Buffers, of a bounded length.
        expected: What each output must be.

    Returns:
        A `tfuq.serving.messages.PredictResponse`.

    Raises:
        ReplyError: It is none, or it has more fields than such a response needs.
    """
    most_fields = _FIELDS_OF_RESPONSE + _FIELDS_OF_TENSOR * len(expected)
    for output in expected.values():
        if output.texts:
            most_fields += output.size
    try:
        _count(memoryview(content), (), most_fields)
        return PredictResponse.FromString(content)
    except (DecodeError, IndexError) as error:
        raise ReplyError("is no message of TensorFlow Serving") from error


def _count(content: memoryview, path: tuple[int, ...], remaining: int) -> int:
    """How many more fields there may be after those of a message.

    Args:
        content: The message.
        path: Numbers of the fields that it lies within, the outermost first.
        remaining: How many more fields there may be before it.
    """
    position = 0
    while position < len(content):
        remaining -= 1
        if remaining < 0:
            raise ReplyError("has more fields than its outputs need")
        tag, position = _varint(content, position)
        kind = tag & 7
        start, position = _extent(content, position, kind)
        inner_path = (*path, tag >> 3)
        if inner_path in _NESTED and kind == _BYTES:
            remaining = _count(content[start:position], inner_path, remaining)
    return remaining


def _extent(content: memoryview, position: int, kind: int) -> tuple[int, int]:
    """Where a field's value begins and ends."""
    if kind == _VARINT:
        _, end = _varint(content, position)
        return position, end
    if kind == _FIXED_64:
        return position, position + 8
    if kind == _FIXED_32:
        return position, position + 4
    if kind == _BYTES:
        length, start = _varint(content, position)
        return start, start + length
    raise DecodeError(f"a field of kind {kind}")


def _varint(content: memoryview, position: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    number = 0
    for index in range(_VARINT_BYTES):
        byte = content[position + index]
        number |= (byte & 127) << (7 * index)
        if byte < 128:
            return number, position + index + 1
    raise DecodeError("a number without an end")
