"""Predictions of a box or a cylinder in a dose that grows along a line, whose answers are known in closed form."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
from scipy.spatial.transform import Rotation

from tests.support.made import make_run
from tests.support.radiotherapy import write_rtdose
from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti
from tfuq.measures.sample_masks import StoredSamples
from tfuq.runs.entries import CaseEntry
from tfuq.runs.results import Manifest

CASE = "patient"
SHAPE = (320, 48, 10)
SPACING = (0.25, 1.0, 2.0)  # mm
START, SLOPE = 6.0, 0.4  # Gy at the first corner of the scan, and a mm of its first axis
TURN = Rotation.from_euler("xyz", [12, -25, 33], degrees=True).as_matrix()
AFFINE = np.eye(4)
AFFINE[:3, :3] = TURN @ np.diag(SPACING)
AFFINE[:3, 3] = [-31.5, 18.25, 204.0]
CORNER = AFFINE[:3, 3] - AFFINE[:3, :3] @ [0.5, 0.5, 0.5]  # of the first voxel
ALONG = TURN[:, 0]


def dose_at(places: np.ndarray) -> np.ndarray:
    """The dose in Gy at places ``[…, 3]`` in mm (RAS)."""
    return START + SLOPE * (places - CORNER) @ ALONG


def box(first: int, stop: int) -> np.ndarray:
    """A mask of the scan: all voxels of this range along its first axis, and a block of the others."""
    mask = np.zeros(SHAPE, bool)
    mask[first:stop, 8:40, 2:8] = True
    return mask


def ends(first: int, stop: int) -> tuple[float, float]:
    """The lowest and the highest dose of a box."""
    return START + SLOPE * first * SPACING[0], START + SLOPE * stop * SPACING[0]


def predict_boxes(folder: Path, root: Path, ranges: list[tuple[int, int]]) -> Path:
    """Predictions of one case whose samples of class 1 are boxes; class 2 is in none of them."""
    run = make_run(folder / "run", "segmentation", root)
    grid = Volume(np.zeros(SHAPE, np.uint8), AFFINE)
    scan = folder / "scan.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros(SHAPE, np.uint8), AFFINE), scan)
    masks = np.stack([np.stack([box(*each), np.zeros(SHAPE, bool)]) for each in ranges])
    bits = np.packbits(masks.reshape(1, len(ranges), 2, -1), axis=-1, bitorder="little")
    out = folder / "predictions"
    write_nifti(out / CASE / "label.nii.gz", grid)
    StoredSamples(bits, None, grid).write(out / CASE)
    entry = CaseEntry(images=[str(scan)], label=None, seconds={})
    manifest = Manifest(
        run=str(run.path),
        method="hybrid",
        samples=len(ranges),
        seed=5,
        weights_digest=["ab" * 32],
        tfuq_version="0.1.0",
        cases={CASE: entry},
    )
    manifest.write(out)
    return out


def write_plan(
    path: Path, spacing=(2.5, 3.0), distance=4.0, function=dose_at, middle=None, **elements
) -> Path:
    """RTDOSE of a grid that is turned and shifted against the scan, and reaches beyond all of it.

    It lies about ``middle``, in mm; about that of the boxes' scan if that is None.
    """
    turn = Rotation.from_euler("xyz", [-20, 15, 50], degrees=True).as_matrix()
    if middle is None:
        middle = AFFINE[:3, :3] @ (np.array(SHAPE) / 2) + AFFINE[:3, 3]
    counts = np.array([60, 50, 40])  # columns, rows, planes
    steps = np.array([spacing[1], spacing[0], distance])
    origin = middle - turn @ (steps * (counts - 1) / 2) + [0.7, -0.4, 1.1]
    index = np.stack(np.indices(counts), -1)
    places = origin + (index * steps) @ turn.T
    lps = np.diag([-1.0, -1.0, 1.0])
    dose = np.maximum(function(places), 0).transpose(2, 1, 0)
    orientation = np.concatenate([lps @ turn[:, 0], lps @ turn[:, 1]])
    return write_rtdose(
        path,
        dose,
        origin=lps @ origin,
        orientation=orientation,
        spacing=spacing,
        offsets=np.arange(counts[2]) * distance,
        scale=1e-7,
        **elements,
    )
