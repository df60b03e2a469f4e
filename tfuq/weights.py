"""Weights and training state as ``.npz`` of plain arrays by name: nothing to unpickle, whole or absent, checked by digest.

Keras's own formats marshal the callables of TFP layers and fail on them; networks are rebuilt from the configuration.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tf_keras

from tfuq.data.archives import read_arrays
from tfuq.data.writers import write_bytes
from tfuq.errors import RunError

Arrays = dict[str, np.ndarray]


def model_arrays(model: tf_keras.Model) -> Arrays:
    """The variables by name, as in ``encoder1_conv1/kernel``."""
    return {_name(variable): variable.numpy() for variable in model.weights}


def assign_arrays(model: tf_keras.Model, arrays: Mapping[str, np.ndarray], *, where: str = "weights") -> None:
    """Give every variable the array of its name.

    Raises:
        RunError: a name is missing or its shape differs.
    """
    for variable in model.weights:
        name = _name(variable)
        if name not in arrays or arrays[name].shape != tuple(variable.shape):
            found = arrays[name].shape if name in arrays else "nothing"
            raise RunError(
                f"{where}: weights '{name}' should have shape {tuple(variable.shape)}, found {found}; another network's?"
            )
        variable.assign(arrays[name])


def _name(variable) -> str:
    return variable.name.removesuffix(":0")


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> str:
    """Write arrays, whole or not at all, and return the file's digest."""
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
        raise RunError(f"{path}: cannot be read ({error.strerror}); restore it or train the member again") from error
    if digest is not None and hashlib.sha256(content).hexdigest() != digest:
        raise RunError(f"{path}: does not match the digest recorded when it was written; restore it or train the member again")
    stored = read_arrays(content, path, "restore it or train the member again")
    return {name.replace("|", "/"): array for name, array in stored.items()}
