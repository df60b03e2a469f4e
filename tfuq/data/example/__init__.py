"""A scan that comes with tfuq: the left hippocampus of the average of 152 brains.

Of no person; ``LICENCE.txt`` beside it says where it is from. A model that comes with tfuq can be
seen at work on it, where no other scan is at hand.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from tfuq.data.writers import write_bytes, write_text

SCAN = "mni152_left_hippocampus.nii.gz"
_LICENCE = "LICENCE.txt"


def write_example(folder: Path) -> Path:
    """Write the scan, and its licence beside it, as it must be in all copies.

    Args:
        folder: The folder to write to.

    Returns:
        The file of the scan.
    """
    shipped = resources.files(__name__)
    write_bytes(folder / SCAN, shipped.joinpath(SCAN).read_bytes())
    write_text(folder / _LICENCE, shipped.joinpath(_LICENCE).read_text(encoding="utf-8"))
    return folder / SCAN
