"""Perturbed volumes, measured one by one on the network's grid.

They are perturbed before they are padded: no scan has noise there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tfuq.data.cases import Case, read_case_image, read_label, read_mask
from tfuq.data.perturbations import Subject
from tfuq.data.preprocessing import from_examples
from tfuq.data.writers import make_folder, write_csv, write_nifti
from tfuq.scoring.evaluation.failures import FailureOptions, segmentation_cohorts, unsigned
from tfuq.scoring.evaluation.scores import mean_of
from tfuq.scoring.evaluation.segmentation import case_rows
from tfuq.scoring.evaluation.voxels import CaseMaps
from tfuq.shift.measuring import Measured, Measurer

_SCORES = ("dice", "hd95_mm", "hd95_px", "nll", "brier", "ece", "ece_boundary")
RATIO_BINS = 20


@dataclass
class _Gathered:
    cases: list[dict] = field(default_factory=list)
    structures: list[dict] = field(default_factory=list)
    ratios: np.ndarray = field(default_factory=lambda: np.zeros(RATIO_BINS, int))


class VolumeMeasurer(Measurer):
    """Segmentation."""

    def subject(self, case):
        image = read_case_image(case)
        mask, label = read_mask(self.config, case, image), read_label(self.config, case, image)
        reference = self.predictor.preprocess.unpadded_label(label, mask)
        return Subject(self.predictor.preprocessed(case, image), reference, axis=self._plane_axis)

    @property
    def _plane_axis(self) -> int:
        axis = self.config.preprocessing.slice_axis
        return 2 if axis is None else axis

    def measure(self, cases, severity, keep):
        gathered, example = _Gathered(), {}
        for case in cases:
            subject = self.perturbed(case, severity)
            found, structures = self._predict(subject)
            self._add(gathered, case, subject, found, structures)
            example = example or self._example(case, subject, found)
            if keep:
                _write(keep / case.id, subject, found, [{"case": case.id, **case.unit.named(row)} for row in structures])
        cohort = segmentation_cohorts(gathered.cases, gathered.structures, [], FailureOptions())[0]
        whole = [row for row in gathered.cases if row["class"] == "all"]
        measures = unsigned(cohort)
        rows = [
            {"case": row["case"], "dice": row["dice"], **{name: values[i] for name, values in measures.items()}}
            for i, row in enumerate(whole)
        ]
        scored = [name for name in _SCORES if any(name in row for row in whole)]
        scores = {name: mean_of([row.get(name) for row in whole]) for name in scored}
        ratios = gathered.ratios.tolist() if self.predictor.samples > 1 else None
        return Measured(rows, scores, cohort, example, ratios)

    def _predict(self, subject: Subject) -> tuple[CaseMaps, list[dict]]:
        drawn, axis = self.predictor.sample(subject.image), self.config.preprocessing.slice_axis
        probability = from_examples(drawn["probability"], axis)
        maps = {name: from_examples(drawn[name], axis) for name in self.predictor.maps}
        found = CaseMaps(probability.argmax(-1).astype(np.uint8), subject.label.array, probability, maps)
        return found, self.predictor.structures(subject.image, drawn)

    def _add(self, gathered: _Gathered, case: Case, subject: Subject, found: CaseMaps, structures: list[dict]) -> None:
        rows = case_rows(case, found, self.config, subject.label)
        dice = {row["class"]: row["dice"] for row in rows}
        gathered.cases += rows
        gathered.structures += [{"case": case.id, **row, "dice": dice[row["class"]]} for row in structures]
        if "variation_ratio" in found.maps:
            wrong = found.maps["variation_ratio"][found.label != found.truth]
            gathered.ratios += np.histogram(wrong, RATIO_BINS, (0, 1))[0]

    def _example(self, case: Case, subject: Subject, found: CaseMaps) -> dict[str, np.ndarray]:
        """The plane in which the unperturbed case has most of its structures."""
        axis, before = self._plane_axis, self.subject(case).label.array
        index = int((before > 0).sum(tuple(a for a in range(3) if a != axis)).argmax())
        volumes = {"image": subject.image.array[..., 0], "truth": found.truth, "label": found.label, **found.maps}
        planes = {name: np.take(array, index, axis) for name, array in volumes.items()}
        return planes | {"affine": subject.image.affine, "axis": np.array(axis)}


def _write(folder: Path, subject: Subject, found: CaseMaps, structures: list[dict]) -> None:
    """What was seen and predicted."""
    image = subject.image.array
    volumes = {"image": image[..., 0] if image.shape[-1] == 1 else image, "truth": found.truth, "label": found.label}
    make_folder(folder)
    for name, array in (volumes | {"probability": found.probability, **found.maps}).items():
        write_nifti(folder / f"{name}.nii.gz", subject.image.with_array(array))
    write_csv(folder / "structures.csv", structures)
