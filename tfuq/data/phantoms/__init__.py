"""Phantoms: images made with a known distribution of labels, written as real files in official layouts.

``tfuq data synth NAME DIR`` writes them; beside the official files lie several raters' labels (``raters/rater-01/…``) and the
true class probabilities of every voxel (``probabilities/…``).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from tfuq.data.phantoms.brain import write_brain_decathlon, write_brain_iseg2017
from tfuq.data.phantoms.cephalogram import write_cephalogram
from tfuq.data.phantoms.digits import write_digits
from tfuq.data.writers import whole_folder
from tfuq.errors import DataError
from tfuq.registry import Registry

Writer = Callable[[Path, int, int], None]  # folder, cases, seed
PHANTOMS: Registry[Writer] = Registry("phantom")
PHANTOMS.register("brain-decathlon")(write_brain_decathlon)
PHANTOMS.register("brain-iseg2017")(write_brain_iseg2017)
PHANTOMS.register("cephalogram")(write_cephalogram)
PHANTOMS.register("digits")(write_digits)


def synthesize(name: str, folder: Path, *, cases: int, seed: int) -> None:
    """Write a phantom data set into a folder that is new, and then appears whole, or empty.

    Raises:
        ConfigError: no such phantom. DataError: the folder holds something.
    """
    write = PHANTOMS[name]
    if folder.is_dir() and any(folder.iterdir()):
        raise DataError(f"{folder}: is not empty; choose a new folder for the phantom")
    with nullcontext(folder) if folder.is_dir() else whole_folder(folder) as place:
        write(place, cases, seed)
