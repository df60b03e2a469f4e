"""Seconds and peak memory of tfuq score of one large made CT with many classes.

python benchmarks/score_large.py --shape 512 512 300 --classes 20 [--folder DIR] [--figures]

The run, its predictions and the reference are made once in the folder, and taken again if they are
there. Files have the size of real ones, but are easier to compress.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import nibabel
import numpy as np
from isal import igzip

from tfuq.config import load
from tfuq.data.cases import Case
from tfuq.data.writers import write_csv
from tfuq.measures.catalogue import OF_VOXELS, names_of
from tfuq.runs import create
from tfuq.runs.results import Manifest

SPACING = (0.8, 0.8, 1.5)
PLANES = 16  # that are made at once
OFFSET = 352  # of voxels in a NIfTI file
METHOD = "mc-dropout"


def main() -> None:
    arguments = parsed()
    size = "x".join(map(str, (*arguments.shape, arguments.classes)))
    folder = Path(arguments.folder) / size
    predictions = folder / "run" / "predictions" / METHOD
    if not (predictions / "manifest.json").is_file():
        write_case(folder, predictions, tuple(arguments.shape), arguments.classes)
    command = [
        sys.executable,
        "-c",
        "from tfuq_cli.main import main; main()",
        "score",
        str(predictions),
    ]
    command.append("--figures" if arguments.figures else "--no-figures")
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"score of {size}: {seconds:.1f} s, {peak.ru_utime + peak.ru_stime:.1f} s of processor, "
        f"peak {peak.ru_maxrss / 2**20:.2f} GiB"
    )


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", type=int, nargs=3, default=(128, 128, 75))
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--folder", default="/tmp/tfuq-score-large")
    parser.add_argument("--figures", action="store_true")
    return parser.parse_args()


def write_case(folder: Path, predictions: Path, shape: tuple[int, ...], classes: int) -> None:
    """Write a run, its image and reference, and predictions of them."""
    truth = organs(shape, classes, np.zeros(3))
    label = organs(shape, classes, np.array([1.5, -1.0, 0.5]))
    doubt = doubts(truth, label)
    case_folder = predictions / "ct"
    case_folder.mkdir(parents=True)
    image = doubt_image(truth)
    write_channels(folder / "ct.nii.gz", [image])
    write_channels(folder / "ct-label.nii.gz", [truth])
    write_channels(case_folder / "label.nii.gz", [label])
    write_channels(
        case_folder / "probability.nii.gz", probabilities(label, doubt, classes), classes
    )
    for number, name in enumerate(names_of(OF_VOXELS), start=1):
        values = doubt ** np.float32(1 / number) * np.float32(0.6)
        write_channels(case_folder / f"{name}.nii.gz", [values])
    write_tables(folder, predictions, classes)


def write_tables(folder: Path, predictions: Path, classes: int) -> None:
    """Write the run's configuration, the table of structures, and last the manifest."""
    names = ["background", *(f"organ{k:03d}" for k in range(1, classes))]
    config = load("quickstart", (f"data.classes={names}",))
    create(folder / "run", config, {"train": [], "validation": [], "test": []}, facts())
    rows = []
    for name in names[1:]:
        rows.append({"case": "ct", "class": name, "component": "all", "volume_mean_mm3": 1.0})
    write_csv(predictions / "ct" / "structures.csv", rows)
    manifest = Manifest(
        run=os.path.realpath(folder / "run"),
        method=METHOD,
        samples=10,
        seed=0,
        weights_digest=["0"],
        tfuq_version="0",
    )
    case = Case("ct", (folder / "ct.nii.gz",), folder / "ct-label.nii.gz")
    manifest.add(case, {})
    manifest.write(predictions)


def facts() -> dict[str, object]:
    return {"channels": 1, "statistics": None}


def organs(shape: tuple[int, ...], classes: int, shift: np.ndarray) -> np.ndarray:
    """Ellipsoids of the classes, of which later ones cover earlier ones."""
    rng = np.random.default_rng(0)
    label = np.zeros(shape, np.uint8, order="F")
    for k in range(1, classes):
        centre = np.array(shape) * rng.uniform(0.15, 0.85, 3) + shift
        radii = np.array(shape) * rng.uniform(0.05, 0.2, 3)
        low = np.maximum(centre - radii, 0).astype(int)
        high = np.minimum(centre + radii + 1, shape).astype(int)
        axes = np.ogrid[tuple(map(slice, low, high))]
        scaled = zip(axes, centre, radii, strict=True)
        distance = sum(((axis - middle) / radius) ** 2 for axis, middle, radius in scaled)
        label[tuple(map(slice, low, high))][distance < 1] = k
    return label


def doubts(truth: np.ndarray, label: np.ndarray) -> np.ndarray:
    """One less the largest probability: much where truth and label differ, noise elsewhere."""
    rng = np.random.default_rng(1)
    doubt = np.empty(label.shape, np.float32, order="F")
    for start in range(0, label.shape[2], PLANES):
        planes = (..., slice(start, start + PLANES))
        noise = rng.integers(1, 200, label[planes].shape).astype(np.float32) / 512
        differs = truth[planes] != label[planes]
        factor = np.float32(2) ** rng.integers(-9, 0, noise.shape).astype(np.float32)
        doubt[planes] = np.where(differs, noise, noise * factor)
    return doubt


def doubt_image(truth: np.ndarray) -> np.ndarray:
    """An image in which organs have shades."""
    return truth.astype(np.int16, order="F") * np.int16(20)


def probabilities(label: np.ndarray, doubt: np.ndarray, classes: int) -> Iterator[np.ndarray]:
    """The probability of one class after the other."""
    others = doubt / np.float32(classes - 1)
    for k in range(classes):
        yield np.where(label == k, 1 - doubt, others)


def write_channels(path: Path, channels: Iterable[np.ndarray], count: int = 1) -> None:
    """Write channels one by one, so that not all have to be in memory.

    Args:
        path: to write.
        channels: ``[X, Y, Z]`` each.
        count: how many they are.
    """
    with igzip.open(path, "wb", compresslevel=1) as file:
        for number, channel in enumerate(channels):
            if number == 0:
                file.write(header_of(channel, count))
            file.write(memoryview(channel.ravel(order="F")).cast("B"))


def header_of(channel: np.ndarray, count: int) -> bytes:
    """The header of a file of channels like this one."""
    header = nibabel.Nifti1Header()
    shape = channel.shape
    if count > 1:
        shape = (*shape, count)
    header.set_data_shape(shape)
    header.set_data_dtype(channel.dtype)
    affine = np.diag([*SPACING, 1.0])
    header.set_qform(affine, 1)
    header.set_sform(affine, 1)
    header.set_slope_inter(1, 0)
    header["vox_offset"] = OFFSET
    header["magic"] = b"n+1"
    return header.binaryblock + bytes(OFFSET - len(header.binaryblock))


if __name__ == "__main__":
    main()
