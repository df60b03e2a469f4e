"""Official folder layouts: each function lists the cases below a root."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path

from tfuq.data.cases import Case
from tfuq.data.phantoms import synthesize
from tfuq.data.readers import is_readable, stem
from tfuq.errors import DataError
from tfuq.registry import Registry

_PHANTOM_CASES = 24
LAYOUTS: Registry[Callable[..., list[Case]]] = Registry("data.layout")


def list_cases(layout: str, root: str | Path, label_folder: str | None = None) -> list[Case]:
    """The cases of a data set, sorted by id; ``label_folder`` is for the layout ``folder`` alone.

    Raises:
        DataError: no such folder, no cases in it, or an id that occurs twice.
    """
    root = Path(root)
    if not root.is_dir() and layout != "brain-phantom":
        raise DataError(f"{root}: no such data folder; set data.root, or TFUQ_DATA where the configuration uses it")
    options = {"label_folder": label_folder} if label_folder else {}
    cases = sorted_unique(LAYOUTS[layout](root, **options), str(root))
    if not cases:
        raise DataError(f"{root}: no cases in the {layout} layout; check data.layout and data.root")
    return cases


def sorted_unique(cases: list[Case], where: str) -> list[Case]:
    """The cases by id.

    Raises:
        DataError: an id that occurs twice, or that cannot be a folder's name.
    """
    cases = sorted(cases, key=lambda case: case.id)
    twice = [a.id for a, b in itertools.pairwise(cases) if a.id == b.id]
    if twice:
        raise DataError(f"{where}: case id '{twice[0]}' occurs twice; ids must be unique")
    unfit = [case.id for case in cases if not _is_folder_name(case.id)]
    if unfit:
        raise DataError(f"{where}: '{unfit[0]}' cannot be a case id, as it is no name for a folder; rename the file")
    return cases


def _is_folder_name(name: str) -> bool:
    """Whether predictions can have the name: not hidden, text in UTF-8, and not that of a file that lies beside them."""
    return (
        name.encode(errors="ignore").decode() == name
        and not name.startswith(".")
        and name not in ("", "manifest.json")
        and "\0" not in name
    )


@LAYOUTS.register("decathlon")
def decathlon(root: Path) -> list[Case]:
    """Medical Segmentation Decathlon: the labelled cases of ``dataset.json``."""
    index = root / "dataset.json"
    try:
        entries = json.loads(index.read_text(encoding="utf-8"))["training"]
        pairs = [(root / entry["image"], root / entry["label"]) for entry in entries]
    except OSError as error:
        raise DataError(f"{index}: cannot be read ({error.strerror}); the decathlon layout needs it") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{index}: not a Decathlon index ('training' must list image and label); restore the official file"
        ) from error
    return [Case(stem(image), (image,), label) for image, label in pairs]


@LAYOUTS.register("iseg2017")
def iseg2017(root: Path) -> list[Case]:
    """iSeg-2017: ``subject-N-T1``, ``-T2`` and, in the training release, ``-label``, as Analyze or NIfTI."""
    cases = []
    for t1 in root.iterdir():
        match = re.fullmatch(r"subject-(\d+)-T1\.(img|nii|nii\.gz)", t1.name)
        if match:
            label = t1.with_name(t1.name.replace("-T1", "-label"))
            channels = (t1, t1.with_name(t1.name.replace("-T1", "-T2")))
            cases.append(Case(f"subject-{int(match.group(1)):02d}", channels, label if label.is_file() else None))
    return cases


@LAYOUTS.register("brain-phantom")
def brain_phantom(root: Path) -> list[Case]:
    """The brain phantom in the Decathlon's layout, made where it is not there yet."""
    if not (root / "dataset.json").is_file():
        synthesize("brain-decathlon", root, cases=_PHANTOM_CASES, seed=0)
    return decathlon(root)


@LAYOUTS.register("folder")
def folder(root: Path, label_folder: str = "label") -> list[Case]:
    """``image/NAME.*`` with ``label/NAME.*`` where there is a reference; the endings may differ."""
    if not (root / "image").is_dir():
        raise DataError(f"{root}: the folder layout needs a folder 'image' in it, and 'label' (or data.label_folder)")
    labels = {stem(path): path for path in sorted((root / label_folder).glob("*")) if is_readable(path)}
    images = [path for path in sorted((root / "image").iterdir()) if is_readable(path)]
    cases = [Case(stem(path), (path,), labels.get(stem(path))) for path in images]
    if cases and labels and not any(case.label for case in cases):
        raise DataError(
            f"{root}: no label has the name of an image (image/{images[0].name}, {label_folder}/{labels[min(labels)].name}); "
            "rename the files so that each label is named as its image"
        )
    return cases
