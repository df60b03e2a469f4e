"""Phantoms: images made with a known distribution of labels, written as real files in official layouts.

``tfuq data synth NAME DIR`` writes them; beside the official files lie several raters' labels (``raters/rater-01/…``) and the
true class probabilities of every voxel (``probabilities/…``).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tfuq.data.budget import require_memory
from tfuq.data.phantoms.abdomen import write_liver_phantom
from tfuq.data.phantoms.brain import write_brain_decathlon, write_brain_iseg2017
from tfuq.data.phantoms.cephalogram import write_cephalogram
from tfuq.data.phantoms.digits import write_digits
from tfuq.data.phantoms.head import write_head_ct
from tfuq.data.phantoms.tumour import write_brats_phantom
from tfuq.data.writers import FolderTakenError, new_folder
from tfuq.errors import DataError
from tfuq.registry import Registry

Shape = tuple[int, int, int]
Writer = Callable[..., None]  # folder, cases, seed; of those in _SIZED also the shape
PHANTOMS: Registry[Writer] = Registry("phantom")
PHANTOMS.register("brain-decathlon")(write_brain_decathlon)
PHANTOMS.register("brain-iseg2017")(write_brain_iseg2017)
PHANTOMS.register("brats-phantom")(write_brats_phantom)
PHANTOMS.register("cephalogram")(write_cephalogram)
PHANTOMS.register("digits")(write_digits)
PHANTOMS.register("head-ct")(write_head_ct)
PHANTOMS.register("liver-phantom")(write_liver_phantom)
_SIZED = ("brats-phantom", "liver-phantom")
_LEAST, _VOXEL_BYTES = 16, 200  # voxels along an axis; a voxel while it is drawn


def synthesize(name: str, folder: Path, *, cases: int, seed: int, shape: Shape | None = None) -> None:
    """Write a phantom data set into a folder that is new, and then appears whole, or empty; ``shape`` is that of its volumes.

    Raises:
        ConfigError: no such phantom. FolderTakenError: the folder holds something. DataError: the phantom cannot have the
            shape.
    """
    write = PHANTOMS[name]
    if shape:
        _check_shape(name, shape)
    if folder.is_dir() and any(folder.iterdir()):
        raise FolderTakenError(f"{folder}: is not empty; choose a new folder for the phantom")
    with new_folder(folder, "data set") as place:
        write(place, cases, seed, **({"shape": shape} if shape else {}))


def _check_shape(name: str, shape: Shape) -> None:
    if name not in _SIZED:
        raise DataError(f"phantom {name} has one size; a shape may be given for {', '.join(_SIZED)}")
    if min(shape) < _LEAST:
        raise DataError(f"a phantom of {'×'.join(map(str, shape))} voxels is too small; give {_LEAST} or more along each axis")
    require_memory(shape, _VOXEL_BYTES)
