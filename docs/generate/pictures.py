"""Pictures of what high and low values of the measures look like, drawn when the site is built.

They are of made samples, and every number in them is computed by tfuq.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from docs.generate.image_pictures import pictures_of_images
from docs.generate.landmark_pictures import pictures_of_landmarks
from docs.generate.map_pictures import pictures_of_maps
from docs.generate.picture import Picture
from docs.generate.structure_pictures import pictures_of_structures
from tfuq.report.plotting import own_style

FOLDER = "pictures"
_DPI = 110


def pictures() -> Iterator[Picture]:
    """Every picture; none is drawn yet."""
    yield from pictures_of_maps()
    yield from pictures_of_images()
    yield from pictures_of_structures()
    yield from pictures_of_landmarks()


def write_pictures(folder: Path) -> None:
    """Draw every picture as PNG, in a process for each core.

    Args:
        folder: It is made where there is none.
    """
    from sphinx.util.parallel import ParallelTasks, make_chunks  # what tests read is without Sphinx

    folder.mkdir(exist_ok=True)
    processes = os.cpu_count() or 1
    tasks = ParallelTasks(processes)
    for some in make_chunks(list(pictures()), processes):
        tasks.add_task(partial(_save_all, folder=folder), some)
    tasks.join()


def _save_all(some: Sequence[Picture], folder: Path) -> None:
    for picture in some:
        save(picture, folder / f"{picture.kind}.png")


def save(picture: Picture, path: Path) -> None:
    """Draw a picture as PNG.

    Args:
        picture: What to draw.
        path: Of the file.
    """
    with own_style():
        picture.draw().savefig(path, dpi=_DPI)
