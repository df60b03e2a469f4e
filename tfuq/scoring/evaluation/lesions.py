"""Lesions of one case: which are found, by which components, and in how many samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import AVERAGED_RATERS, Case
from tfuq.data.units import SCAN
from tfuq.data.volume import Volume
from tfuq.measures.components import components_of
from tfuq.measures.sample_masks import StoredSamples
from tfuq.scoring.evaluation.crops import Crops
from tfuq.scoring.evaluation.kept_samples import masks_on_grid
from tfuq.scoring.evaluation.voxels import CaseMaps
from tfuq.scoring.lesions import Detection, detect
from tfuq.scoring.rows import Row

_MM3_PER_ML = 1000


@dataclass(frozen=True, kw_only=True)
class CaseLesions:
    """What is known of the lesions of a case, by each of its references.

    Attributes:
        lesions: rows of ``lesions.csv``, of each structure the largest first.
        candidates: a row for each predicted component.
        counts: rows of ``detection.csv``, one for each structure.
    """

    lesions: list[Row] = field(default_factory=list)
    candidates: list[Row] = field(default_factory=list)
    counts: list[Row] = field(default_factory=list)


def case_lesions(
    case: Case,
    by_reference: Sequence[CaseMaps],
    config: Config,
    grid: Volume,
    samples: StoredSamples | None,
    least_iou: float | None,
) -> CaseLesions:
    """Look for the lesions of each structure, classes and regions.

    Args:
        case: its id, raters and unit count.
        by_reference: the predicted case with each of its references.
        config: of the run.
        grid: a volume on the grid of the maps.
        samples: on the network's grid; None where they were not kept.
        least_iou: as `tfuq.scoring.lesions.detect` has it.
    """
    names: list[str | None] = [None]
    if len(case.raters) == AVERAGED_RATERS:
        names = list(case.raters)
    crops = [Crops(maps, len(config.data.classes)) for maps in by_reference]
    found = CaseLesions()
    for structure, members in config.data.structures.items():
        views = [_View(cut, members, least_iou) for cut in crops]
        if samples is not None and any(view.is_anywhere for view in views):
            _count_samples(views, samples, members, grid)
        for rater, view in zip(names, views, strict=True):
            head: Row = {"case": case.id}
            if rater is not None:
                head["rater"] = rater
            head["class"] = structure
            found.lesions.extend(head | row for row in view.lesion_rows(case, grid.voxel_volume))
            found.candidates.extend(head | row for row in view.candidate_rows())
            found.counts.append(head | view.counts())
    return found


class _View:
    """A structure in the prediction and in one reference."""

    def __init__(self, crops: Crops, members: Sequence[int], least_iou: float | None) -> None:
        predicted, reference, _ = crops.masks(members)
        self._box = crops.box(members)
        self._predicted = _numbers(predicted)
        self._lesions = _numbers(reference)
        self._detection: Detection = detect(self._predicted, self._lesions, least_iou)
        self._sizes = np.bincount(self._predicted.ravel())[1:]
        self._lesion_sizes = np.bincount(self._lesions.ravel())[1:]
        self._samples = 0
        self._hits = np.zeros(len(self._sizes))
        self._lesion_hits = np.zeros(len(self._lesion_sizes))

    @property
    def is_anywhere(self) -> bool:
        """Whether there is a component of either."""
        return len(self._sizes) + len(self._lesion_sizes) > 0

    def add_sample(self, mask: np.ndarray) -> None:
        """Count which components and lesions a sample has.

        Args:
            mask: of the structure, bool on the whole grid.
        """
        in_box = mask[self._box]
        shares = np.bincount(self._predicted[in_box], minlength=len(self._sizes) + 1)[1:]
        self._hits += 2 * shares >= self._sizes
        of_lesions = np.bincount(self._lesions[in_box], minlength=len(self._lesion_sizes) + 1)[1:]
        self._lesion_hits += of_lesions > 0
        self._samples += 1

    def lesion_rows(self, case: Case, voxel_volume: float) -> list[Row]:
        detection = self._detection
        rows = []
        for index, voxels in enumerate(self._lesion_sizes):
            component = int(detection.found_by[index])
            row: Row = {
                "lesion": index + 1,
                "voxels": int(voxels),
                **_size(case, voxels * voxel_volume),
                "detected": int(component > 0),
                "component": component or None,
                "overlap": float(detection.overlap[index]),
                "iou": float(detection.iou[index]),
            }
            rows.append(row | self._frequency(self._lesion_hits[index]))
        return rows

    def candidate_rows(self) -> list[Row]:
        detection = self._detection
        rows = []
        for index, (finds, is_false) in enumerate(
            zip(detection.finds, detection.is_false, strict=True)
        ):
            row: Row = {
                "component": index + 1,
                "lesion": int(finds) or None,
                "false_positive": int(is_false),
            }
            rows.append(row | self._frequency(self._hits[index]))
        return rows

    def _frequency(self, hits: float) -> Row:
        if not self._samples:
            return {}
        return {"detection_frequency": float(hits / self._samples)}

    def counts(self) -> Row:
        detection = self._detection
        return {
            "lesions": len(self._lesion_sizes),
            "found": int(np.count_nonzero(detection.found_by)),
            "false_positives": int(np.count_nonzero(detection.is_false)),
            "duplicates": detection.duplicates,
        }


def _numbers(mask: np.ndarray) -> np.ndarray:
    """The number of each voxel's component, as ``components.csv`` counts them."""
    # Equal sizes are in the order of memory, which must be that of `tfuq.scoring.components`.
    return components_of(np.ascontiguousarray(mask), 1).numbers


def _size(case: Case, size: float) -> Row:
    if case.unit is SCAN:
        return {"volume_ml": float(size) / _MM3_PER_ML}
    return case.unit.named({"volume_mm3": float(size)})


def _count_samples(
    views: Sequence[_View], samples: StoredSamples, members: Sequence[int], grid: Volume
) -> None:
    for mask in masks_on_grid(samples, members, grid):
        for view in views:
            view.add_sample(mask)


def with_lesions(
    components: Sequence[Row], lesions: CaseLesions, classes: Sequence[str]
) -> list[Row]:
    """Rows of ``components.csv`` with what they find, and those of missed lesions.

    Of several references, a component finds what it finds in the first.

    Args:
        components: rows of a case.
        lesions: of the case. Its candidates get the mean of the largest probability.
        classes: names of the classes whose lesions these are.
    """
    by_component: dict[tuple[str, int], Row] = {}
    certainty = {(row["class"], row["component"]): row["maximum_probability"] for row in components}
    for candidate in lesions.candidates:
        key = (candidate["class"], candidate["component"])
        by_component.setdefault(key, candidate)
        if key in certainty:
            candidate["maximum_probability"] = certainty[key]
    rows = []
    for row in components:
        rows.append(_with_lesion(row, by_component[(row["class"], row["component"])]))
    for lesion in lesions.lesions:
        if lesion["class"] in classes and not lesion["detected"]:
            rows.append(_missed(lesion))
    return rows


def _with_lesion(row: Row, candidate: Mapping[str, object]) -> Row:
    joined = {**row, "missed": 0, "lesion": candidate["lesion"]}
    if "detection_frequency" in candidate:
        joined["detection_frequency"] = candidate["detection_frequency"]
    return joined


def _missed(lesion: Row) -> Row:
    """The row of a lesion that no component finds; it has no number of a component."""
    names = ("case", "rater", "class", "voxels", "lesion", "detection_frequency")
    row = {name: lesion[name] for name in names if name in lesion}
    return {**row, "component": None, "missed": 1}
