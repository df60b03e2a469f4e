"""The layout of files whose names are told by patterns.

A pattern is a path below ``data.root`` in which ``{case}`` stands for the name of the case, such as
``scans/{case}.nii.gz``, ``{case}_seg.nii.gz`` or ``{case}/anat/{case}_T1w.nii.gz``. ``{rater}``
stands for the name of a rater, and ``*`` for any other text within a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfuq.data.case import Case
from tfuq.data.channels import name_key
from tfuq.data.layouts.registry import LAYOUTS
from tfuq.data.readers import is_readable
from tfuq.data.readers.dicom.marks import is_structure_set
from tfuq.errors import DataError

_FIELD = re.compile(r"(\{case\}|\{rater\}|\*)")
_NAME = "[^/]+?"  # what a field stands for
_UNNAMED = ""  # the rater of a label of which none is told, and the channel of a label


@dataclass(frozen=True, kw_only=True)
class _Role:
    """What the files of a pattern are."""

    channel: str
    is_label: bool
    pattern: str

    @property
    def fixed(self) -> int:
        """How many characters of the pattern are told: the more, the more particular it is."""
        return len(_FIELD.sub("", self.pattern))


@dataclass(frozen=True, kw_only=True)
class _Match:
    """A file that a pattern fits."""

    path: Path
    role: _Role
    case: str
    rater: str


@LAYOUTS.register("files")
def files(
    root: Path,
    image_files: str | Mapping[str, str],
    label_files: str | None = None,
) -> list[Case]:
    """List the files that fit the patterns.

    A file that fits several is of the one with most text of its own: ``a_seg.nii.gz`` is a label by
    ``{case}_seg.nii.gz`` and not an image by ``{case}.nii.gz``. The folder of a DICOM series is as
    a file.

    Args:
        root: The folder of the data set.
        image_files: The pattern of images, or one for each channel by its name.
        label_files: The pattern of labels; None where there are none.

    Raises:
        DataError: A case lacks a channel, has two files for one purpose, or a file fits two
            patterns alike.
    """
    roles = _roles(image_files, label_files)
    by_path: dict[Path, _Match] = {}
    for role in roles:
        for match in _matches(root, role):
            known = by_path.setdefault(match.path, match)
            if known is not match:
                by_path[match.path] = _more_particular(known, match)
    channels = [role.channel for role in roles if not role.is_label]
    return _cases(by_path.values(), channels)


def _roles(image_files: str | Mapping[str, str], label_files: str | None) -> list[_Role]:
    by_channel = {_UNNAMED: image_files} if isinstance(image_files, str) else image_files
    roles = []
    for channel, pattern in by_channel.items():
        roles.append(_Role(channel=channel, is_label=False, pattern=pattern))
    if label_files:
        roles.append(_Role(channel=_UNNAMED, is_label=True, pattern=label_files))
    return roles


def _matches(root: Path, role: _Role) -> Iterator[_Match]:
    """The files below a folder that a pattern fits, sorted."""
    expression = _expression(role.pattern)
    for path in sorted(root.glob(_FIELD.sub("*", role.pattern))):
        match = expression.fullmatch(name_key(path.relative_to(root).as_posix()))
        is_hidden = any(name.startswith(".") for name in path.relative_to(root).parts)
        if match is None or is_hidden or not _is_of(role, path):
            continue
        names = match.groupdict()
        yield _Match(path=path, role=role, case=names["case"], rater=names.get("rater") or _UNNAMED)


def _is_of(role: _Role, path: Path) -> bool:
    return is_readable(path) or (role.is_label and path.is_file() and is_structure_set(path))


def _expression(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern; a field that occurs twice is the same text twice."""
    parts = []
    seen: set[str] = set()
    for part in _FIELD.split(name_key(pattern)):
        name = part.strip("{}")
        if part == "*":
            parts.append("[^/]*")
        elif not _FIELD.fullmatch(part):
            parts.append(re.escape(part))
        elif name in seen:
            parts.append(f"(?P={name})")
        else:
            seen.add(name)
            parts.append(f"(?P<{name}>{_NAME})")
    return re.compile("".join(parts))


def _more_particular(first: _Match, second: _Match) -> _Match:
    if first.role.fixed == second.role.fixed:
        raise DataError(
            f"{first.path}: fits '{first.role.pattern}' and '{second.role.pattern}' alike; "
            "write more of the names into data.image_files and data.label_files"
        )
    return max(first, second, key=lambda match: match.role.fixed)


def _cases(matches: Iterable[_Match], channels: Sequence[str]) -> list[Case]:
    images: dict[str, dict[str, Path]] = {}
    labels: dict[str, dict[str, Path]] = {}
    for match in sorted(matches, key=lambda match: match.path):
        if match.role.is_label:
            _enter(labels.setdefault(match.case, {}), match.rater, match)
        else:
            _enter(images.setdefault(match.case, {}), match.role.channel, match)
    named = () if list(channels) == [_UNNAMED] else tuple(channels)
    cases = []
    for case_id, files in images.items():
        paths = _in_order(case_id, files, channels)
        raters = labels.get(case_id, {})
        label = raters.pop(_UNNAMED, None)
        cases.append(Case(case_id, paths, label, raters=raters, channels=named))
    _require_images(images, labels)
    return cases


def _enter(files: dict[str, Path], key: str, match: _Match) -> None:
    if key in files:
        kind = "label" if match.role.is_label else "image"
        raise DataError(
            f"{match.path}: is the {kind} of case '{match.case}' as {files[key]} is; keep one, or "
            "write more of the names into data.image_files and data.label_files"
        )
    files[key] = match.path


def _in_order(case_id: str, files: Mapping[str, Path], channels: Sequence[str]) -> tuple[Path, ...]:
    missing = [channel for channel in channels if channel not in files]
    if missing:
        present = ", ".join(path.name for path in files.values())
        raise DataError(
            f"case '{case_id}' has no file of channel '{missing[0]}' (it has {present}); "
            "add the file, move the others elsewhere, or correct data.image_files"
        )
    return tuple(files[channel] for channel in channels)


def _require_images(images: Mapping[str, object], labels: Mapping[str, object]) -> None:
    """Refuse patterns that name no case alike."""
    if images and labels and not set(images) & set(labels):
        raise DataError(
            f"no label is of a case that has an image ('{min(labels)}' and '{min(images)}'); "
            "correct data.image_files and data.label_files, so that {case} is the same text in both"
        )
