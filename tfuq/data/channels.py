"""Files of one folder as cases of a file per channel.

The name of a channel ends the name of its file: ``CASE_T1.nii.gz`` or ``CASE-T1.nii.gz``. nnU-Net's
numbers are such names: ``CASE_0000.nii.gz``, ``CASE_0001.nii.gz``. A case may also have a folder of
its own, as in MRBrainS: ``CASE/T1.nii``, ``CASE/T1_IR.nii``. The folder of a DICOM series is as a
file: ``CASE_T1/`` or ``CASE/T1/``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfuq.data.readers import is_readable, stem
from tfuq.data.readers.dicom.marks import is_series_folder
from tfuq.errors import DataError, nearest

_SEPARATORS = ("_", "-")  # between a case and its channel
_NUMBERED = re.compile(r"(.+)_(\d{4})", re.DOTALL)  # nnU-Net's names


@dataclass(frozen=True, kw_only=True)
class _ChannelFile:
    """A file of one channel, and the case that its name tells."""

    case: str
    channel: str
    path: Path


def name_key(name: str) -> str:
    """The name in Unicode's composed form, in which names that look alike are equal.

    File systems, archives and tables write an accent as a sign of its own, or as part of a letter.
    """
    return unicodedata.normalize("NFC", name)


def readable_files(folder: Path) -> list[Path]:
    """What tfuq reads in a folder, sorted: files, and folders of a DICOM series."""
    return sorted(path for path in folder.iterdir() if is_readable(path))


def split_channel(name: str, channels: Sequence[str]) -> tuple[str, str] | None:
    """Tell the channel that a file's name without ending ends in; of several, the longest.

    Args:
        name: The name, such as ``anna_T1``.
        channels: The names of the channels.

    Returns:
        The rest of the name, which is empty where the name is that of the channel, and the channel;
        None where it ends in none.
    """
    key = name_key(name)
    for channel in sorted(channels, key=len, reverse=True):
        ending = name_key(channel)
        if key == ending:
            return "", channel
        for separator in _SEPARATORS:
            if key.endswith(separator + ending):
                return key[: -len(separator + ending)], channel
    return None


def numbered_channels(paths: Iterable[Path]) -> dict[str, list[str]] | None:
    """Tell nnU-Net's numbers in the names of files.

    Returns:
        The numbers of each case, such as ``["0000", "0001"]``; None where a name has no number.
    """
    numbers: dict[str, list[str]] = {}
    for path in paths:
        match = _NUMBERED.fullmatch(name_key(stem(path)))
        if not match:
            return None
        numbers.setdefault(match[1], []).append(match[2])
    return numbers


def channel_files(folder: Path, channels: Sequence[str]) -> dict[str, tuple[Path, ...]]:
    """Group the files of a folder into cases.

    Args:
        folder: It has ``CASE_CHANNEL.*``, ``CASE-CHANNEL.*`` or folders ``CASE`` with a file of
            each channel, whose name is that of the channel or ends in it. Other files in a case's
            own folder are left out. The folder of a DICOM series is as a file.
        channels: The names of the channels in the order of the network's.

    Returns:
        The files of each case by its id, in the order of ``channels``.

    Raises:
        DataError: A case lacks a channel or has one twice, or a file beside the cases is of no
            channel.
    """
    cases: dict[str, dict[str, Path]] = {}
    for file in _channel_files(folder, channels):
        _enter(cases.setdefault(file.case, {}), file)
    return {case: _in_order(folder, case, files, channels) for case, files in cases.items()}


def files_of_case(folder: Path, channels: Sequence[str]) -> tuple[Path, ...]:
    """Find the files of one case in its own folder.

    Args:
        folder: It is named as the case; other files in it are left out.
        channels: The names of the channels in the order of the network's.

    Raises:
        DataError: The case lacks a channel or has one twice.
    """
    files: dict[str, Path] = {}
    for file in _files_of_case(folder, channels):
        _enter(files, file)
    return _in_order(folder, name_key(folder.name), files, channels)


def _enter(files: dict[str, Path], file: _ChannelFile) -> None:
    """Add a file to those of its case by channel."""
    if file.channel in files:
        raise DataError(
            f"{file.path}: is channel '{file.channel}' of case '{file.case}' as "
            f"{files[file.channel].name} is; keep one"
        )
    files[file.channel] = file.path


def _channel_files(folder: Path, channels: Sequence[str]) -> Iterator[_ChannelFile]:
    for path in sorted(folder.iterdir()):
        is_file = path.is_file() and is_readable(path)
        if is_file or _is_of_one_series(path, channels):
            case, channel = _required_channel(path, channels)
            yield _ChannelFile(case=case, channel=channel, path=path)
        elif path.is_dir() and not path.name.startswith("."):
            yield from _files_of_case(path, channels)


def _is_of_one_series(path: Path, channels: Sequence[str]) -> bool:
    """Whether a path is the folder of a DICOM series, and not of a case with a file per channel.

    Where its own name tells a channel, the names of its files do not matter.
    """
    if not is_series_folder(path):
        return False
    names = [stem(file) for file in readable_files(path)]
    is_case = any(split_channel(name, channels) for name in names)
    return split_channel(path.name, channels) is not None or not is_case


def _files_of_case(folder: Path, channels: Sequence[str]) -> Iterator[_ChannelFile]:
    files = readable_files(folder)
    parts = [split_channel(stem(path), channels) for path in files]
    if files and not any(parts):
        names = ", ".join(path.name for path in files[:3])
        raise DataError(
            f"{folder}: its files ({names}) are none of the channels {', '.join(channels)}; "
            "name them in data.channels, rename the files, or move the folder"
        )
    for path, part in zip(files, parts, strict=True):
        if part:
            yield _ChannelFile(case=name_key(folder.name), channel=part[1], path=path)


def _required_channel(path: Path, channels: Sequence[str]) -> tuple[str, str]:
    name = stem(path)
    part = split_channel(name, channels)
    if part is None:
        ending = re.split("[_-]", name)[-1]
        raise DataError(
            f"{path}: its name ends in none of the channels {', '.join(channels)}"
            f"{nearest(ending, channels)}; rename it to CASE_{channels[0]}, move it elsewhere, "
            "or name its channel in data.channels"
        )
    if not part[0]:
        raise DataError(
            f"{path}: names a channel and no case; rename it to CASE_{name}, "
            "or put it into a folder named as its case"
        )
    return part


def _in_order(
    folder: Path, case: str, files: dict[str, Path], channels: Sequence[str]
) -> tuple[Path, ...]:
    missing = [channel for channel in channels if channel not in files]
    if missing:
        present = ", ".join(path.name for path in files.values())
        raise DataError(
            f"{folder}: case '{case}' has no file of channel '{missing[0]}' (it has {present}); "
            "add the file, or move the others of the case elsewhere"
        )
    return tuple(files[channel] for channel in channels)
