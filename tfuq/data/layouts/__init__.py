"""Official folder layouts: each function lists the cases below a root, with what the layout itself says of them."""

from __future__ import annotations

import itertools
import shlex
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tfuq.config import DataConfig
from tfuq.data.cases import Case
from tfuq.data.layouts import images, points, volumes
from tfuq.data.layouts.registry import LAYOUTS
from tfuq.data.phantoms import synthesize
from tfuq.data.writers import FolderTakenError
from tfuq.errors import DataError

__all__ = [
    "LAYOUTS",
    "PHANTOM_LAYOUTS",
    "cases_of",
    "images",
    "is_case_id",
    "is_made_on_use",
    "list_cases",
    "made_cases",
    "points",
    "sorted_unique",
    "volumes",
]

_LONGEST_NAME = 200  # bytes; file systems allow 255, and a case's folder has a longer name until it is whole
# Made by `made_cases` where they are not there yet: the phantom, how many cases, and the layout that it is written in.
PHANTOM_LAYOUTS = {
    "brain-phantom": ("brain-decathlon", 24, "decathlon"),
    "digits-phantom": ("digits", 1797, "idx"),
    "brats-phantom": ("brats-phantom", 12, "brats2018"),
    "liver-phantom": ("liver-phantom", 12, "decathlon"),
    "cephalogram-phantom": ("cephalogram", 60, "cephalometric2015"),
}


def cases_of(data: DataConfig, root: str | Path | None = None) -> list[Case]:
    """The cases of the configured data set, or of another ``root`` in its layout; see `list_cases`."""
    layout = data.layout
    if root and layout in PHANTOM_LAYOUTS:
        layout = PHANTOM_LAYOUTS[layout][-1]
    cases = list_cases(layout, root or data.root, **data.layout_options)
    return [replace(case, pixel_mm=data.pixel_mm) for case in cases]


def made_cases(data: DataConfig) -> list[Case]:
    """The cases of the configured data set, of which a phantom is made first if it is not there yet.

    It is for commands that are given a configuration to train or to check. What reads a run calls `cases_of`: a run may be
    another's, and its configuration must not say where files appear.

    Raises:
        DataError: as `list_cases`; the phantom cannot be made.
    """
    if is_made_on_use(data.layout, data.root):
        phantom, count, _ = PHANTOM_LAYOUTS[data.layout]
        with suppress(FolderTakenError):  # another process has made it meanwhile
            synthesize(phantom, Path(data.root), cases=count, seed=0)
    return cases_of(data)


def list_cases(layout: str, root: str | Path, **options) -> list[Case]:
    """The cases of a data set, sorted by id; ``options`` as the layout takes them (see `tfuq.config.DataConfig`).

    Raises:
        DataError: no such folder, a phantom that is not there yet, no cases, or an id that occurs twice.
    """
    root = Path(root)
    if is_made_on_use(layout, root):
        phantom, count, _ = PHANTOM_LAYOUTS[layout]
        raise DataError(
            f"{root}: the {layout} is not there; run tfuq data synth {phantom} {shlex.quote(str(root))} --cases {count}, which "
            "makes it"
        )
    if not root.is_dir():
        raise DataError(f"{root}: no such data folder; set data.root, or TFUQ_DATA where the configuration uses it")
    written_as = PHANTOM_LAYOUTS[layout][-1] if layout in PHANTOM_LAYOUTS else layout
    cases = sorted_unique(LAYOUTS[written_as](root, **options), str(root))
    if not cases:
        raise DataError(f"{root}: no cases in the {layout} layout; check data.layout and data.root")
    return cases


def is_made_on_use(layout: str, root: str | Path) -> bool:
    """Whether the data set is a phantom that is not there yet."""
    return layout in PHANTOM_LAYOUTS and not (Path(root).is_dir() and any(Path(root).iterdir()))


def sorted_unique(cases: list[Case], where: str) -> list[Case]:
    """The cases by id.

    Raises:
        DataError: an id that occurs twice, or that cannot be a folder's name.
    """
    cases = sorted(cases, key=lambda case: case.id)
    twice = [a.id for a, b in itertools.pairwise(cases) if a.id == b.id]
    if twice:
        raise DataError(f"{where}: case id '{twice[0]}' occurs twice; ids must be unique")
    unfit = [case.id for case in cases if not is_case_id(case.id)]
    if unfit:
        raise DataError(f"{where}: '{unfit[0]}' cannot be a case id, as it is no name for a folder; rename the file")
    return cases


def is_case_id(name: str) -> bool:
    """Whether a case can have the name, which its predictions' folder then has.

    It is not hidden, text in UTF-8, and not that of what lies beside the folder.
    """
    is_text = name.encode(errors="ignore").decode() == name
    is_one_folder = "/" not in name and "\0" not in name and len(name.encode(errors="ignore")) <= _LONGEST_NAME
    return is_text and is_one_folder and not name.startswith(".") and name not in ("", "manifest.json", "scores")
