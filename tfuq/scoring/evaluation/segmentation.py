"""Scores of segmentations: each case against its reference, and measures against quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import (
    AVERAGED_RATERS,
    Case,
    proposed_values,
    read_case_label,
    scored_references,
    value_text,
    written_values,
)
from tfuq.data.events import CaseScored
from tfuq.data.label_values import class_counts
from tfuq.data.preprocessing import PADDING, is_structure
from tfuq.data.readers import read_label_file
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.measures.catalogue import maps_of
from tfuq.scoring.calibration import Bins
from tfuq.scoring.evaluation.bounds import bound_rows
from tfuq.scoring.evaluation.case_rows import case_rows, mean_rows
from tfuq.scoring.evaluation.cohorts import segmentation_cohorts
from tfuq.scoring.evaluation.gathered import Gathered
from tfuq.scoring.evaluation.members import add_case
from tfuq.scoring.evaluation.promises import checked_calibration
from tfuq.scoring.evaluation.raters import RaterScores, score_raters
from tfuq.scoring.evaluation.references import cases_with_references
from tfuq.scoring.evaluation.scores import (
    SCORERS,
    ScoreRequest,
    Scores,
)
from tfuq.scoring.evaluation.segmentation_summary import segmentation_summary
from tfuq.scoring.evaluation.structures import (
    read_structures,
)
from tfuq.scoring.evaluation.voxels import CaseMaps, read_maps
from tfuq.scoring.rows import Row, column

_AGAIN = "remove its folder and predict the case again"
_MOST_NAMED = 5  # values that a message names


@SCORERS.register("segmentation")
def score_segmentation(request: ScoreRequest) -> Scores:
    """Score label maps and probabilities against the data set's labels, or those of a folder.

    Raises:
        RunError: a damaged table.
        DataError: a reference or a map is missing or does not fit.
    """
    manifest = request.manifest
    config = request.config
    gathered = Gathered()
    maps = maps_of(manifest.samples)
    calibration = checked_calibration(manifest)
    for case in cases_with_references(manifest, config, request.reference):
        folder = request.folder / case.id
        references = _add_case(gathered, folder, case, request, maps)
        if calibration:
            _add_calibrated(gathered, folder, case, references, config)
        gathered.averaged += len(case.raters) == AVERAGED_RATERS
        request.observer.notify(CaseScored(case=case.id))
    cases = len(manifest.cases)
    _refuse_background(gathered.empty, cases, config)
    cohorts = segmentation_cohorts(
        gathered.cases,
        gathered.structures,
        gathered.components,
        request.failures,
    )
    tables = {"structures": gathered.structures, "components": gathered.components}
    if gathered.raters:
        tables["raters"] = gathered.raters
    summary = segmentation_summary(request, gathered, calibration)
    gathered.diversity.enter(summary, tables, cases)
    return Scores(cases=gathered.cases, summary=summary, tables=tables, cohorts=cohorts)


def _refuse_background(empty: list[Case], cases: int, config: Config) -> None:
    """Refuse references none of which has a structure, though files have values other than 0.

    Their values mean something else than ``data.label_values`` says.

    Raises:
        DataError: they are so.
    """
    if len(empty) < cases:
        return
    for case in empty:
        values = written_values(case)
        if any(values):
            path = case.label or next(iter(case.raters.values()))
            named = ", ".join([value_text(value) for value in values if value][:_MOST_NAMED])
            whole = [int(value) for value in values]
            proposed = proposed_values(whole, {0: 0}, len(config.data.classes))
            raise DataError(
                f"{path}: its values {named} all stand for background by data.label_values, "
                f"and no reference of the {cases} case(s) has a structure; "
                f"say what they stand for, as in --label-values '{proposed}'"
            )


def _add_case(
    gathered: Gathered,
    folder: Path,
    case: Case,
    request: ScoreRequest,
    maps: Sequence[str],
) -> list[Volume]:
    """Add a case's scores, means over its references where it has several.

    Args:
        gathered: to add to.
        folder: of the case.
        case: with its references.
        request: whose case it is.
        maps: names of the maps of uncertainty.

    Returns:
        The references.
    """
    predicted = read_label_file(folder / "label.nii.gz")
    config = request.config
    classes = config.data.classes
    references = scored_references(case, predicted, len(classes), config.data.label_values)
    if predicted.array.ndim != 3 or predicted.array.max() >= len(classes):
        path = folder / "label.nii.gz"
        raise DataError(f"{path}: is no map of {len(classes)} classes; {_AGAIN}")
    first = read_maps(folder, predicted, references[0].array, maps, len(classes))
    by_reference = [replace(first, truth=reference.array) for reference in references]
    raters = None
    if case.raters:
        raters = score_raters(folder, case, config, predicted, first)
        gathered.raters += [case.unit.named(row) for row in raters.rows]
    if not any(is_structure(reference.array).any() for reference in references):
        gathered.empty.append(case)
    rows = _mean_case_rows(case, by_reference, request, predicted, raters)
    add_case(gathered.diversity, folder, by_reference, config)
    gathered.cases += rows
    gathered.structures += _structure_rows(folder, case, references, config, rows)
    for row in _components(by_reference, classes):
        gathered.components.append({"case": case.id, **row})
    bins = [maps.reliability() for maps in by_reference]
    gathered.bins.append(Bins(*np.mean(np.array(bins), 0)))
    return references


def _mean_case_rows(
    case: Case,
    by_reference: Sequence[CaseMaps],
    request: ScoreRequest,
    grid: Volume,
    raters: RaterScores | None,
) -> list[Row]:
    tables = []
    for maps in by_reference:
        rows = case_rows(
            case,
            maps,
            request.config,
            grid,
            raters,
            has_penalty=request.has_penalty,
        )
        tables.append(rows)
    return mean_rows(tables)


def _structure_rows(
    folder: Path,
    case: Case,
    references: Sequence[Volume],
    config: Config,
    scores: Sequence[Row],
) -> list[Row]:
    """The case's rows of ``structures.csv`` with the reference's size and Dice."""
    dice = {row["class"]: row["dice"] for row in scores}
    structures = config.data.structures
    counts = [class_counts(reference.array) for reference in references]
    voxel_volume = references[0].voxel_volume
    rows = []
    for row in read_structures(folder / "structures.csv", structures):
        name = row["class"]
        size = None
        if row["component"] == "all":
            size = _mean_size(counts, structures[name], voxel_volume)
        named = case.unit.named({**row, "volume_reference_mm3": size})
        rows.append({**named, "dice": dice[name]})
    return rows


def _mean_size(
    counts: Sequence[np.ndarray], classes: Sequence[int], voxel_volume: float
) -> float | None:
    """The size of a structure; None where there may be more of it in voxels to ignore.

    Args:
        counts: voxels of each value in each reference.
        classes: of the structure.
        voxel_volume: of a voxel.
    """
    if any(of_reference[PADDING] for of_reference in counts):
        return None
    sizes = [int(of_reference[list(classes)].sum()) * voxel_volume for of_reference in counts]
    return float(np.mean(sizes))


def _components(by_reference: Sequence[CaseMaps], classes: list[str]) -> list[Row]:
    """Rows of components; one is a false positive where it is so by every reference."""
    tables = [maps.components(classes) for maps in by_reference]
    components = []
    for rows in zip(*tables, strict=True):
        is_false = min(column(rows, "false_positive"))
        components.append({**rows[0], "false_positive": is_false})
    return components


def _add_calibrated(
    gathered: Gathered,
    folder: Path,
    case: Case,
    references: Sequence[Volume],
    config: Config,
) -> None:
    """Add what there is of a calibrated case.

    That is: scores before scaling, and whether bounds and volume intervals held. Those are of the
    label that calibration takes.
    """
    classes = config.data.classes
    truth = read_case_label(case, references[0], len(classes), config.data.label_values)
    before = read_maps(folder, truth, truth.array, (), len(classes), probability="uncalibrated")
    by_reference = []
    for reference in references:
        maps = replace(before, truth=reference.array)
        by_reference.append([maps.scores()])
    gathered.before += mean_rows(by_reference)
    gathered.bounds += bound_rows(folder, truth, classes, config.data.structures)
