"""Weights and training state as ``.npz`` of plain arrays by name: nothing to unpickle, whole or absent, checked by digest.

Keras's own formats marshal the callables of TFP layers and fail on them; networks are rebuilt from the configuration.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tf_keras

from tfuq.data.archives import read_arrays
from tfuq.data.writers import write_bytes
from tfuq.errors import DataError, RunError

_RESTORE = "restore it or train the member again"
Arrays = dict[str, np.ndarray]


def model_arrays(model: tf_keras.Model) -> Arrays:
    """The variables by name, as in ``encoder1_conv1/kernel``."""
    return {_name(variable): variable.numpy() for variable in model.weights}


def assign_arrays(model: tf_keras.Model, arrays: Mapping[str, np.ndarray], *, where: str = "weights") -> None:
    """Give every variable the array of its name.

    Raises:
        RunError: see `require_fit`.
    """
    require_fit(model.weights, arrays, where=where)
    for variable in model.weights:
        variable.assign(arrays[_name(variable)])


def assign_numbered(variables: Sequence, arrays: Mapping[str, np.ndarray], *, where: str) -> None:
    """Give variables, whose names need not differ, the arrays named by their numbers, as of an optimizer.

    Raises:
        RunError: see `require_fit`.
    """
    by_number = {str(number): variable for number, variable in enumerate(variables)}
    _require_fit(by_number, arrays, where)
    for number, variable in by_number.items():
        variable.assign(arrays[number])


def require_fit(variables: Iterable, arrays: Mapping[str, np.ndarray], *, where: str) -> None:
    """Refuse arrays that are not the values of all ``variables``.

    Raises:
        RunError: a name is missing, or an array has another shape or type, or a number that is not finite.
    """
    _require_fit({_name(variable): variable for variable in variables}, arrays, where)


def _require_fit(variables: Mapping[str, Any], arrays: Mapping[str, np.ndarray], where: str) -> None:
    for name, variable in variables.items():
        array = arrays.get(name)
        if array is None or array.shape != tuple(variable.shape):
            found = "nothing" if array is None else array.shape
            raise RunError(
                f"{where}: weights '{name}' should have shape {tuple(variable.shape)}, found {found}; another network's?"
            )
        if array.dtype != variable.dtype.as_numpy_dtype:
            raise RunError(f"{where}: weights '{name}' are {array.dtype} and should be {variable.dtype.name}; {_RESTORE}")
        if not np.isfinite(array).all():
            raise RunError(f"{where}: weights '{name}' are not finite; {_RESTORE}")


def _name(variable) -> str:
    return variable.name.removesuffix(":0")


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> str:
    """Write arrays, whole or not at all, and return the file's digest.

    Raises:
        DataError: one has a number that is not finite. TfuqError: the file cannot be written.
    """
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise DataError(f"{path}: '{name}' is not finite, so it is not written; lower training.learning_rate")
    buffer = io.BytesIO()
    np.savez(buffer, **{name.replace("/", "|"): array for name, array in arrays.items()})
    write_bytes(path, buffer.getvalue())
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def load_arrays(path: Path, digest: str | None = None) -> Arrays:
    """Read arrays, checking the file against its digest.

    Raises:
        RunError: missing, damaged, or not the file whose digest was recorded.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}); {_RESTORE}") from error
    if digest is not None and hashlib.sha256(content).hexdigest() != digest:
        raise RunError(f"{path}: does not match the digest recorded when it was written; {_RESTORE}")
    stored = read_arrays(content, path, _RESTORE)
    return {name.replace("|", "/"): array for name, array in stored.items()}
