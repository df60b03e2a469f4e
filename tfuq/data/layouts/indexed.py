"""Files that a data set's own index names."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from unicodedata import normalize

from tfuq.errors import DataError

_MOST_UP = 1  # folders above that of the data set


def indexed_path(root: Path, written: str, source: str) -> Path:
    """Find the file that an index names, from the data set's folder on.

    Backslashes are taken as separators of folders, as Windows writes them, unless there is a file
    whose name has them. ``..`` may lead into the folder that holds the data set's, and no further
    up. An absolute name is taken as it stands.

    Args:
        root: The folder of the data set.
        written: The name as the index has it.
        source: The index and where in it, for messages.

    Returns:
        The path; of a name in another form of Unicode that of the file that is there.

    Raises:
        DataError: It leads too far out of the folder.
    """
    path = root / with_slashes(root, written)
    _require_near(root, written, source)
    if not written.isascii() and not path.is_file():
        return _in_another_form(path)
    return path


def with_slashes(root: Path, written: str) -> str:
    """The name as an index has it, with slashes where Windows has backslashes."""
    if "\\" not in written or (root / written).is_file():
        return written
    return written.replace("\\", "/")


def _require_near(root: Path, written: str, source: str) -> None:
    level = 0
    for part in PurePosixPath(with_slashes(root, written)).parts:
        level += -1 if part == ".." else 1
        if level < -_MOST_UP:
            raise DataError(
                f"{source}: '{written}' leads more than one folder out of {root}; "
                "name the file by its absolute path, or move the files"
            )


def _in_another_form(path: Path) -> Path:
    for name in (normalize("NFC", path.name), normalize("NFD", path.name)):
        other = path.with_name(name)
        if other.is_file():
            return other
    return path
