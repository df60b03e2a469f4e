"""Weights and training state as ``.npz`` of plain arrays by name.

There is nothing to unpickle. A file is whole or absent, and is checked by its digest.

Keras's own formats marshal the callables of TFP layers and fail on them. So networks are rebuilt
from the configuration.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq.data.archives import read_arrays
from tfuq.data.budget import MemoryShortageError
from tfuq.data.readers.text import read_plain_bytes
from tfuq.data.writers import write_bytes
from tfuq.errors import DataError, RunError

_WORKING_BYTES = 2  # of each byte of a file of weights: it, and the arrays made of it
_RESTORE = "restore it or train the member again"
Arrays = dict[str, np.ndarray]


def model_arrays(model: tf_keras.Model) -> Arrays:
    """The values of the variables by name, as in ``encoder1_conv1/kernel``."""
    return {_name(variable): variable.numpy() for variable in model.weights}


def assign_arrays(
    model: tf_keras.Model,
    arrays: Mapping[str, np.ndarray],
    *,
    where: str = "weights",
) -> None:
    """Give every variable the array of its name.

    Args:
        model: the network.
        arrays: values by the names of variables.
        where: the file of the arrays, for messages.

    Raises:
        RunError: see `require_fit`.
    """
    require_fit(model.weights, arrays, where=where)
    set_arrays(model, arrays)


def set_arrays(model: tf_keras.Model, arrays: Mapping[str, np.ndarray]) -> None:
    """As `assign_arrays`, unchecked: those of another network of the same layers.

    They may hold numbers that are not finite, as those of a training that fails do.
    """
    for variable in model.weights:
        variable.assign(arrays[_name(variable)])


def assign_numbered(
    variables: Sequence[tf.Variable],
    arrays: Mapping[str, np.ndarray],
    *,
    where: str,
) -> None:
    """Give variables the arrays named by their numbers, as of an optimizer.

    The names of such variables need not differ.

    Args:
        variables: in their order.
        arrays: values by the variables' numbers.
        where: the file of the arrays, for messages.

    Raises:
        RunError: see `require_fit`.
    """
    by_number = {str(number): variable for number, variable in enumerate(variables)}
    _require_fit(by_number, arrays, where)
    for number, variable in by_number.items():
        variable.assign(arrays[number])


def require_fit(
    variables: Iterable[tf.Variable],
    arrays: Mapping[str, np.ndarray],
    *,
    where: str,
) -> None:
    """Refuse arrays that are not the values of all variables.

    Args:
        variables: of a network.
        arrays: values by the names of variables.
        where: the file of the arrays, for messages.

    Raises:
        RunError: a name is missing, or an array has another shape or type, or a number that is not
            finite.
    """
    by_name = {_name(variable): variable for variable in variables}
    _require_fit(by_name, arrays, where)


def _require_fit(
    variables: Mapping[str, tf.Variable],
    arrays: Mapping[str, np.ndarray],
    where: str,
) -> None:
    for name, variable in variables.items():
        subject = f"{where}: weights '{name}'"
        array = _of_shape(subject, variable, arrays.get(name))
        if array.dtype != variable.dtype.as_numpy_dtype:
            mismatch = f"are {array.dtype} and should be {variable.dtype.name}"
            raise RunError(f"{subject} {mismatch}; {_RESTORE}")
        if not np.isfinite(array).all():
            raise RunError(f"{subject} are not finite; {_RESTORE}")


def _of_shape(subject: str, variable: tf.Variable, array: np.ndarray | None) -> np.ndarray:
    """The array, which must be there and have the variable's shape."""
    expected = tuple(variable.shape)
    if array is None:
        raise RunError(f"{subject} should have shape {expected}, found nothing; another network's?")
    if array.shape != expected:
        mismatch = f"should have shape {expected}, found {array.shape}"
        raise RunError(f"{subject} {mismatch}; another network's?")
    return array


def _name(variable: tf.Variable) -> str:
    name: str = variable.name
    return name.removesuffix(":0")


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> str:
    """Write arrays, whole or not at all, and return the file's digest.

    Args:
        path: of the ``.npz`` file.
        arrays: by name.

    Raises:
        DataError: one has a number that is not finite.
        TfuqError: the file cannot be written.
    """
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            remedy = "so it is not written; lower training.learning_rate"
            raise DataError(f"{path}: '{name}' is not finite, {remedy}")
    by_stored_name: dict[str, Any] = {}
    for name, array in arrays.items():
        by_stored_name[name.replace("/", "|")] = array
    buffer = io.BytesIO()
    np.savez(buffer, **by_stored_name)
    content = buffer.getvalue()
    write_bytes(path, content)
    return hashlib.sha256(content).hexdigest()


def load_arrays(path: Path, digest: str | None = None) -> Arrays:
    """Read arrays, checking the file against its digest.

    Args:
        path: of the ``.npz`` file.
        digest: that was recorded when the file was written; None checks nothing.

    Raises:
        RunError: missing, damaged, or not the file whose digest was recorded.
    """
    content = read_weights(path)
    if digest is not None and hashlib.sha256(content).hexdigest() != digest:
        mismatch = "does not match the digest recorded when it was written"
        raise RunError(f"{path}: {mismatch}; {_RESTORE}")
    return parse_arrays(content, path)


def read_weights(path: Path) -> bytes:
    """The content of a file of arrays.

    Raises:
        RunError: It cannot be read, or does not fit into memory.
    """
    try:
        return read_plain_bytes(path, _WORKING_BYTES)
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}); {_RESTORE}") from error
    except MemoryShortageError as error:
        raise RunError(f"{path}: {error}") from error


def parse_arrays(content: bytes, path: Path) -> Arrays:
    """The arrays of a file's content.

    Models are stored with half the precision (float16). Their numbers become float32, which the
    networks have.

    Args:
        content: As `read_weights` gives it.
        path: The file, for messages.

    Raises:
        RunError: It is damaged.
    """
    stored = read_arrays(content, path, _RESTORE)
    arrays = {}
    for name, array in stored.items():
        if array.dtype == np.float16:
            array = array.astype(np.float32)
        arrays[name.replace("|", "/")] = array
    return arrays
