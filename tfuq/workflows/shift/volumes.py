"""Perturbed volumes, measured one by one on the network's grid.

They are perturbed before they are padded: no scan has noise in its padding.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tfuq.calibration.observed import Observed, Part, part_of
from tfuq.data.cases import Case, read_case_image, read_label, read_mask
from tfuq.data.lazy_arrays import LazyArrays
from tfuq.data.perturbations import Subject
from tfuq.data.preprocessing import PADDING, is_structure
from tfuq.data.writers import make_folder, write_csv, write_nifti
from tfuq.errors import DataError
from tfuq.prediction.segmentation import VolumePredictor
from tfuq.report.slices import other_axes
from tfuq.scoring.evaluation.case_rows import case_rows
from tfuq.scoring.evaluation.cohorts import segmentation_cohorts, unsigned
from tfuq.scoring.evaluation.failures import FailureOptions
from tfuq.scoring.evaluation.voxels import CaseMaps
from tfuq.scoring.rows import column, mean_of, rows_of
from tfuq.workflows.shift.channel_probability import ChannelProbability
from tfuq.workflows.shift.measuring import Measured, Measurer, Row, quality_rows

_SCORES = (
    "dice",
    "missed",
    "invented",
    "hd95_mm",
    "hd95_px",
    "nll",
    "brier",
    "ece",
    "ece_boundary",
)
RATIO_BINS = 20


@dataclass(kw_only=True)
class _Gathered:
    """Rows of cases and structures, and the histogram of wrong voxels by variation ratio."""

    cases: list[Row] = field(default_factory=list)
    structures: list[Row] = field(default_factory=list)
    ratios: np.ndarray = field(default_factory=lambda: np.zeros(RATIO_BINS, int))


@dataclass(frozen=True, kw_only=True)
class _Predicted:
    """What is predicted of a volume.

    Attributes:
        maps: Beside its reference.
        probability: Of each class.
        structures: Rows of its structures.
    """

    maps: CaseMaps
    probability: ChannelProbability
    structures: list[Row]


class VolumeMeasurer(Measurer):
    """Measures segmentation."""

    predictor: VolumePredictor

    def subject(self, case: Case) -> Subject:
        """The volume with its label, preprocessed and not padded."""
        image = read_case_image(case)
        mask = read_mask(self.config, case, image)
        label = read_label(self.config, case, image)
        reference = self.predictor.preprocess.unpadded_label(label, mask)
        volume = self.predictor.preprocessed(case, image)
        return Subject(volume, reference, axis=self._plane_axis)

    @property
    def _plane_axis(self) -> int:
        axis = self.config.preprocessing.slice_axis
        return 2 if axis is None else axis

    def measure(self, cases: list[Case], severity: float, predictions: Path | None) -> Measured:
        """Predict the volumes one by one and compare each with its label."""
        gathered = _Gathered()
        example: dict[str, np.ndarray] = {}
        for case in cases:
            subject = self.perturbed(case, severity)
            with self._predicted(subject) as predicted:
                self._add(gathered, case, subject, predicted)
                if not example:
                    example = self._example(case, subject, predicted.maps)
                if predictions:
                    _write(predictions / case.id, case, subject, predicted)
        return self._measured(gathered, example)

    def _measured(self, gathered: _Gathered, example: dict[str, np.ndarray]) -> Measured:
        cohorts = segmentation_cohorts(gathered.cases, gathered.structures, [], FailureOptions())
        by_case = cohorts[0]
        whole = rows_of(gathered.cases, "class", "all")
        ids = column(whole, "case")
        dice = column(whole, "dice")
        ratios = None
        if self.predictor.samples > 1:
            ratios = gathered.ratios.tolist()
        return Measured(
            rows=quality_rows(ids, "dice", dice, unsigned(by_case)),
            scores=_mean_scores(whole),
            cohort=by_case,
            example=example,
            wrong_ratios=ratios,
            observed=self._observed(gathered.structures),
        )

    def _observed(self, structures: list[Row]) -> list[Observed]:
        """The cases with their structures as wholes, as a review reads them."""
        parts: dict[str, list[Part]] = {}
        for row in structures:
            if row["component"] == "all":
                counts = row["class"] in self.config.data.classes
                part = part_of(row["class"], row, "structure", counts=counts)
                parts.setdefault(row["case"], []).append(part)
        return [Observed(case=case, parts=of_case) for case, of_case in parts.items()]

    @contextmanager
    def _predicted(self, subject: Subject) -> Iterator[_Predicted]:
        """What is predicted of a volume.

        Statistics that are too large for memory are on disk until the block ends.
        """
        with self.predictor.sample_channels(subject.image) as channels:
            probability = ChannelProbability(channels, len(self.config.data.classes))
            maps = CaseMaps(
                label=probability.label(),
                truth=subject.present_label.array,
                probability=probability,
                maps=LazyArrays(self.predictor.maps, channels.channel),
            )
            yield _Predicted(
                maps=maps,
                probability=probability,
                structures=self.predictor.structures(subject.image, channels),
            )

    def _add(
        self,
        gathered: _Gathered,
        case: Case,
        subject: Subject,
        predicted: _Predicted,
    ) -> None:
        maps = predicted.maps
        if (maps.truth == PADDING).all():
            raise DataError(
                f"case '{case.id}': no labelled voxel is left of it on the network's grid, or so "
                "far moved; leave it out, or lower the severities"
            )
        rows = case_rows(case, maps, self.config, subject.present_label)
        dice = {row["class"]: row["dice"] for row in rows}
        gathered.cases += rows
        for row in predicted.structures:
            gathered.structures.append({"case": case.id, **row, "dice": dice[row["class"]]})
        if "variation_ratio" in maps.maps:
            is_wrong = maps.of_known(maps.label != maps.truth)
            ratios = maps.of_known(maps.maps["variation_ratio"])[is_wrong]
            counts, _ = np.histogram(ratios, RATIO_BINS, (0, 1))
            gathered.ratios += counts

    def _example(self, case: Case, subject: Subject, predicted: CaseMaps) -> dict[str, np.ndarray]:
        """The plane in which the unperturbed case has most of its structures."""
        axis = self._plane_axis
        is_labelled = is_structure(self.subject(case).present_label.array)
        areas = is_labelled.sum(other_axes(axis))
        index = int(areas.argmax())
        volumes = {
            "image": subject.image.array[..., 0],
            "truth": predicted.truth,
            "label": predicted.label,
        }
        planes = {name: np.take(array, index, axis) for name, array in volumes.items()}
        for name, array in predicted.maps.items():
            planes[name] = np.take(array, index, axis)
        return planes | {"affine": subject.image.affine, "axis": np.array(axis)}


def _mean_scores(rows: list[Row]) -> dict[str, float | None]:
    """The mean of each score that any case has."""
    scores = {}
    for name in _SCORES:
        if any(name in row for row in rows):
            scores[name] = mean_of([row.get(name) for row in rows])
    return scores


def _write(folder: Path, case: Case, subject: Subject, predicted: _Predicted) -> None:
    """Write what the network saw and predicted."""
    make_folder(folder)

    def write(name: str, array: np.ndarray) -> None:
        write_nifti(folder / f"{name}.nii.gz", subject.image.with_array(array))

    image = subject.image.array
    if image.shape[-1] == 1:
        image = image[..., 0]
    write("image", image)
    write("truth", predicted.maps.truth)
    write("label", predicted.maps.label)
    write("probability", predicted.probability.array())
    for name, array in predicted.maps.maps.items():
        write(name, array)
    rows = [{"case": case.id, **case.unit.named(row)} for row in predicted.structures]
    write_csv(folder / "structures.csv", rows)
