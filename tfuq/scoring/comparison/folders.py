"""Score folders that are to stand side by side: methods, numbers of samples, references, scores."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pydantic

from tfuq.config import MEAN, Combine
from tfuq.data.json_csv import number, read_json, read_table
from tfuq.data.paths import real_path
from tfuq.errors import DataError
from tfuq.runs.missing import missing_text
from tfuq.runs.results import SampleCount
from tfuq.scoring.comparison.cells import Scored
from tfuq.scoring.evaluation.scores import AGAIN
from tfuq.scoring.metrics import METRICS
from tfuq.scoring.rows import distinct, rows_of


class _Summary(pydantic.BaseModel):
    method: str
    samples: SampleCount | None = None
    weights_digest: list[str] = []
    definitions: int = 1
    combine: Combine = MEAN
    missing_distance: str = "none"
    nsd_tolerance: float | dict[str, float] | None = None
    cases: pydantic.NonNegativeInt = 0
    missing_cases: list[str] = []
    lesion_iou: float | None = None
    lesion_structures: list[str] | None = None
    detection: dict[str, dict[str, float | None]] = {}

    @property
    def members(self) -> int:
        """How many networks the samples are of; 0 where that is not noted."""
        return len(self.weights_digest)


def _summary(folder: Path) -> _Summary:
    path = folder / "summary.json"
    if not path.is_file():
        raise DataError(
            f"{folder}: no scores (it has no summary.json); give a folder that tfuq score wrote"
        )
    return read_json(path, _Summary, AGAIN)


def lesions_of(folder: Path) -> dict[str, Any]:
    """What a score folder's summary says of lesions; see `tfuq.scoring.lesion_structures.told_of`.

    Raises:
        DataError: the folder holds no scores.
    """
    summary = _summary(folder)
    said: dict[str, Any] = {"lesion_iou": summary.lesion_iou, "detection": summary.detection}
    if summary.lesion_structures is not None:
        said["lesion_structures"] = summary.lesion_structures
    return said


def samples_of(folder: Path) -> int | None:
    """The number of samples T of a score folder; None where it is not noted.

    Raises:
        DataError: the folder holds no scores.
    """
    return _summary(folder).samples


def missing_of(folders: Mapping[str, Path]) -> dict[str, str]:
    """The cases that predictions lacked when they were scored, in words, of methods that lack any.

    Args:
        folders: of scores, by method.

    Raises:
        DataError: a folder holds no scores.
    """
    texts = {}
    for method, folder in folders.items():
        summary = _summary(folder)
        if summary.missing_cases:
            texts[method] = missing_text(summary.missing_cases, summary.cases)
    return texts


def shared_members(folders: Mapping[str, Path]) -> dict[str, int]:
    """The number of members of the methods that have several samples of each of several members.

    Args:
        folders: of scores, by method.

    Raises:
        DataError: a folder holds no scores.
    """
    members = {}
    for method, folder in folders.items():
        summary = _summary(folder)
        if summary.samples and 1 < summary.members < summary.samples:
            members[method] = summary.members
    return members


def method_names(folders: list[Path]) -> dict[str, Path]:
    """Score folders by the names of their methods.

    Where two methods are the same, they are told apart by where they lie, below what they share.

    Raises:
        DataError: a folder holds no scores.
    """
    return distinct_names(list(map(method_of, folders)), folders)


def method_of(folder: Path) -> str:
    """The method of a score folder, and how it combines samples where that is not their mean.

    Raises:
        DataError: the folder holds no scores.
    """
    summary = _summary(folder)
    if summary.combine == MEAN:
        return summary.method
    return f"{summary.method}, {summary.combine}"


def distinct_names(methods: list[str], folders: list[Path]) -> dict[str, Path]:
    """Folders by the names of their methods, told apart where two are the same.

    Args:
        methods: of the folders.
        folders: of scores or predictions.
    """
    paths = list(map(real_path, folders))
    shared = os.path.commonpath(paths)
    names = []
    for method, path in zip(methods, paths, strict=True):
        if methods.count(method) > 1:
            method = f"{method} ({os.path.relpath(path, shared)})"
        names.append(method)
    return dict(zip(names, folders, strict=True))


def read_scores(folder: Path, class_name: str) -> Scored:
    """The scores of every case of a folder, by case and name.

    Args:
        folder: of scores.
        class_name: a class or a landmark, or "all".

    Raises:
        DataError: there is no such class.
        RunError: a damaged table.
    """
    path = folder / "cases.csv"
    rows = read_table(path, ("case", "class"), AGAIN)
    scored = {}
    for row in rows_of(rows, "class", class_name):
        scored[row["case"]] = {score: number(path, row, score, AGAIN) for score in METRICS}
    if not scored:
        known = ", ".join(distinct(rows, "class"))
        raise DataError(f"{folder}: no class or landmark '{class_name}'; it has {known or 'none'}")
    return scored


def require_same_data(folders: list[Path]) -> None:
    """Refuse folders that cannot stand side by side.

    Those of a version that noted no references are believed.

    Raises:
        DataError: one is given twice, was predicted by a version of tfuq that measured otherwise
            than that of another, or a case was scored against another reference.
    """
    require_distinct(folders)
    _require_same_definitions(folders)
    _require_same_distances(folders)
    _require_same_tolerance(folders)
    first_seen: dict[str, tuple[str, Path]] = {}
    for folder in folders:
        for case, reference in _references(folder).items():
            first, first_folder = first_seen.setdefault(case, (reference, folder))
            if first != reference:
                raise DataError(
                    f"{folder}: case '{case}' was scored against another reference than in "
                    f"{first_folder}; compare methods on the same data, scored with the same "
                    "--reference"
                )


def require_distinct(folders: list[Path]) -> None:
    """Refuse a folder that is given twice.

    Raises:
        DataError: one is.
    """
    seen = []
    for folder in folders:
        path = real_path(folder)
        if path in seen:
            raise DataError(f"{folder}: is given twice; name each folder to compare once")
        seen.append(path)


def _require_same_definitions(folders: list[Path]) -> None:
    newest = max(folders, key=lambda folder: _summary(folder).definitions)
    for folder in folders:
        if _summary(folder).definitions != _summary(newest).definitions:
            raise DataError(
                f"{folder}: was predicted by a version of tfuq that measured otherwise than that "
                f"of {newest}; predict it again with --overwrite, and score it"
            )


def _require_same_distances(folders: list[Path]) -> None:
    first = folders[0]
    for folder in folders:
        kind = _summary(folder).missing_distance
        other = _summary(first).missing_distance
        if kind != other:
            raise DataError(
                f"{folder}: was scored with --missing-distance {kind}, {first} with {other}; "
                "score both with the same"
            )


def _require_same_tolerance(folders: list[Path]) -> None:
    """Refuse normalized surface Dice of several tolerances; folders without it are no such."""
    scored = [folder for folder in folders if _summary(folder).nsd_tolerance is not None]
    for folder in scored:
        tolerance = _summary(folder).nsd_tolerance
        other = _summary(scored[0]).nsd_tolerance
        if tolerance != other:
            raise DataError(
                f"{folder}: was scored with --nsd-tolerance {tolerance}, {scored[0]} with {other}; "
                "score both with the same"
            )


def _references(folder: Path) -> dict[str, str]:
    """What each case was scored against.

    That is a class, or the fingerprint of a label map or of landmarks.
    """
    rows = read_table(folder / "cases.csv", ("case", "class"), AGAIN)
    references = {}
    for row in rows_of(rows, "class", "all"):
        reference = row.get("reference") or row.get("truth")
        if reference:
            references[row["case"]] = reference
    return references
