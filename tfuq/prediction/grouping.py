"""Files that are given to be predicted, as cases of a network of several channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tfuq.data.channels import (
    channel_files,
    files_of_case,
    name_key,
    numbered_channels,
    readable_files,
    split_channel,
)
from tfuq.data.layouts.pairing import files_by_name
from tfuq.data.readers import read_channels, stem
from tfuq.errors import DataError

_Files = tuple[Path, ...]  # of one case


@dataclass(frozen=True, kw_only=True)
class Channels:
    """What a network takes.

    Attributes:
        count: The number of its channels.
        names: Their names in order; none where they are not known.
        are_numbered: Whether nnU-Net's numbers in names of files are those of the channels.
    """

    count: int
    names: tuple[str, ...] = ()
    are_numbered: bool = False

    def __str__(self) -> str:
        """The number, with the names where they are known."""
        if not self.names:
            return str(self.count)
        return f"{self.count} ({', '.join(self.names)})"


def groups_of_files(files: Sequence[Path], channels: Channels) -> list[tuple[str, _Files]]:
    """Group files in the order given.

    A file that has all channels is a case; files of one channel make a case each as many.

    Args:
        files: The files.
        channels: What the network takes.

    Returns:
        The id of each case, as `groups_of_folder` gives it, with its files.

    Raises:
        DataError: A file has another number of channels, files make no whole case, or their names
            tell channels in another order.
    """
    if channels.count == 1 and _have_own_numbers(files, channels):
        return [(_case_told(path, channels.names), (path,)) for path in files]
    if len(files) == 1 or channels.count == 1:
        return [(stem(path), (path,)) for path in files]
    groups: list[tuple[str, _Files]] = []
    started: list[Path] = []  # files of a case that is not whole yet
    for path in files:
        if _is_whole(path, channels) and not started:
            groups.append((stem(path), (path,)))
            continue
        started.append(path)
        if len(started) == channels.count:
            _require_order(started, channels)
            case = _case_told(started[0], _names_in_files(started, channels))
            groups.append((case, tuple(started)))
            started = []
    if started:
        raise DataError(
            f"--input: {len(files)} files do not make cases of {channels.count} channels each "
            f"({started[0].name} begins one that is not whole); "
            "give the channels of each case in turn"
        )
    return groups


def _is_whole(path: Path, channels: Channels) -> bool:
    """Whether a file has all channels; else it has one."""
    count = read_channels(path)
    if count not in (1, channels.count):
        raise DataError(
            f"{path}: has {count} channel(s), the run was trained with {channels}; give those"
        )
    return count == channels.count


def _require_order(files: Sequence[Path], channels: Channels) -> None:
    """Refuse files whose names tell other channels than their places, or several cases."""
    names = _names_in_files(files, channels)
    if not names:
        return
    told = []
    for path, name in zip(files, names, strict=True):
        part = split_channel(stem(path), names)
        if part and name_key(part[1]) != name_key(name):
            raise DataError(
                f"{path}: is channel '{part[1]}' where '{name}' is due; give the channels of each "
                f"case in the order {', '.join(names)}"
            )
        told.append(part and part[0])
    cases = sorted({case for case in told if case})
    if len(cases) > 1:
        names = " and ".join(path.name for path in files)
        raise DataError(
            f"--input: {names} would be channels of one case, and their names tell several "
            f"({', '.join(cases)}); give the channels of each case in turn"
        )


def _case_told(path: Path, names: Sequence[str]) -> str:
    """The case that the name of a channel's file tells; its folder's where that is the channel's.

    Where the name ends in no channel, it is that of the case.
    """
    part = split_channel(stem(path), names)
    if part is None:
        return stem(path)
    return part[0] or name_key(path.absolute().parent.name)


def _names_in_files(files: Sequence[Path], channels: Channels) -> Sequence[str]:
    """What the names of files end in, channel by channel: nnU-Net's numbers, or the run's names."""
    if channels.are_numbered and numbered_channels(files):
        return _numbers(channels)
    return channels.names


def _numbers(channels: Channels) -> list[str]:
    return [f"{number:04d}" for number in range(channels.count)]


def groups_of_folder(folder: Path, channels: Channels) -> dict[str, _Files]:
    """Group what is in a folder into cases by its names.

    It has files of all channels; files named ``CASE_CHANNEL``; folders named as cases, with a file
    per channel; or it is one such folder.

    Args:
        folder: The folder.
        channels: What the network takes.

    Returns:
        The files of each case by its id; none where the folder holds nothing to read.

    Raises:
        DataError: Its files have another number of channels or make no whole cases, or which files
            belong together is not told.
    """
    files = readable_files(folder)
    if channels.count == 1:
        return _of_one_channel(folder, files, channels)
    if files and all(_is_whole(path, channels) for path in files):
        return {stem(path): (path,) for path in files_by_name(folder).values()}
    if {stem(path) for path in files} & set(channels.names):
        return {name_key(folder.absolute().name): files_of_case(folder, channels.names)}
    numbers = numbered_channels(files)
    if numbers and channels.are_numbered:
        return channel_files(folder, _numbers(channels))
    if channels.names and (files or _has_files_below(folder)):
        return channel_files(folder, channels.names)
    if files:
        raise _not_told(folder, channels)
    return {}


def _of_one_channel(folder: Path, files: Sequence[Path], channels: Channels) -> dict[str, _Files]:
    """A case per file, whose id has no number where the run's own names of files have one."""
    if files and _have_own_numbers(files, channels):
        return channel_files(folder, channels.names)
    return {stem(path): (path,) for path in files_by_name(folder).values()}


def _have_own_numbers(files: Sequence[Path], channels: Channels) -> bool:
    """Whether the names of all files end in the number that a run's only channel has."""
    parts = [split_channel(stem(path), channels.names) for path in files]
    is_numbered = all(map(str.isdecimal, channels.names))
    return is_numbered and all(part and part[0] for part in parts)


def _has_files_below(folder: Path) -> bool:
    return any(readable_files(path) for path in folder.iterdir() if path.is_dir())


def _not_told(folder: Path, channels: Channels) -> DataError:
    return DataError(
        f"{folder}: a case of this run has {channels} channels, and the names of these files do "
        "not tell which belong together; name them CASE_0000, CASE_0001 …, "
        "or give the files of each case in turn, each with --input"
    )
