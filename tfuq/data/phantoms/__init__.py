"""Phantoms: images made with a known distribution of labels, as real files in official layouts.

``tfuq data synth NAME DIR`` writes them. Beside the official files lie several raters' labels
(``raters/rater-01/…``) and the true class probabilities of every voxel (``probabilities/…``).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tfuq.config.registry import Registry
from tfuq.data.budget import require_memory
from tfuq.data.phantoms.abdomen import write_liver_phantom
from tfuq.data.phantoms.brain import (
    write_brain_decathlon,
    write_brain_iseg2017,
    write_brain_mrbrains,
)
from tfuq.data.phantoms.cephalogram import write_cephalogram
from tfuq.data.phantoms.digits import write_digits
from tfuq.data.phantoms.head import write_head_ct
from tfuq.data.phantoms.head_mr import write_head_mr
from tfuq.data.phantoms.hippocampus import write_hippocampus_phantom
from tfuq.data.phantoms.tumour import write_brats_phantom
from tfuq.data.writers import FolderTakenError, new_folder
from tfuq.errors import DataError

Shape = tuple[int, int, int]
Writer = Callable[..., None]  # folder, cases, seed; of those in _SIZED also the shape
PHANTOMS: Registry[Writer] = Registry("phantom")
PHANTOMS.register("brain-decathlon")(write_brain_decathlon)
PHANTOMS.register("brain-iseg2017")(write_brain_iseg2017)
PHANTOMS.register("brain-mrbrains")(write_brain_mrbrains)
PHANTOMS.register("brats-phantom")(write_brats_phantom)
PHANTOMS.register("cephalogram")(write_cephalogram)
PHANTOMS.register("digits")(write_digits)
PHANTOMS.register("head-ct")(write_head_ct)
PHANTOMS.register("head-mr")(write_head_mr)
PHANTOMS.register("hippocampus-phantom")(write_hippocampus_phantom)
PHANTOMS.register("liver-phantom")(write_liver_phantom)
_SIZED = ("brats-phantom", "liver-phantom")
_LEAST = 16  # voxels along an axis
_VOXEL_BYTES = 200  # a voxel while its phantom is made


def synthesize(
    name: str, folder: Path, *, cases: int, seed: int, shape: Shape | None = None
) -> None:
    """Write a phantom data set, which appears whole.

    Args:
        name: The name of the phantom.
        folder: The folder to write, which is new or empty.
        cases: How many cases to write.
        seed: The same seed writes the same bytes.
        shape: The shape of the volumes; None for the phantom's own.

    Raises:
        ConfigError: No such phantom.
        FolderTakenError: The folder holds something.
        DataError: The phantom cannot have the shape.
    """
    write = PHANTOMS[name]
    options = {}
    if shape:
        _check_shape(name, shape)
        options["shape"] = shape
    if folder.is_dir() and any(folder.iterdir()):
        raise FolderTakenError(f"{folder}: is not empty; choose a new folder for the phantom")
    with new_folder(folder, "data set") as unfinished:
        write(unfinished, cases, seed, **options)


def _check_shape(name: str, shape: Shape) -> None:
    if name not in _SIZED:
        sized = ", ".join(_SIZED)
        raise DataError(f"phantom {name} has one size; a shape may be given for {sized}")
    if min(shape) < _LEAST:
        sizes = "×".join(map(str, shape))
        raise DataError(
            f"a phantom of {sizes} voxels is too small; give {_LEAST} or more along each axis"
        )
    require_memory(shape, _VOXEL_BYTES)
