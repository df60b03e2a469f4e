"""A server's reply, decoded and believed only as far as it is what was expected."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

from tfuq.serving.agreement import Decoded, require_agreement, require_close
from tfuq.serving.expectation import ROUNDING, Output
from tfuq.serving.expected import Expected
from tfuq.serving.reply_error import ReplyError

__all__ = [
    "Decoded",
    "ReplyError",
    "from_json",
    "from_tensors",
    "most_bytes",
    "most_json_bytes",
]

_FIELDS = {
    types_pb2.DT_FLOAT: "float_val",
    types_pb2.DT_UINT8: "int_val",
    types_pb2.DT_STRING: "string_val",
}
_OVERHEAD = 2**16  # bytes of names, shapes and punctuation
_DIGITS = 40  # bytes of a number in JSON at the most, with its comma and spaces
_IN_JSON = 6  # bytes of a character that is escaped


def most_bytes(expected: Expected) -> int:
    """Bytes that a message of Protocol Buffers with these outputs has at the most."""
    total = _OVERHEAD
    for output in expected.values():
        total += 2 * output.most_bytes  # a byte above 127 may take two
        if output.texts:
            total += 8 * output.size
    return total


def most_json_bytes(expected: Expected) -> int:
    """Bytes that JSON with these outputs has at the most."""
    total = _OVERHEAD
    for output in expected.values():
        total += _DIGITS * output.size
        if output.texts:
            total += _IN_JSON * output.most_bytes
    return total


def from_tensors(tensors: Mapping[str, tensor_pb2.TensorProto], expected: Expected) -> Decoded:
    """The arrays of a reply by gRPC.

    Args:
        tensors: The outputs as they came.
        expected: What each must be.

    Returns:
        Arrays of the expected names, types and shapes, whose values are finite, within bounds, and
        agree with each other.

    Raises:
        ReplyError: They are not.
    """
    return _believed(tensors, expected, _of_tensor)


def from_json(body: bytes, expected: Expected) -> Decoded:
    """The arrays of a reply by REST.

    Args:
        body: The reply as it came.
        expected: What each output must be.

    Returns:
        As `from_tensors`; texts are ``str``.

    Raises:
        ReplyError: As `from_tensors`.
    """
    try:
        content = json.loads(body, parse_int=float, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ReplyError(f"is no JSON ({error})") from error
    outputs = None
    if isinstance(content, dict):
        outputs = content.get("outputs")
    if not isinstance(outputs, dict):
        raise ReplyError("has no 'outputs' by name")
    return _believed(outputs, expected, _of_lists)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _believed(
    outputs: Mapping[str, Any],
    expected: Expected,
    decode: Callable[[Any, Output], np.ndarray],
) -> Decoded:
    _require_names(outputs, expected)
    decoded = {}
    for name, output in expected.items():
        try:
            decoded[name] = decode(outputs[name], output)
            _require_values(decoded[name], output)
        except ReplyError as error:
            raise ReplyError(f"{name} {error}") from error
    require_agreement(decoded)
    return decoded


def _require_names(outputs: Mapping[str, Any], expected: Expected) -> None:
    for name in expected:
        if name not in outputs:
            raise ReplyError(f"has no output {name}")
    unknown = sorted(name for name in outputs if name not in expected)
    if unknown:
        raise ReplyError(f"has an output '{unknown[0]:.40}', which the export has not")


def _of_tensor(tensor: tensor_pb2.TensorProto, output: Output) -> np.ndarray:
    """A tensor's array; nothing is allocated before type and shape are known to be right."""
    _require_type(tensor, output)
    _require_shape(tensor, output)
    if tensor.tensor_content and not output.texts:
        return _of_content(tensor.tensor_content, output)
    values = getattr(tensor, _FIELDS[tensor.dtype])
    if len(values) != output.size:
        raise ReplyError(f"has {len(values)} values, not {output.size}")
    return _array(values, output)


def _require_type(tensor: tensor_pb2.TensorProto, output: Output) -> None:
    expected = tf.string
    if output.dtype is not object:
        expected = tf.as_dtype(output.dtype)
    if tensor.dtype != expected.as_datatype_enum:
        raise ReplyError(f"is of type {_type_name(tensor.dtype)}, not {expected.name}")


def _of_content(content: bytes, output: Output) -> np.ndarray:
    if len(content) != output.most_bytes:
        raise ReplyError(f"has {len(content)} bytes, not {output.most_bytes}")
    little_endian = np.dtype(output.dtype).newbyteorder("<")
    return np.frombuffer(content, little_endian).reshape(output.shape)


def _require_shape(tensor: tensor_pb2.TensorProto, output: Output) -> None:
    sizes = tensor.tensor_shape.dim
    if tensor.tensor_shape.unknown_rank or len(sizes) != len(output.shape):
        raise ReplyError(f"has {len(sizes)} axes, not {len(output.shape)}")
    shape = tuple(size.size for size in sizes)
    if shape != output.shape:
        raise ReplyError(f"is of shape {shape}, not {output.shape}")


def _type_name(number: int) -> str:
    if number in types_pb2.DataType.values():
        return str(types_pb2.DataType.Name(number))
    return str(number)


def _array(values: Sequence[Any], output: Output) -> np.ndarray:
    """An array of as many plain values as it has elements."""
    if output.texts:
        return np.array(values, object).reshape(output.shape)
    wide_type: type[np.generic] = np.int64
    if output.dtype == np.float32:
        wide_type = np.float64
    try:
        wide = np.array(values, wide_type)
        with np.errstate(over="ignore"):
            narrow: np.ndarray = wide.astype(output.dtype)
    except (ValueError, OverflowError, TypeError) as error:
        raise ReplyError(f"holds what is no {np.dtype(output.dtype).name}") from error
    if output.dtype == np.uint8 and not np.array_equal(narrow, wide):
        raise ReplyError("holds numbers that are no uint8")
    return narrow.reshape(output.shape)


def _of_lists(value: Any, output: Output) -> np.ndarray:
    elements = _flattened([value], output.shape)
    kind: type = float
    name = "number"
    if output.texts:
        kind = str
        name = "text"
    if not all(type(element) is kind for element in elements):
        raise ReplyError(f"holds what is no {name}")
    return _array(elements, output)


def _flattened(values: list[Any], shape: tuple[int, ...]) -> list[Any]:
    """The elements of lists in lists, of which each has the length that the shape says."""
    for axis, size in enumerate(shape):
        elements = []
        for value in values:
            if not isinstance(value, list) or len(value) != size:
                raise ReplyError(f"is not of shape {shape} along axis {axis}")
            elements += value
        values = elements
    return values


def _require_values(values: np.ndarray, output: Output) -> None:
    if output.texts:
        _require_texts(values, output)
        return
    if not np.isfinite(values).all():
        raise ReplyError("holds NaN or infinite numbers")
    low, high = np.array(output.bounds, float).T
    is_outside = (values < low - ROUNDING) | (values > high + ROUNDING)
    if is_outside.any():
        first = values[is_outside][0]
        raise ReplyError(f"holds {first:.6g}, which is outside of {_described_bounds(output)}")
    if output.adds_to_one:
        require_close(values.sum(-1, dtype=float), 1.0, "does not add up to 1")


def _require_texts(values: np.ndarray, output: Output) -> None:
    encoded = {text.encode() for text in output.texts}
    known = encoded | set(output.texts)
    for value in values.ravel():
        if value not in known:
            raise ReplyError(f"holds {repr(value)[:60]}, which is no class")


def _described_bounds(output: Output) -> str:
    pairs = np.array(output.bounds, float).reshape(-1, 2)
    return ", ".join(f"[{low:.6g}, {high:.6g}]" for low, high in pairs if math.isfinite(low))
