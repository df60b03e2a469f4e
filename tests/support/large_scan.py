"""A CT of 512×512×400 voxels with its predictions, made without a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
from isal import igzip

from tests.conftest import write_decathlon
from tests.support.viewing import make_target
from tfuq.workflows.view.targets import Target

SHAPE = (512, 512, 400)
AFFINE = np.array([[-0.75, 0, 0, 192], [0, -0.75, 0, 192], [0, 0, 1.0, -200], [0, 0, 0, 1]])
_X, _Y = np.meshgrid(*2 * [np.linspace(-1, 1, SHAPE[0])], indexing="ij")
_ORGAN = (_X + 0.35) ** 2 + (_Y - 0.05) ** 2
_UNUSED = (
    "expected_entropy",
    "predictive_entropy",
    "probability",
    "standard_deviation",
    "variation_ratio",
)


def make_large_target(folder: Path) -> Target:
    """A target of one case: a body with an organ and its core.

    Its scan has noise as a CT has, and so takes 100 MB; its map of mutual information takes 370 MB.
    """
    root = write_decathlon(folder / "data", cases=1)
    target = make_target(folder, "segmentation", root, most=1)
    ((case, entry),) = target.manifest.cases.items()
    predictions = target.predictions / case
    for name in _UNUSED:
        (predictions / f"{name}.nii.gz").unlink()
    (predictions / "samples.npz").unlink()
    write_slices(Path(entry.images[0]), np.int16, _ct())
    write_slices(Path(entry.label), np.uint8, _label)
    write_slices(predictions / "label.nii.gz", np.uint8, _label)
    write_slices(predictions / "mutual_information.nii.gz", np.float32, _mutual_information)
    return target


def write_slices(path: Path, dtype: type, slice_of: Callable[[int], np.ndarray]) -> None:
    """Write a large file, one axial slice after another."""
    header = nibabel.Nifti1Header()
    header.set_data_dtype(dtype)
    header.set_data_shape(SHAPE)
    header.set_qform(AFFINE, 1)
    header.set_sform(AFFINE, 1)
    header.set_xyzt_units("mm")
    header["magic"] = b"n+1"
    header["vox_offset"] = 352
    with igzip.open(path, "wb", compresslevel=2) as file:
        file.write(header.binaryblock + bytes(4))
        for number in range(SHAPE[2]):
            file.write(slice_of(number).astype(dtype).tobytes("F"))


def _area(number: int, height: float) -> float:
    """How much of an organ's middle slice there is in another one."""
    return max(1 - ((number - SHAPE[2] / 2) / height) ** 2, 0)


def _label(number: int) -> np.ndarray:
    organ = 0.11 * _area(number, 120) > _ORGAN
    core = 0.012 * _area(number, 40) > _ORGAN
    return organ.astype(np.uint8) + core


def _ct() -> Callable[[int], np.ndarray]:
    noise = np.random.default_rng(0).normal(0, 18, (9, *SHAPE[:2])).astype(np.float32)
    body = (_X / 0.9) ** 2 + (_Y / 0.65) ** 2 < 1
    spine = _X**2 + (_Y + 0.45) ** 2 < 0.008
    units = np.array([20, 80, 40])  # Hounsfield, of body, organ and core

    def slice_of(number: int) -> np.ndarray:
        values = np.where(body, units[_label(number)], -1000)
        values[spine] = 500
        moved = np.roll(noise[number % len(noise)], 37 * number)  # no slice is like another
        return values + moved * np.where(body, 1, 0.3)

    return slice_of


def _mutual_information(number: int) -> np.ndarray:
    distance = np.abs(_ORGAN - 0.11 * _area(number, 120))
    return 0.3 * np.exp(-60 * distance) * (0.5 + 0.5 * np.sin(number / 20 + 5 * _X))
