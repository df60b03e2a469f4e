"""Handwritten digits in MNIST's layout, from the set that scikit-learn carries (Alpaydin & Kaynak 1998): nothing to download."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from tfuq.data.writers import write_bytes
from tfuq.errors import DataError

_SIZE, _BRIGHTEST = 28, 16
_TEST_SHARE = 5  # one of so many


def write_digits(folder: Path, cases: int, seed: int) -> None:
    """The four official IDX files: ``cases`` of the 1,797 digits, enlarged to 28×28, drawn and cut by ``seed``; a fifth is ``t10k``.

    Raises:
        DataError: more digits than there are, or too few for both parts.
    """
    digits = load_digits()
    if not _TEST_SHARE <= cases <= len(digits.target):
        raise DataError(f"{cases} digits: give {_TEST_SHARE} to {len(digits.target)} cases")
    chosen = np.random.default_rng(seed).permutation(len(digits.target))[:cases]
    test = cases // _TEST_SHARE
    for name, part in (("t10k", chosen[:test]), ("train", chosen[test:])):
        images = np.stack([_enlarge(digits.images[index]) for index in part])
        _write_idx(folder / f"{name}-images-idx3-ubyte.gz", images)
        _write_idx(folder / f"{name}-labels-idx1-ubyte.gz", digits.target[part].astype(np.uint8))


def _enlarge(digit: np.ndarray) -> np.ndarray:
    bright = np.rint(digit * (255 / _BRIGHTEST)).astype(np.uint8)
    return np.asarray(Image.fromarray(bright).resize((_SIZE, _SIZE), Image.Resampling.BICUBIC))


def _write_idx(path: Path, array: np.ndarray) -> None:
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    write_bytes(path, gzip.compress(header + array.tobytes(), mtime=0))
