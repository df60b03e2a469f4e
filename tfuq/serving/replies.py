"""A server's reply, decoded and believed only as far as it is what was expected."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

from tfuq.measures.resampled import entropy
from tfuq.serving.expected import ROUNDING, Expected, Output

Decoded = dict[str, np.ndarray]
_RELATED = 1e-3  # how far outputs that follow from others may be off
_FIELDS = {types_pb2.DT_FLOAT: "float_val", types_pb2.DT_UINT8: "int_val", types_pb2.DT_STRING: "string_val"}
_BESIDE = 2**16  # bytes of names, shapes and punctuation
_DIGITS = 40  # bytes of a number in JSON at the most, with its comma and spaces
_IN_JSON = 6  # bytes of a character that is escaped


class ReplyError(Exception):
    """A reply that is not to be believed; the message says why."""


def most_bytes(expected: Expected) -> int:
    """Bytes that a message of Protocol Buffers with these outputs has at the most: a byte above 127 may take two."""
    return _BESIDE + sum(2 * output.most_bytes + 8 * _texts(output) for output in expected.values())


def most_json_bytes(expected: Expected) -> int:
    """Bytes that JSON with these outputs has at the most."""
    return _BESIDE + sum(_DIGITS * o.size + _IN_JSON * o.most_bytes * bool(o.texts) for o in expected.values())


def _texts(output: Output) -> int:
    return output.size if output.texts else 0


def from_tensors(tensors: Mapping[str, tensor_pb2.TensorProto], expected: Expected) -> Decoded:
    """The arrays of a reply by gRPC.

    Args:
        tensors: The outputs as they came.
        expected: What each must be.

    Returns:
        Arrays of the expected names, types and shapes, whose values are finite, within bounds, and agree with each other.

    Raises:
        ReplyError: they are not.
    """
    return _believed(tensors, expected, _of_tensor)


def from_json(body: bytes, expected: Expected) -> Decoded:
    """The arrays of a reply by REST; arguments and errors as `from_tensors` has them, texts as ``str``."""
    try:
        content = json.loads(body, parse_int=float, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ReplyError(f"is no JSON ({error})") from error
    outputs = content.get("outputs") if isinstance(content, dict) else None
    if not isinstance(outputs, dict):
        raise ReplyError("has no 'outputs' by name")
    return _believed(outputs, expected, _of_lists)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _believed(outputs: Mapping[str, Any], expected: Expected, decode: Callable[[Any, Output], np.ndarray]) -> Decoded:
    missing = [name for name in expected if name not in outputs]
    further = sorted(name for name in outputs if name not in expected)
    if missing:
        raise ReplyError(f"has no output {missing[0]}")
    if further:
        raise ReplyError(f"has an output '{further[0]:.40}', which the export has not")
    decoded = {}
    for name, output in expected.items():
        try:
            decoded[name] = decode(outputs[name], output)
            _require_values(decoded[name], output)
        except ReplyError as error:
            raise ReplyError(f"{name} {error}") from error
    _require_agreement(decoded)
    return decoded


def _of_tensor(tensor: tensor_pb2.TensorProto, output: Output) -> np.ndarray:
    """A tensor's array; nothing is allocated before type and shape are known to be right."""
    wanted = tf.as_dtype(output.dtype if output.dtype is not object else tf.string)
    if tensor.dtype != wanted.as_datatype_enum:
        raise ReplyError(f"is of type {_type_name(tensor.dtype)}, not {wanted.name}")
    _require_shape(tensor, output)
    if tensor.tensor_content and not output.texts:
        if len(tensor.tensor_content) != output.most_bytes:
            raise ReplyError(f"has {len(tensor.tensor_content)} bytes, not {output.most_bytes}")
        little_endian = np.dtype(output.dtype).newbyteorder("<")
        return np.frombuffer(tensor.tensor_content, little_endian).reshape(output.shape)
    values = getattr(tensor, _FIELDS[tensor.dtype])
    if len(values) != output.size:
        raise ReplyError(f"has {len(values)} values, not {output.size}")
    return _array(values, output)


def _require_shape(tensor: tensor_pb2.TensorProto, output: Output) -> None:
    sizes = tensor.tensor_shape.dim
    if tensor.tensor_shape.unknown_rank or len(sizes) != len(output.shape):
        raise ReplyError(f"has {len(sizes)} axes, not {len(output.shape)}")
    found = tuple(size.size for size in sizes)
    if found != output.shape:
        raise ReplyError(f"is of shape {found}, not {output.shape}")


def _type_name(number: int) -> str:
    return types_pb2.DataType.Name(number) if number in types_pb2.DataType.values() else str(number)


def _array(values: Any, output: Output) -> np.ndarray:
    """An array of as many plain values as it has elements."""
    if output.texts:
        return np.array(values, object).reshape(output.shape)
    try:
        found = np.array(values, np.float64 if output.dtype == np.float32 else np.int64)
        with np.errstate(over="ignore"):
            narrow = found.astype(output.dtype)
    except (ValueError, OverflowError, TypeError) as error:
        raise ReplyError(f"holds what is no {np.dtype(output.dtype).name}") from error
    if output.dtype == np.uint8 and not np.array_equal(narrow, found):
        raise ReplyError("holds numbers that are no uint8")
    return narrow.reshape(output.shape)


def _of_lists(value: Any, output: Output) -> np.ndarray:
    flat = _flattened([value], output.shape)
    kind = str if output.texts else float
    if not all(type(element) is kind for element in flat):
        raise ReplyError(f"holds what is no {'text' if output.texts else 'number'}")
    return _array(flat, output)


def _flattened(values: list, shape: tuple[int, ...]) -> list:
    """The elements of lists in lists, of which each has the length that the shape says."""
    for axis, size in enumerate(shape):
        if not all(isinstance(value, list) and len(value) == size for value in values):
            raise ReplyError(f"is not of shape {shape} along axis {axis}")
        values = [element for value in values for element in value]
    return values


def _require_values(values: np.ndarray, output: Output) -> None:
    if output.texts:
        _require_texts(values, output)
        return
    if not np.isfinite(values).all():
        raise ReplyError("holds NaN or infinite numbers")
    low, high = np.array(output.bounds, float).T
    beyond = (values < low - ROUNDING) | (values > high + ROUNDING)
    if beyond.any():
        first = values[beyond][0]
        raise ReplyError(f"holds {first:.6g}, which is outside of {_shown(output)}")
    if output.adds_to_one:
        _require_close(values.sum(-1, dtype=float), 1.0, "does not add up to 1")


def _require_texts(values: np.ndarray, output: Output) -> None:
    known = {text.encode() for text in output.texts} | set(output.texts)
    strange = [value for value in values.ravel() if value not in known]
    if strange:
        raise ReplyError(f"holds {repr(strange[0])[:60]}, which is no class")


def _shown(output: Output) -> str:
    pairs = np.array(output.bounds, float).reshape(-1, 2)
    return ", ".join(f"[{low:.6g}, {high:.6g}]" for low, high in pairs if math.isfinite(low))


def _require_agreement(found: Decoded) -> None:
    """Outputs that follow from others must do so: two that were exchanged, or turned, do not."""
    if "probability" not in found:
        return
    probability = found["probability"]
    _require_close(found["predictive_entropy"], entropy(probability), "predictive_entropy is not that of probability")
    if "mutual_information" in found and "expected_entropy" in found:
        less = found["predictive_entropy"] - found["expected_entropy"]
        what = "mutual_information is not predictive_entropy less expected_entropy"
        _require_close(found["mutual_information"], np.maximum(less, 0.0), what)
    if "entropy_terms" in found and "expected_entropy" in found:
        sums = found["entropy_terms"].sum(-1)
        _require_close(sums, found["expected_entropy"], "entropy_terms do not add up to expected_entropy")
    if "votes" in found and "variation_ratio" in found:
        most = found["votes"].max(-1)
        _require_close(1.0 - most, found["variation_ratio"], "variation_ratio is not that of votes")
    if "label" in found and found["label"].dtype == np.uint8:
        _require_label(probability, found["label"])
    if "variance" in found and "standard_deviation" in found:
        _require_deviation(found)


def _require_label(probability: np.ndarray, label: np.ndarray) -> None:
    chosen = np.take_along_axis(probability, label[..., None].astype(np.intp), -1)[..., 0]
    _require_close(chosen, probability.max(-1), "label is not the class of the largest probability")


def _require_deviation(found: Decoded) -> None:
    """The square of the deviation is the variance of a class that is as probable as any."""
    probability, squared = found["probability"], np.square(found["standard_deviation"])
    is_largest = probability >= probability.max(-1, keepdims=True) - ROUNDING
    off = np.where(is_largest, np.abs(found["variance"] - squared[..., None]), np.inf).min(-1)
    _require_close(off, 0.0, "standard_deviation is not the root of variance")


def _require_close(values: np.ndarray, wanted: np.ndarray | float, what: str) -> None:
    if values.size and not np.abs(values - wanted).max() <= _RELATED:
        raise ReplyError(what)
