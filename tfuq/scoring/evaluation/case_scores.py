"""Scores of cases of a segmentation, one after another: all that is read of their files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import AVERAGED_RATERS, Case, read_case_label, scored_references
from tfuq.data.events import CaseScored, Observer
from tfuq.data.label_values import class_counts
from tfuq.data.preprocessing import PADDING, is_structure
from tfuq.data.readers import read_label_file
from tfuq.data.sets.cache_keys import case_identity
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.measures.catalogue.aggregations import OF_MAPS
from tfuq.measures.sample_masks import STORED, StoredSamples, read_samples
from tfuq.scoring.calibration import Bins
from tfuq.scoring.evaluation.aggregated import Aggregated
from tfuq.scoring.evaluation.bounds import bound_rows
from tfuq.scoring.evaluation.case_rows import case_rows, mean_rows
from tfuq.scoring.evaluation.gathered import Gathered
from tfuq.scoring.evaluation.lesions import case_lesions, with_lesions
from tfuq.scoring.evaluation.member_scores import member_rows
from tfuq.scoring.evaluation.members import add_case
from tfuq.scoring.evaluation.raters import RaterScores, score_raters
from tfuq.scoring.evaluation.score_options import ScoreOptions
from tfuq.scoring.evaluation.structures import read_structures
from tfuq.scoring.evaluation.volume_scores import volume_scores
from tfuq.scoring.evaluation.voxels import CaseMaps, read_maps
from tfuq.scoring.rows import Row, column

_LABEL = "label.nii.gz"
_AGAIN = "remove its folder and predict the case again"


@dataclass(frozen=True, kw_only=True)
class CaseScoring:
    """How the cases of a predictions folder are scored.

    Attributes:
        folder: of the predictions.
        config: of the run.
        maps: names of the maps of uncertainty.
        is_calibrated: whether the predictions are.
        options: what there is a choice of.
    """

    folder: Path
    config: Config
    maps: Sequence[str]
    is_calibrated: bool
    options: ScoreOptions

    def described(self) -> list[Any]:
        """All that tells this from another way to score the folder, as `json.dumps` takes it."""
        maps = list(self.maps)
        return [self.config.dump(), maps, self.is_calibrated, asdict(self.options)]

    def identity(self, case: Case) -> list[Any]:
        """Tells a case with the state of its files, those of its prediction too, from any other."""
        known: list[Any] = [case_identity(case)]
        label = self.folder / case.id / _LABEL
        if label.is_file():  # else scoring says more of it
            state = label.stat()
            known += [state.st_size, state.st_mtime_ns]
        return known

    def aggregated(self, predicted: Volume) -> Aggregated | None:
        """Makes the numbers that are asked for of a case's maps; None where none are.

        Args:
            predicted: its label map.
        """
        if not set(OF_MAPS) & set(self.options.aggregate):
            return None
        return Aggregated(
            kinds=self.options.aggregate,
            label=predicted.array,
            spacing=predicted.spacing.tolist(),
            structures=self.config.data.structures,
        )

    def gather(self, cases: Iterable[Case], observer: Observer) -> Gathered:
        """Score cases.

        Args:
            cases: with references.
            observer: is notified of each `CaseScored`.

        Raises:
            RunError: a damaged table.
            DataError: a reference or a map is missing or does not fit.
        """
        gathered = Gathered()
        for case in cases:
            references = _add_case(gathered, case, self)
            if self.is_calibrated:
                _add_calibrated(gathered, case, references, self)
            gathered.averaged += len(case.raters) == AVERAGED_RATERS
            observer.notify(CaseScored(case=case.id))
        return gathered


def _add_case(gathered: Gathered, case: Case, scoring: CaseScoring) -> list[Volume]:
    """Add a case's scores, means over its references where it has several.

    Args:
        gathered: to add to.
        case: with its references.
        scoring: how it is scored.

    Returns:
        The references.
    """
    folder = scoring.folder / case.id
    predicted = read_label_file(folder / _LABEL)
    config = scoring.config
    classes = config.data.classes
    references = scored_references(case, predicted, len(classes), config.data.label_values)
    if predicted.array.ndim != 3 or predicted.array.max() >= len(classes):
        path = folder / _LABEL
        raise DataError(f"{path}: is no map of {len(classes)} classes; {_AGAIN}")
    first = read_maps(folder, predicted, references[0].array, scoring.maps, len(classes))
    aggregated = scoring.aggregated(predicted)
    by_reference = []
    for reference in references:
        by_reference.append(replace(first, truth=reference.array, aggregated=aggregated))
    raters = None
    if case.raters:
        raters = score_raters(folder, case, config, predicted, first)
        gathered.raters += [case.unit.named(row) for row in raters.rows]
    if not any(is_structure(reference.array).any() for reference in references):
        gathered.empty.append(case.id)
    samples = None
    if (folder / STORED).is_file():
        samples = read_samples(folder, len(classes))
    volumes = volume_scores(samples, config, references, raters)
    rows = _mean_case_rows(case, by_reference, scoring, predicted, raters, volumes)
    labels = add_case(gathered.diversity, folder, by_reference, config)
    gathered.members += member_rows(case, labels, by_reference, config)
    gathered.cases += rows
    of_structures = _structure_rows(folder, case, references, config, rows)
    if aggregated:
        of_structures = _with_numbers(of_structures, by_reference[0])
    gathered.structures += of_structures
    _add_lesions(gathered, case, by_reference, scoring, predicted, samples)
    bins = [maps.reliability() for maps in by_reference]
    gathered.bins.append(Bins(*np.mean(np.array(bins), 0)))
    return references


def _add_lesions(
    gathered: Gathered,
    case: Case,
    by_reference: Sequence[CaseMaps],
    scoring: CaseScoring,
    grid: Volume,
    samples: StoredSamples | None,
) -> None:
    """Add a case's lesions and predicted components."""
    classes = scoring.config.data.classes
    lesions = case_lesions(
        case, by_reference, scoring.config, grid, samples, scoring.options.lesion_iou
    )
    components = [{"case": case.id, **row} for row in _components(by_reference, classes)]
    gathered.components += with_lesions(components, lesions, classes)
    gathered.lesions += lesions.lesions
    gathered.candidates += lesions.candidates
    gathered.detection += lesions.counts


def _mean_case_rows(
    case: Case,
    by_reference: Sequence[CaseMaps],
    scoring: CaseScoring,
    grid: Volume,
    raters: RaterScores | None,
    volumes: dict[str, Row],
) -> list[Row]:
    tables = []
    for maps in by_reference:
        rows = case_rows(
            case,
            maps,
            scoring.config,
            grid,
            raters,
            options=scoring.options,
            volumes=volumes,
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


def _with_numbers(rows: Sequence[Row], maps: CaseMaps) -> list[Row]:
    """Rows of structures with the numbers about them; a component has none of its own."""
    numbered = []
    for row in rows:
        numbers = maps.about_structures(row["class"])
        if row["component"] != "all":
            numbers = dict.fromkeys(numbers)
        numbered.append(row | numbers)
    return numbered


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
    case: Case,
    references: Sequence[Volume],
    scoring: CaseScoring,
) -> None:
    """Add what there is of a calibrated case.

    That is: scores before scaling, and whether bounds and volume intervals held. Those are of the
    label that calibration takes.
    """
    folder = scoring.folder / case.id
    config = scoring.config
    classes = config.data.classes
    truth = read_case_label(case, references[0], len(classes), config.data.label_values)
    before = read_maps(folder, truth, truth.array, (), len(classes), probability="uncalibrated")
    by_reference = []
    for reference in references:
        maps = replace(before, truth=reference.array)
        by_reference.append([maps.scores()])
    gathered.before += mean_rows(by_reference)
    gathered.bounds += bound_rows(folder, truth, classes, config.data.structures)
