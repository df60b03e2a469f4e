"""Handwritten digits in MNIST's layout, from the set that scikit-learn carries.

There is nothing to download.

References:
    Alpaydin, Kaynak 1998.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from tfuq.data.writers import write_bytes
from tfuq.errors import DataError

_SIZE = 28  # pixels
_BRIGHTEST = 16  # of the set's grey values
_TEST_SHARE = 5  # one of so many


def write_digits(folder: Path, cases: int, seed: int) -> None:
    """Write the four official IDX files; a fifth of the digits is ``t10k``.

    Args:
        folder: The folder of the data set.
        cases: How many of the 1,797 digits to write, enlarged to 28×28.
        seed: Chooses the digits and splits them.

    Raises:
        DataError: More digits than there are, or too few for both parts.
    """
    from sklearn import datasets  # which takes a second

    digits = datasets.load_digits()
    total = len(digits.target)
    if not _TEST_SHARE <= cases <= total:
        raise DataError(f"{cases} digits: give {_TEST_SHARE} to {total} cases")
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(total)[:cases]
    test = cases // _TEST_SHARE
    parts = {"t10k": chosen[:test], "train": chosen[test:]}
    for name, rows in parts.items():
        enlarged = [_enlarge(digits.images[row]) for row in rows]
        images = np.stack(enlarged)
        labels = digits.target[rows].astype(np.uint8)
        _write_idx(folder / f"{name}-images-idx3-ubyte.gz", images)
        _write_idx(folder / f"{name}-labels-idx1-ubyte.gz", labels)


def _enlarge(digit: np.ndarray) -> np.ndarray:
    bright = np.rint(digit * (255 / _BRIGHTEST)).astype(np.uint8)
    image = Image.fromarray(bright)
    return np.asarray(image.resize((_SIZE, _SIZE), Image.Resampling.BICUBIC))


def _write_idx(path: Path, array: np.ndarray) -> None:
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    write_bytes(path, gzip.compress(header + array.tobytes(), mtime=0))
