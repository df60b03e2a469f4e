"""The predicted cases with their references."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.channels import name_key
from tfuq.data.layouts import cases_of, described_by
from tfuq.data.layouts.volumes import label_files
from tfuq.errors import DataError, resembling
from tfuq.runs.entries import CaseEntry
from tfuq.runs.results import Manifest


def referenced_cases(
    manifest: Manifest,
    config: Config,
    reference: Path | None,
) -> dict[str, Case]:
    """Every predicted case of a table by id, as the data set or another folder has it.

    Args:
        manifest: of the predictions.
        config: of the run.
        reference: a folder in the data set's layout; None for the data set.

    Raises:
        DataError: nothing was predicted, or a case has no reference.
    """
    known = {name_key(case.id): case for case in cases_of(config.data, reference)}
    _require_cases(manifest)
    for case_id in manifest.cases:
        case = known.get(name_key(case_id))
        if case is None or not case.has_reference:
            folder = reference or config.data.root
            hint = resembling(case_id, [name for name in known if known[name].has_reference])
            raise DataError(
                f"case '{case_id}' has no reference in {folder}{hint}; "
                "give a folder in the data set's layout by --reference"
            )
    return {case_id: known[name_key(case_id)] for case_id in sorted(manifest.cases)}


def _require_cases(manifest: Manifest) -> None:
    if not manifest.cases:
        raise DataError(f"{manifest.run}: its predictions hold no case; run tfuq predict")


def cases_with_references(
    manifest: Manifest,
    config: Config,
    reference: Path | None,
) -> Iterator[Case]:
    """The predicted cases of volumes with their labels.

    Args:
        manifest: of the predictions.
        config: of the run.
        reference: a folder of labels; None for those that the manifest names.

    Raises:
        DataError: a case has none, or its file is not there.
    """
    by_name = {}
    if reference:
        by_name = _reference_files(config, reference)
    _require_cases(manifest)
    for case_id, entry in sorted(manifest.cases.items()):
        predicted = _predicted_case(case_id, entry, config)
        labelled: Case | None = predicted
        looked_in = "in its data set"
        if reference:
            labelled = by_name.get(name_key(case_id))
            looked_in = f"in {reference}"
        if labelled is None or not labelled.has_reference:
            hint = resembling(case_id, by_name)
            raise DataError(
                f"case '{case_id}' has no reference {looked_in}{hint}; "
                "give a folder with one per case by --reference"
            )
        _require_files(labelled)
        yield replace(predicted, label=labelled.label, raters=labelled.raters)


def _require_files(case: Case) -> None:
    """Refuse a reference that is where it was no more, as a moved data set's.

    Raises:
        DataError: a file of it is not there.
    """
    for path in _files(case):
        if not path.exists():
            raise DataError(
                f"{path}: the reference of case '{case.id}' is not there; "
                "give a folder with one per case by --reference"
            )


def _files(case: Case) -> list[Path]:
    """The files of a case's references."""
    files = list(case.raters.values())
    if case.label:
        files.append(case.label)
    return files


def predicted_cases(manifest: Manifest, config: Config) -> Iterator[Case]:
    """The predicted cases, each with its references where they are there.

    Args:
        manifest: of the predictions.
        config: of the run.

    Raises:
        DataError: nothing was predicted.
    """
    _require_cases(manifest)
    for case_id, entry in sorted(manifest.cases.items()):
        case = _predicted_case(case_id, entry, config)
        if not all(path.exists() for path in _files(case)):
            case = replace(case, label=None, raters={})
        yield case


def _predicted_case(case_id: str, entry: CaseEntry, config: Config) -> Case:
    label = None
    if entry.label:
        label = Path(entry.label)
    raters = {rater: Path(path) for rater, path in entry.raters.items()}
    images = tuple(map(Path, entry.images))
    case = Case(case_id, images, label, raters=raters, series=entry.series)
    return described_by(config.data, case)


def _reference_files(config: Config, folder: Path) -> dict[str, Case]:
    """The cases of a folder that have a reference, by id in Unicode's composed form.

    The folder is in the data set's layout, or has a file for each case.
    """
    if not folder.is_dir():
        raise DataError(f"--reference {folder}: no such folder")
    cases = {}
    for case_id, path in label_files(folder).items():
        cases[case_id] = Case(case_id, (), path)
    for case in _listed_cases(config, folder):
        if case.has_reference:
            cases[name_key(case.id)] = case
    return cases


def _listed_cases(config: Config, folder: Path) -> list[Case]:
    """The cases of a folder in the data set's layout; none where it is not in that layout."""
    try:
        return cases_of(config.data, folder)
    except DataError:
        return []


def fingerprint(reference: np.ndarray) -> str:
    """Sixteen letters and digits that tell one label map, or set of positions, from another."""
    content = np.ascontiguousarray(reference)
    kind = f"{content.shape} {content.dtype}"
    digest = hashlib.sha256(kind.encode() + content.tobytes())
    return digest.hexdigest()[:16]
