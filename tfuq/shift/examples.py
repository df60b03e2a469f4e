"""The example of a severity: arrays of its first case, for figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tfuq.config import Config
from tfuq.data.archives import read_arrays
from tfuq.data.volume import require_affine
from tfuq.errors import RunError
from tfuq.shift.stored import AGAIN, EXAMPLE

_NUMERIC_KINDS = "biuf"  # of NumPy: bool, int, unsigned, float
Arrays = dict[str, np.ndarray]


def read_example(folder: Path, config: Config) -> Arrays:
    """Read the first case's arrays, which have the shapes that figures need.

    Raises:
        RunError: They are missing, damaged, or of another run than that of the configuration.
    """
    path = folder / EXAMPLE
    arrays = read_arrays(path, path, AGAIN)
    try:
        _CHECKS[config.task](arrays, config)
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


def _check_planes(arrays: Arrays, config: Config) -> None:
    if arrays["axis"].shape or arrays["axis"] not in (0, 1, 2):
        raise ValueError("its axis is none")
    require_affine(arrays["affine"])
    shape = arrays["image"].shape
    misshapen = _first_misshapen(arrays, shape)
    if len(shape) != 2 or misshapen is not None:
        raise ValueError(f"'{misshapen or 'image':.80}' is no plane of the image")


def _first_misshapen(arrays: Arrays, shape: tuple[int, ...]) -> str | None:
    for name in ("image", "truth", "label", *arrays):
        if name not in ("axis", "affine") and arrays[name].shape != shape:
            return name
    return None


def _check_class(arrays: Arrays, config: Config) -> None:
    classes = len(config.data.classes)
    has_values = arrays["probability"].shape == arrays["votes"].shape == (classes,)
    if arrays["image"].ndim != 3 or not has_values:
        raise ValueError(f"no image with probabilities of {classes} classes")
    if arrays["truth"].shape != (1,) or arrays["truth"][0] not in range(classes):
        raise ValueError("its truth is no class")


def _check_landmarks(arrays: Arrays, config: Config) -> None:
    landmarks = len(config.data.landmarks)
    if arrays["image"].ndim != 3 or arrays["points"].shape != (landmarks, 2):
        raise ValueError(f"no image with {landmarks} landmarks")
    if arrays["found"].ndim != 3 or arrays["found"].shape[1:] != (landmarks, 2):
        raise ValueError(f"no samples of {landmarks} landmarks")


_CHECKS: dict[str, Callable[[Arrays, Config], None]] = {
    "segmentation": _check_planes,
    "classification": _check_class,
    "landmarks": _check_landmarks,
}
