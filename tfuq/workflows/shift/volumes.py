"""Perturbed volumes, measured one by one on the network's grid.

They are perturbed before they are padded: no scan has noise in its padding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tfuq.calibration.observed import Observed, Part, part_of
from tfuq.data.cases import Case, read_case_image, read_label, read_mask
from tfuq.data.perturbations import Subject
from tfuq.data.preprocessing import PADDING, from_examples, is_structure
from tfuq.data.writers import make_folder, write_csv, write_nifti
from tfuq.errors import DataError
from tfuq.prediction.segmentation import VolumePredictor
from tfuq.report.slices import other_axes
from tfuq.scoring.evaluation.case_rows import case_rows
from tfuq.scoring.evaluation.cohorts import segmentation_cohorts, unsigned
from tfuq.scoring.evaluation.failures import FailureOptions
from tfuq.scoring.evaluation.voxels import CaseMaps
from tfuq.scoring.rows import column, mean_of, rows_of
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
            predicted, structures = self._predict(subject)
            self._add(gathered, case, subject, predicted, structures)
            if not example:
                example = self._example(case, subject, predicted)
            if predictions:
                _write(predictions / case.id, case, subject, predicted, structures)
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

    def _predict(self, subject: Subject) -> tuple[CaseMaps, list[Row]]:
        statistics = self.predictor.sample(subject.image)
        axis = self.config.preprocessing.slice_axis
        probability = from_examples(statistics.probability, axis)
        maps = statistics.maps(self.predictor.maps)
        predicted = CaseMaps(
            label=probability.argmax(-1).astype(np.uint8),
            truth=subject.present_label.array,
            probability=probability,
            maps={name: from_examples(examples, axis) for name, examples in maps.items()},
        )
        channels = self.predictor.channels_of(statistics)
        return predicted, self.predictor.structures(subject.image, channels)

    def _add(
        self,
        gathered: _Gathered,
        case: Case,
        subject: Subject,
        predicted: CaseMaps,
        structures: list[Row],
    ) -> None:
        if (predicted.truth == PADDING).all():
            raise DataError(
                f"case '{case.id}': no labelled voxel is left of it on the network's grid, or so "
                "far moved; leave it out, or lower the severities"
            )
        rows = case_rows(case, predicted, self.config, subject.present_label)
        dice = {row["class"]: row["dice"] for row in rows}
        gathered.cases += rows
        for row in structures:
            gathered.structures.append({"case": case.id, **row, "dice": dice[row["class"]]})
        if "variation_ratio" in predicted.maps:
            is_wrong = predicted.of_known(predicted.label != predicted.truth)
            ratios = predicted.of_known(predicted.maps["variation_ratio"])[is_wrong]
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
            **predicted.maps,
        }
        planes = {name: np.take(array, index, axis) for name, array in volumes.items()}
        return planes | {"affine": subject.image.affine, "axis": np.array(axis)}


def _mean_scores(rows: list[Row]) -> dict[str, float | None]:
    """The mean of each score that any case has."""
    scores = {}
    for name in _SCORES:
        if any(name in row for row in rows):
            scores[name] = mean_of([row.get(name) for row in rows])
    return scores


def _write(
    folder: Path, case: Case, subject: Subject, predicted: CaseMaps, structures: list[Row]
) -> None:
    """Write what the network saw and predicted."""
    image = subject.image.array
    if image.shape[-1] == 1:
        image = image[..., 0]
    volumes = {
        "image": image,
        "truth": predicted.truth,
        "label": predicted.label,
        "probability": predicted.whole_probability(),
        **predicted.maps,
    }
    make_folder(folder)
    for name, array in volumes.items():
        write_nifti(folder / f"{name}.nii.gz", subject.image.with_array(array))
    rows = [{"case": case.id, **case.unit.named(row)} for row in structures]
    write_csv(folder / "structures.csv", rows)
