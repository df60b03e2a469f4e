"""What of a data set serves no purpose, and is not to be lost without a word."""

from __future__ import annotations

import difflib
import os
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tfuq.config import DataConfig
from tfuq.data.case import Case
from tfuq.data.channels import name_key
from tfuq.data.layouts.registry import REMARKS
from tfuq.data.readers import is_readable, stem
from tfuq.data.readers.dicom.marks import is_dicom_file, is_structure_set
from tfuq.errors import DataError

_MOST_DEPTH = 4  # folders below the data set's: no layout has cases further down
_MOST_NAMED = 3  # files or cases of a message
_ASIDE = ("validation", "test")  # parts that a data set itself may set aside


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """Files of one folder that tfuq reads and that are of no case.

    Attributes:
        folder: The folder.
        files: The files, sorted.
        are_labels: Whether the folder has the labels of cases.
    """

    folder: Path
    files: tuple[Path, ...]
    are_labels: bool


def leftovers(cases: Sequence[Case], root: Path | None = None) -> list[Leftover]:
    """Find files of no case.

    Args:
        cases: All cases of a data set.
        root: The folder to look through; None for those folders alone that cases have files in.
    """
    used = {os.path.abspath(path) for case in cases for path in _files_of(case)}
    label_folders = _folders(path for case in cases for path in _labels_of(case))
    image_folders = _folders(path for case in cases for path in case.images)
    folders = label_folders | image_folders
    if root is not None:
        folders |= set(_folders_below(os.path.abspath(root)))
    found = []
    for folder in sorted(folders):
        are_labels = folder in label_folders - image_folders
        files = tuple(path for path in _files_in(folder, are_labels) if not _is_used(path, used))
        if files:
            found.append(Leftover(folder=Path(folder), files=files, are_labels=are_labels))
    return found


def _is_used(path: Path, used: Container[str]) -> bool:
    """Whether a file is of a case, or is a slice of a DICOM series whose folder is."""
    is_slice = str(path.parent) in used and is_dicom_file(path)
    return str(path) in used or is_slice


def _labels_of(case: Case) -> Iterator[Path]:
    if case.label:
        yield case.label
    yield from case.raters.values()


def _files_of(case: Case) -> Iterator[Path]:
    yield from case.images
    yield from _labels_of(case)


def _folders(paths: Iterable[Path]) -> set[str]:
    return {os.path.dirname(os.path.abspath(path)) for path in paths}


def _folders_below(root: str) -> Iterator[str]:
    """The folder and those below it, each once; links are followed."""
    seen: set[str] = set()
    level = [root]
    for _ in range(_MOST_DEPTH + 1):
        level = [folder for folder in level if os.path.realpath(folder) not in seen]
        seen.update(map(os.path.realpath, level))
        yield from level
        level = [inner for folder in level for inner in _folders_in(folder)]


def _folders_in(folder: str) -> list[str]:
    return [path for path in _paths_in(folder) if os.path.isdir(path)]


def _files_in(folder: str, are_labels: bool) -> list[Path]:
    """The files that tfuq reads; structure sets are labels alone."""
    paths = [Path(path) for path in _paths_in(folder) if os.path.isfile(path)]
    return [path for path in paths if is_readable(path) or (are_labels and is_structure_set(path))]


def _paths_in(folder: str) -> list[str]:
    """What is in a folder and not hidden, sorted; nothing where it cannot be read."""
    with suppress(OSError):
        names = [name for name in sorted(os.listdir(folder)) if not name.startswith(".")]
        return [os.path.join(folder, name) for name in names]
    return []


def require_matched(cases: Sequence[Case]) -> None:
    """Refuse labels of no image beside images of no label: their names may differ by mistake.

    Images alone may go without a label, and labels alone without an image.

    Raises:
        DataError: There are both.
    """
    for leftover in leftovers(cases):
        if leftover.are_labels:
            _require_labels(leftover, cases)


def _require_labels(leftover: Leftover, cases: Sequence[Case]) -> None:
    lacking = [case for case in cases if not _is_labelled_in(leftover.folder, case)]
    if not lacking:
        return
    label = leftover.files[0]
    name = stem(label)
    case_id = _closest(name, [case.id for case in lacking])
    raise DataError(
        f"{label}: is the label of no image ({len(leftover.files)} such), and case '{case_id}' has "
        f"no label in that folder ({len(lacking)} such); if they belong together, rename the label "
        f"to {case_id}{label.name[len(name) :]}; else move such labels, or such images, elsewhere"
    )


def _is_labelled_in(folder: Path, case: Case) -> bool:
    """Whether a label of the case lies in the folder, or in a folder of its own there."""
    return any(Path(parent).is_relative_to(folder) for parent in _folders(_labels_of(case)))


def _closest(name: str, ids: Sequence[str]) -> str:
    """The id that is most like a name."""
    key = name_key(name).lower()
    return max(ids, key=lambda case_id: _likeness(key, name_key(case_id).lower()))


def _likeness(name: str, other: str) -> float:
    return difflib.SequenceMatcher(None, name, other).ratio()


def remarks_on_leftovers(
    data: DataConfig, cases: Sequence[Case], *, all_folders: bool
) -> list[str]:
    """Say what is not used of a data set.

    Args:
        data: The configuration of the data set.
        cases: All of its cases.
        all_folders: Whether to look into folders that no case has a file in, too.
    """
    root = Path(data.root) if all_folders else None
    lines = list(_lines(leftovers(cases, root)))
    lines += _without_reference(cases)
    lines += _set_aside_in_vain(data, cases)
    if data.layout in REMARKS:
        lines += REMARKS[data.layout](Path(data.root), cases)
    return lines


def _lines(found: Sequence[Leftover]) -> Iterator[str]:
    """A line for each folder; folders of one folder with files of the same names have one."""
    alike: dict[tuple[Path, tuple[str, ...], bool], list[Leftover]] = defaultdict(list)
    for leftover in found:
        names = tuple(path.name for path in leftover.files)
        alike[leftover.folder.parent, names, leftover.are_labels].append(leftover)
    for (parent, names, _), group in alike.items():
        if len(group) == 1:
            yield _line(group[0])
            continue
        count = sum(len(leftover.files) for leftover in group)
        folders = _named([leftover.folder.name for leftover in group])
        yield (
            f"{parent}: {count} file(s) in {len(group)} folders ({folders}) are of no case "
            f"({_named(names)} in each) and are not used"
        )


def _line(leftover: Leftover) -> str:
    names = _named([path.name for path in leftover.files])
    count = len(leftover.files)
    if leftover.are_labels:
        return (
            f"{leftover.folder}: {count} label(s) are of no image ({names}) and are not used; "
            "add their images, or move them away"
        )
    return f"{leftover.folder}: {count} file(s) are of no case ({names}) and are not used"


def _named(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    listed = ", ".join(names[:_MOST_NAMED])
    if len(names) > _MOST_NAMED:
        listed += f" and {len(names) - _MOST_NAMED} more"
    return listed


def _without_reference(cases: Sequence[Case]) -> Iterator[str]:
    ids = [case.id for case in cases if not case.has_reference]
    if ids:
        yield (
            f"{len(ids)} of {len(cases)} cases have no label, class or landmarks ({_named(ids)}); "
            "they are neither trained on nor scored"
        )


def _set_aside_in_vain(data: DataConfig, cases: Sequence[Case]) -> Iterator[str]:
    """Parts of the data set itself that the split takes no case of; with a fold, all are tested."""
    if data.split.fold is not None or data.split.is_by_shares:
        return
    counts: dict[str, int] = defaultdict(int)
    for case in cases:
        if case.part and case.has_reference:
            counts[case.part] += 1
    for part in _ASIDE:
        if counts[part] and not getattr(data.split, part):
            yield (
                f"the data set sets {counts[part]} case(s) aside for {part}, which are not used; "
                f"set data.split.{part}: {counts[part]}"
            )
