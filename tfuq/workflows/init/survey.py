"""The files of a folder that tfuq reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfuq.data.readers import is_readable, stem
from tfuq.data.readers.dicom.marks import is_structure_set
from tfuq.errors import DataError

_MOST_DEPTH = 5  # folders below the first
_MOST_FILES = 200_000


@dataclass(frozen=True, kw_only=True)
class Item:
    """A file, or the folder of a DICOM series.

    Attributes:
        folder: The names of the folders that it lies in, below the first.
        name: Its name without ending.
        ending: The ending of its name, such as ``.nii.gz``; of a folder, nothing.
        path: Where it is.
    """

    folder: tuple[str, ...]
    name: str
    ending: str
    path: Path

    @property
    def is_series(self) -> bool:
        """Whether it is the folder of a DICOM series."""
        return self.path.is_dir()

    @property
    def levels(self) -> tuple[str, ...]:
        """The names of all folders of its path: a series is one itself."""
        return (*self.folder, self.name) if self.is_series else self.folder


def require_folder(root: Path) -> None:
    """Refuse what is no folder.

    Raises:
        DataError: There is none.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; name the folder of your data")


def survey(root: Path) -> list[Item]:
    """List what can be read below a folder, sorted by path.

    Raises:
        DataError: There is nothing, or far too much.
    """
    require_folder(root)
    items = []
    for path in _readable_below(root, 0):
        items.append(_item(root, path))
        if len(items) > _MOST_FILES:
            raise DataError(
                f"{root}: has more than {_MOST_FILES} files that tfuq reads; "
                "name the folder of one data set"
            )
    if not items:
        raise DataError(
            f"{root}: has no file that tfuq reads; name a folder of NIfTI, NRRD, MetaImage, MGH, "
            "DICOM, PNG, TIFF, BMP or JPEG files"
        )
    return items


def _readable_below(folder: Path, depth: int) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if is_readable(path) or (path.is_file() and is_structure_set(path)):
            yield path
        elif path.is_dir() and depth < _MOST_DEPTH:
            yield from _readable_below(path, depth + 1)


def _item(root: Path, path: Path) -> Item:
    name = stem(path)
    folder = path.parent.relative_to(root).parts
    return Item(folder=folder, name=name, ending=path.name[len(name) :], path=path)
