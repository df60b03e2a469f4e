"""Official folder layouts: each lists the cases below a root, with what the layout says of them."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tfuq.config import DataConfig
from tfuq.data.case import Case
from tfuq.data.channels import name_key
from tfuq.data.layouts import images, nnunet, patterns, points, volumes
from tfuq.data.layouts.additional import with_additional
from tfuq.data.layouts.leftovers import remarks_on_leftovers, require_matched
from tfuq.data.layouts.registry import COUNTS, LAYOUTS
from tfuq.errors import DataError, is_one_line

__all__ = [
    "LAYOUTS",
    "PHANTOM_LAYOUTS",
    "cases_of",
    "count_cases",
    "described_by",
    "images",
    "is_case_id",
    "is_made_on_use",
    "list_cases",
    "made_cases",
    "nnunet",
    "patterns",
    "points",
    "remarks_on_leftovers",
    "sorted_unique",
    "volumes",
]

# Bytes; file systems allow 255, and a case's folder has a longer name until it is whole.
_LONGEST_NAME = 200
# What lies beside the folders of predictions.
_RESERVED_NAMES = ("", "manifest.json", "scores", "doses")


@dataclass(frozen=True, kw_only=True)
class PhantomLayout:
    """A data set that is made where it is not there yet, see `made_cases`.

    Attributes:
        phantom: The name of the phantom.
        cases: How many cases are made.
        written_as: The layout that they are written in.
    """

    phantom: str
    cases: int
    written_as: str


PHANTOM_LAYOUTS = {
    "brain-phantom": PhantomLayout(phantom="brain-decathlon", cases=24, written_as="decathlon"),
    "head-phantom": PhantomLayout(phantom="head-mr", cases=16, written_as="decathlon"),
    "digits-phantom": PhantomLayout(phantom="digits", cases=1797, written_as="idx"),
    "brats-phantom": PhantomLayout(phantom="brats-phantom", cases=12, written_as="brats2018"),
    "liver-phantom": PhantomLayout(phantom="liver-phantom", cases=12, written_as="decathlon"),
    "cephalogram-phantom": PhantomLayout(
        phantom="cephalogram", cases=60, written_as="cephalometric2015"
    ),
}


def cases_of(data: DataConfig, root: str | Path | None = None) -> list[Case]:
    """List the cases of the configured data set.

    Args:
        data: The configuration of the data set.
        root: The folder of another data set in the same layout; None for the configured one.

    Raises:
        DataError: As `list_cases`.
    """
    layout = data.layout
    if root:
        layout = _written_as(layout)
    cases = list_cases(layout, root or data.root, **data.layout_options)
    if not root:
        cases = with_additional(cases, data.additional)
    return [described_by(data, case) for case in cases]


def described_by(data: DataConfig, case: Case) -> Case:
    """The case with what the configuration says of the files of every case."""
    return replace(
        case,
        pixel_mm=data.pixel_mm,
        label_tolerance=data.label_tolerance,
        ignore_label=data.ignore_label,
        classes=tuple(data.classes),
        structure_names=data.structure_names,
    )


def made_cases(data: DataConfig) -> list[Case]:
    """List the cases of the configured data set; make a phantom first if it is not there yet.

    It is for commands that are given a configuration to train or to check. What reads a run calls
    `cases_of`: a run may be another's, and its configuration must not say where files appear.

    Raises:
        DataError: As `list_cases` and `require_matched`; the phantom cannot be made.
    """
    if is_made_on_use(data.layout, data.root):
        from tfuq.data.phantoms import synthesize
        from tfuq.data.writers import FolderTakenError

        layout = PHANTOM_LAYOUTS[data.layout]
        with suppress(FolderTakenError):  # another process has made it meanwhile
            synthesize(layout.phantom, Path(data.root), cases=layout.cases, seed=0)
    cases = cases_of(data)
    require_matched(cases)
    return cases


def list_cases(layout: str, root: str | Path, **options: Any) -> list[Case]:
    """List the cases of a data set, sorted by id.

    Args:
        layout: The name of the layout.
        root: The folder of the data set.
        **options: As the layout takes them, see `tfuq.config.DataConfig`.

    Raises:
        DataError: No such folder, a phantom that is not there yet, no cases, or an id that occurs
            twice.
    """
    root = Path(root)
    _require_folder(layout, root)
    list_folder = LAYOUTS[_written_as(layout)]
    cases = sorted_unique(list_folder(root, **options), str(root))
    if not cases:
        raise _no_cases(layout, root)
    return cases


def count_cases(layout: str, root: str | Path, **options: Any) -> int:
    """Count the cases of a data set, reading as little of it as can be.

    Arguments are as of `list_cases`, which finds more to be wrong.

    Raises:
        DataError: No such folder, a phantom that is not there yet, or no cases.
    """
    root = Path(root)
    written = _written_as(layout)
    if written not in COUNTS:
        return len(list_cases(layout, root, **options))
    _require_folder(layout, root)
    count = COUNTS[written](root, **options)
    if not count:
        raise _no_cases(layout, root)
    return count


def _require_folder(layout: str, root: Path) -> None:
    if is_made_on_use(layout, root):
        raise _absent_phantom(layout, root)
    if not root.is_dir():
        raise DataError(
            f"{root}: no such data folder; "
            "set data.root, or TFUQ_DATA where the configuration uses it"
        )


def _no_cases(layout: str, root: Path) -> DataError:
    return DataError(f"{root}: no cases in the {layout} layout; check data.layout and data.root")


def _written_as(layout: str) -> str:
    """The layout of a data set's files: that of a phantom is the official one."""
    if layout in PHANTOM_LAYOUTS:
        return PHANTOM_LAYOUTS[layout].written_as
    return layout


def _absent_phantom(layout: str, root: Path) -> DataError:
    made = PHANTOM_LAYOUTS[layout]
    command = f"tfuq data synth {made.phantom} {shlex.quote(str(root))} --cases {made.cases}"
    return DataError(f"{root}: the {layout} is not there; run {command}, which makes it")


def is_made_on_use(layout: str, root: str | Path) -> bool:
    """Whether the data set is a phantom that is not there yet."""
    if layout not in PHANTOM_LAYOUTS:
        return False
    return not (Path(root).is_dir() and any(Path(root).iterdir()))


def sorted_unique(cases: list[Case], source: str) -> list[Case]:
    """Sort cases by id.

    Args:
        cases: The cases in any order.
        source: Where they are from, for messages.

    Raises:
        DataError: An id occurs twice, or cannot be a folder's name.
    """
    by_name: dict[str, Case] = {}
    for case in cases:
        first = by_name.setdefault(name_key(case.id), case)
        if first is not case:
            raise DataError(
                f"{source}: case id '{case.id}' occurs twice{_both_files(first, case)}; "
                "ids must be unique: keep one, or rename it"
            )
    cases = sorted(cases, key=lambda case: case.id)
    for case in cases:
        if not is_case_id(case.id):
            raise DataError(
                f"{source}: '{case.id}' cannot be a case id, as it is no name for a folder; "
                "rename the file"
            )
    return cases


def _both_files(case: Case, other: Case) -> str:
    if not (case.images and other.images):
        return ""
    return f" ({case.images[0]}, {other.images[0]})"


def is_case_id(name: str) -> bool:
    """Whether a case can have the name, which is also that of its predictions' folder.

    The name is text in UTF-8, is not hidden, and is not that of a file beside the folder.
    """
    encoded = name.encode(errors="ignore")
    if encoded.decode() != name or len(encoded) > _LONGEST_NAME:
        return False
    if "/" in name or not is_one_line(name):
        return False
    return not name.startswith(".") and name not in _RESERVED_NAMES
