"""The example of a severity: arrays of its first case, for figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfuq.config import Config
from tfuq.data.archives import read_arrays
from tfuq.errors import RunError
from tfuq.workflows.shift.stored import AGAIN, EXAMPLE
from tfuq.workflows.shift.tasks import SHIFTS
from tfuq.workflows.shift.tasks.base import Arrays

_NUMERIC_KINDS = "biuf"  # of NumPy: bool, int, unsigned, float


def read_example(folder: Path, config: Config) -> Arrays:
    """Read the first case's arrays, which have the shapes that figures need.

    Raises:
        RunError: They are missing, damaged, or of another run than that of the configuration.
    """
    path = folder / EXAMPLE
    arrays = read_arrays(path, path, AGAIN)
    try:
        SHIFTS[config.task].check_example(arrays, config)
        for name, array in arrays.items():
            _require_numbers(name, array)
    except (KeyError, ValueError) as error:
        raise RunError(
            f"{path}: is no example of a run of {config.task} ({error}); {AGAIN}"
        ) from error
    return arrays


def _require_numbers(name: str, array: np.ndarray) -> None:
    if array.dtype.kind not in _NUMERIC_KINDS:
        raise ValueError(f"'{name:.80}' holds no numbers")
    # A landmark outside its image is NaN.
    if name != "points" and not np.isfinite(array).all():
        raise ValueError(f"'{name:.80}' is not finite")
