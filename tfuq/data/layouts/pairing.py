"""Images and labels of two folders, which belong together by their names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from tfuq.data.channels import channel_files, name_key, numbered_channels, readable_files
from tfuq.data.readers import stem
from tfuq.errors import DataError

_Images = dict[str, tuple[Path, ...]]  # the files of each case


def files_by_name(folder: Path) -> dict[str, Path]:
    """The readable files of a folder by name without ending, in Unicode's composed form.

    Returns:
        The files; none where there is no folder.

    Raises:
        DataError: Two files have one name.
    """
    if not folder.is_dir():
        return {}
    files: dict[str, Path] = {}
    for path in readable_files(folder):
        name = name_key(stem(path))
        if name in files:
            raise DataError(
                f"{path}: has the name of {files[name].name}, and which of them is meant is not "
                "told; keep one, or rename it"
            )
        files[name] = path
    return files


def images_by_case(
    folder: Path, channels: Sequence[str], labelled: Collection[str]
) -> tuple[_Images, tuple[str, ...]]:
    """The images of a folder by the id of their case, with the names of channels.

    Args:
        folder: It has a file per case, or of each case a file per channel.
        channels: The names of channels. If there are none, files are channels where they all have
            nnU-Net's numbers and labels have the names before the numbers.
        labelled: The names of labels, without ending.

    Returns:
        The files of each case, and the names of their channels where those are told.

    Raises:
        DataError: As `files_by_name` and `channel_files`.
    """
    channels = channels or _numbers_by_labels(folder, labelled)
    if channels:
        return channel_files(folder, channels), tuple(channels)
    return {stem(path): (path,) for path in files_by_name(folder).values()}, ()


def _numbers_by_labels(folder: Path, labelled: Collection[str]) -> list[str]:
    """nnU-Net's numbers of all channels; none where files have no such numbers."""
    paths = readable_files(folder)
    numbers = numbered_channels(paths)
    if not numbers or not set(numbers) & set(labelled):
        return []
    if {name_key(stem(path)) for path in paths} & set(labelled):
        return []
    return sorted({number for of_case in numbers.values() for number in of_case})
