"""Pictures of what high and low values of the measures look like, drawn when the site is built.

They are of made samples, and every number in them is computed by tfuq.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    """Draw every picture as PNG.

    Args:
        folder: It is made where there is none.
    """
    folder.mkdir(exist_ok=True)
    for picture in pictures():
        save(picture, folder / f"{picture.kind}.png")


def save(picture: Picture, path: Path) -> None:
    """Draw a picture as PNG.

    Args:
        picture: What to draw.
        path: Of the file.
    """
    with own_style():
        picture.draw().savefig(path, dpi=_DPI)
