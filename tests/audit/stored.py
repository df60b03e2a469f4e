"""What is stored: a run, its calibration, images and tables."""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nibabel
import numpy as np
import yaml
from PIL import Image

Weights = dict[str, np.ndarray]
Row = dict[str, str]


@dataclass(frozen=True)
class StoredRun:
    """A run folder, read without tfuq."""

    path: Path

    @cached_property
    def config(self) -> dict:
        """``config.yaml`` as plain values."""
        return yaml.safe_load((self.path / "config.yaml").read_text())

    @cached_property
    def members(self) -> list[Weights]:
        """The arrays of each member, by the name of their variable, in double precision."""
        folders = sorted((self.path / "members").iterdir(), key=lambda folder: int(folder.name))
        return [_weights(folder / "weights.npz") for folder in folders]

    @property
    def statistics(self) -> dict | None:
        """Mean and standard deviation of each channel over the training set."""
        return json.loads((self.path / "environment.json").read_text())["statistics"]

    def truth_of(self, image: Path) -> np.ndarray:
        """The reference of a scan or picture, as classes."""
        return label_of(image, self.config["data"]["label_values"])

    def calibration(self, method: str) -> dict:
        """What ``tfuq calibrate`` found for a method."""
        return json.loads((self.path / "calibrations" / f"{method}.json").read_text())


def _weights(path: Path) -> Weights:
    with np.load(path) as arrays:
        return {name.replace("|", "/"): arrays[name].astype(np.float64) for name in arrays.files}


def read_nifti(path: Path) -> np.ndarray:
    """The voxels of a file as they are stored."""
    return np.asarray(nibabel.load(path).dataobj)


def voxel_sizes(path: Path) -> np.ndarray:
    """Size of a voxel in mm along each axis."""
    return np.linalg.norm(nibabel.load(path).affine[:3, :3], axis=0)


def voxel_volume(path: Path) -> float:
    """Volume of a voxel in mm³, of axes that may be oblique."""
    return float(abs(np.linalg.det(nibabel.load(path).affine[:3, :3])))


def read_picture(path: Path) -> np.ndarray:
    """A grey picture ``[rows, columns]``."""
    return np.asarray(Image.open(path).convert("L"), float)


def read_idx(path: Path) -> np.ndarray:
    """All images of an IDX file of bytes, ``[n, rows, columns]``."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    sizes = np.frombuffer(content, ">u4", content[3], 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)


def read_rows(path: Path) -> list[Row]:
    """The rows of a table."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def class_of(image: Path, row: int) -> int:
    """The class of an image in an IDX file."""
    labels = image.name.replace("images-idx3", "labels-idx1")
    return int(read_idx(image.with_name(labels))[row])


def label_of(image: Path, values: dict[int, int] | None) -> np.ndarray:
    """The reference ``[X, Y, Z]`` that belongs to a scan or picture, as classes."""
    folder = image.parent.name.replace("image", "label")
    path = image.parent.with_name(folder) / image.name
    is_picture = path.suffix == ".png"
    label = np.asarray(Image.open(path))[:, :, None] if is_picture else read_nifti(path)
    found = label.astype(int)
    for value, k in (values or {}).items():
        found[label == value] = k
    return found


def points_of(image: Path, count: int) -> np.ndarray:
    """The senior doctor's landmarks ``[L, 2]`` of an X-ray, as written."""
    path = image.parents[2] / "AnnotationsByMD" / "400_senior" / f"{image.stem}.txt"
    lines = path.read_text().splitlines()[:count]
    return np.array([line.split(",") for line in lines], float)


def read_masks(path: Path) -> np.ndarray:
    """``samples.npz``: the mask of every sample and foreground class, ``[T, K-1, *network grid]``
    bool."""
    with np.load(path) as stored:
        packed, shape, axis = stored["packed"], stored["shape"], int(stored["slice_axis"])
    example = [int(size) for number, size in enumerate(shape) if number != axis]
    bits = np.unpackbits(packed, axis=-1, count=int(np.prod(example)), bitorder="little")
    masks = bits.reshape(*packed.shape[:-1], *example).astype(bool)  # [n, T, K-1, *example]
    return masks[0] if axis < 0 else np.moveaxis(masks, 0, 2 + axis)
