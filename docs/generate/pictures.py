"""Pictures of what high and low values of the measures look like, drawn when the site is built.

They are of made samples, and every number in them is computed by tfuq.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from sphinx.util.parallel import ParallelTasks, make_chunks

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
    """Draw every picture as PNG.

    Args:
        folder: It is made where there is none.
    """
    folder.mkdir(exist_ok=True)
    processes = os.cpu_count() or 1
    tasks = ParallelTasks(processes)
    for some in make_chunks(list(pictures()), processes):
        tasks.add_task(partial(_write, folder=folder), some)
    tasks.join()


def _write(some: Sequence[Picture], folder: Path) -> None:
    with own_style():
        for picture in some:
            picture.draw().savefig(folder / f"{picture.kind}.png", dpi=_DPI)
