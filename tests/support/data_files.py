"""Small files of data sets: IDX, pictures, NIfTI."""

import gzip
import struct
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image


def write_idx(path: Path, array: np.ndarray) -> None:
    """An IDX file of bytes; compressed where the name ends so."""
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    content = header + array.astype(np.uint8).tobytes()
    if path.suffix == ".gz":
        content = gzip.compress(content)
    path.write_bytes(content)


def write_picture(path: Path, seed: int = 0, size: tuple[int, int] = (12, 10)) -> None:
    """A picture of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, size, np.uint8)).save(path)


def write_nifti_file(path: Path, array: np.ndarray, affine: np.ndarray | None = None) -> Path:
    """A NIfTI file as nibabel writes it."""
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4) if affine is None else affine), path)
    return path
