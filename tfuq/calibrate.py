"""Calibration of a method: its scaling and conformal thresholds, from cases that were not trained on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.calibrations import Calibration, Conformal, Scaling, calibration_path, files_of, selection_caveat
from tfuq.data.cases import Case, read_case_image, read_label, read_mask
from tfuq.data.classification import class_of
from tfuq.data.landmarks import image_diagonal, pixel_mm, reference_points
from tfuq.data.ownership import require_replaceable
from tfuq.data.preprocessing import to_examples
from tfuq.data.volume import Volume
from tfuq.errors import DataError, RunError
from tfuq.locks import exclusive
from tfuq.prediction import Predictor, Request, make_predictor
from tfuq.prediction.predictor import Drawn
from tfuq.prediction.segmentation import VolumePredictor
from tfuq.prediction.tables import TablePredictor
from tfuq.results import LANDMARKS
from tfuq.runs import Run
from tfuq.scaling import PickedSamples, choose_places
from tfuq.scoring import conformal
from tfuq.scoring.landmarks import radial_errors
from tfuq.scoring.recalibration import FITS, TINY, mean_nll
from tfuq.scoring.sizes import Size, interval_size, lower_size, radius_size, set_size, upper_size

_INSTEAD_OF_VECTOR = {
    "segmentation": "a run of segmentation takes temperature",
    "landmarks": "a run of landmarks has no probabilities of classes to scale: leave --scaling out",
}
_VOXELS = {2: 512, 3: 16384}  # of an example, that scaling is fitted on


@dataclass(frozen=True)
class Choices:
    """Where the cases come from (for the record), 1 − the promise, and the kind of scaling."""

    source: str
    alpha: float
    kind: str


def calibrate(
    run: Run, request: Request, cases: list[Case], choices: Choices, *, say: Callable[[str], None], overwrite: bool = False
) -> tuple[Calibration, Path]:
    """Calibrate a method of a run on cases with references, and say where it was written.

    Raises:
        RunError: there is a calibration of the method already, or the run cannot serve it. DataError: α is out of range or asks
            for more cases, or the kind of scaling does not serve the task.
    """
    path = calibration_path(run, request.method)
    conformal.check_alpha(choices.alpha, len(cases))
    if choices.kind == "vector" and run.config.task != "classification":
        raise DataError(f"--scaling vector: serves classification alone; {_INSTEAD_OF_VECTOR[run.config.task]}")
    if path.exists() and not overwrite:
        raise RunError(f"{path}: exists; pass --overwrite to replace it, which voids the predictions that were made with it")
    require_replaceable(path)
    fit = _FITS[run.config.task](run, request, choices)
    with exclusive(path.parent, "calibrating into"):
        for case_id in fit.gather(cases):
            say(f"drawn {case_id}")
        files = {case.id: files_of(case) for case in cases}
        caveat = selection_caveat(run, files)
        found = Calibration(fit.predictor.manifest(), choices.source, files, fit.scaling(), fit.thresholds(), caveat)
        found.write(path)
    return found, path


class _Fit(ABC):
    """Gathers what a task's calibration is made of, and makes it."""

    _further: Sequence = ()

    def __init__(self, run: Run, request: Request, choices: Choices):
        if run.config.task != "landmarks":
            self._picked = PickedSamples()
            self._further = [self._picked]
        self._choices, self.config = choices, run.config
        self.predictor: Predictor = make_predictor(run, request, self._further)
        self._logs: list[np.ndarray] = []  # [T, n, K] of each case or batch
        self._truths: list[np.ndarray] = []

    @abstractmethod
    def gather(self, cases: list[Case]) -> Iterator[str]:
        """Draw the cases; ids as they are done."""

    @abstractmethod
    def thresholds(self) -> Conformal:
        """Conformal thresholds of what was gathered."""

    def _keep(self, picked: np.ndarray, truth: np.ndarray) -> None:
        """Samples ``[N, T, m, K]`` and their true classes ``[N, m]``."""
        logs = np.log(np.maximum(picked, TINY)).transpose(1, 0, 2, 3)
        self._logs.append(logs.reshape(len(logs), -1, logs.shape[-1]))
        self._truths.append(truth.ravel().astype(int))

    def scaling(self) -> Scaling | None:
        """The scaling of what was kept, each voxel (or image) counting alike; None of a task without classes."""
        if not self._logs:
            return None
        logs, y = np.concatenate(self._logs, 1).astype(np.float64), np.concatenate(self._truths)
        weights, bias = FITS[self._choices.kind](logs, y)
        before, _ = mean_nll(logs, y, np.ones_like(weights), np.zeros_like(bias))
        after, _ = mean_nll(logs, y, weights, bias)
        return Scaling(self._choices.kind, weights.tolist(), bias.tolist(), before, after, len(y))


class _TableFit(_Fit):
    predictor: TablePredictor

    def gather(self, cases):
        for start in range(0, len(cases), self.predictor.cases_at_once):
            batch = cases[start : start + self.predictor.cases_at_once]
            images = [read_case_image(case) for case in batch]
            self._add(batch, images, self.predictor.draw(self.predictor.stack(batch, images)))
            yield f"{start + len(batch)} of {len(cases)} images"


class _ClassificationFit(_TableFit):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._p: list[np.ndarray] = []

    def _add(self, cases, images, drawn):
        self._keep(drawn["picked"], np.array([class_of(self.config, case) for case in cases]))
        self._p.append(drawn["probability"])

    def thresholds(self):
        p, y, alpha = np.concatenate(self._p), np.concatenate(self._truths), self._choices.alpha
        true = {rule: conformal.class_scores(p, rule)[np.arange(len(y)), y] for rule in conformal.SET_RULES}
        sets = {rule: conformal.conformal_quantile(scores, alpha) for rule, scores in true.items()}
        held = {rule: conformal.prediction_sets(p, rule, quantile) for rule, quantile in sets.items()}
        return Conformal(alpha, sets=sets, sizes={rule: {"set": set_size(of_cases)} for rule, of_cases in held.items()})


class _LandmarkFit(_TableFit):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._scores: dict[str, list[float]] = {name: [] for name in self.config.data.landmarks}
        self._scales: dict[str, list[tuple[float, float]]] = {name: [] for name in self.config.data.landmarks}  # with diagonals

    def _add(self, cases, images, drawn):
        for number, (case, image) in enumerate(zip(cases, images, strict=True)):
            rows = self.predictor.rows(case, image, {name: values[number] for name, values in drawn.items()})[LANDMARKS]
            truth = reference_points(self.config, case, image.shape[:2])
            mm = pixel_mm(self.config, image.shape[:2])
            found = np.array([[row["x"], row["y"]] for row in rows])
            errors = radial_errors(found, truth, 1.0 if mm is None else mm)
            diagonal = image_diagonal(image.shape[:2], mm)
            for row, error in zip(rows, errors, strict=True):
                self._scales[row["landmark"]].append((conformal.landmark_scale(row), diagonal))
                if not np.isnan(error):
                    self._scores[row["landmark"]].append(float(error / conformal.landmark_scale(row)))

    def thresholds(self):
        alpha = self._choices.alpha
        radii = {name: conformal.conformal_quantile(np.array(scores), alpha) for name, scores in self._scores.items()}
        counts = {name: len(scores) for name, scores in self._scores.items()}
        return Conformal(
            alpha, radii=radii, radii_cases=counts, sizes={n: {"radius": self._size(n, q)} for n, q in radii.items()}
        )

    def _size(self, name: str, quantile: float) -> Size:
        scales, diagonals = np.array(self._scales[name]).T
        return radius_size(quantile * scales, diagonals)


class _SegmentationFit(_Fit):
    predictor: VolumePredictor

    def __init__(self, *arguments):
        super().__init__(*arguments)
        names = self.config.data.classes[1:]
        self._losses: dict[str, list] = {name: [] for name in names}  # missed and excess of each case
        self._volumes: dict[str, list] = {name: [] for name in names}
        self._extents: dict[str, list[_Extent]] = {name: [] for name in names}

    def gather(self, cases):
        for case in cases:
            image = read_case_image(case)
            prepared = self.predictor.preprocessed(case, image)
            label, mask = read_label(self.config, case, image), read_mask(self.config, case, image)
            on_network = self.predictor.preprocess.unpadded_label(label, mask).array
            drawn = self._draw(prepared, to_examples(on_network, self.config.preprocessing.slice_axis))
            probability = self.predictor.probability_on_input(image, prepared, drawn).array
            whole = {row["class"]: row for row in self.predictor.structures(prepared, drawn) if row["component"] == "all"}
            for k, name in enumerate(self.config.data.classes[1:], start=1):
                p, truth = probability[..., k], label.array == k
                self._losses[name].append((conformal.missed_shares(p, truth), conformal.excess_shares(p, truth)))
                reached = conformal.reaching_shares(p) * truth.size
                volume = np.count_nonzero(truth) * label.voxel_volume
                low, high = conformal.predicted_interval(whole[name])
                self._volumes[name].append(float(conformal.volume_scores(volume, low, high, prepared.voxel_volume)))
                self._extents[name].append(
                    _Extent(reached, np.count_nonzero(truth), truth.size, label.voxel_volume, low, high, prepared.voxel_volume)
                )
            yield case.id

    def _draw(self, prepared: Volume, labels: np.ndarray) -> Drawn:
        """Draw a case, and keep samples at some of its voxels for the scaling; ``labels [n, *S]``."""
        flat = labels.reshape(len(labels), -1)
        places = choose_places(flat.shape[1], _VOXELS[self.config.network.rank])
        self._picked.places.assign(self.predictor.places_in_padding(prepared, places))
        drawn = self.predictor.sample(prepared)
        self._keep(drawn["picked"], flat[:, places])
        return drawn

    def thresholds(self):
        alpha = self._choices.alpha
        bounds = {
            name: conformal.bounding_thresholds(*np.array(losses).transpose(1, 0, 2), alpha)
            for name, losses in self._losses.items()
        }
        volumes = {name: conformal.conformal_quantile(np.array(scores), alpha) for name, scores in self._volumes.items()}
        sizes = {name: self._sizes(extents, bounds[name], volumes[name]) for name, extents in self._extents.items()}
        return Conformal(alpha, bounds=bounds, volumes=volumes, sizes=sizes)

    @staticmethod
    def _sizes(extents: list[_Extent], bounds: dict[str, float], quantile: float) -> dict[str, Size]:
        reference, image = np.array([extent.reference for extent in extents]), np.array([extent.image for extent in extents])
        reached = np.array([extent.reached for extent in extents])
        places = np.searchsorted(conformal.THRESHOLDS, np.float32([bounds["lower"], bounds["upper"]]))
        lower, upper = reached[:, places].T
        low, high = np.array([extent.interval(quantile) for extent in extents]).T
        voxel = np.array([extent.voxel_volume for extent in extents])
        return {
            "upper": upper_size(upper, reference, image),
            "lower": lower_size(lower, reference),
            "volume": interval_size(low, high, reference * voxel, image * voxel),
        }


@dataclass(frozen=True)
class _Extent:
    """How large a structure is in a calibration case: the voxels that reach each threshold, those of the reference and of the
    image, the volume of a voxel (mm³), and the interval over samples with the volume of a voxel of its grid."""

    reached: np.ndarray
    reference: int
    image: int
    voxel_volume: float
    low: float
    high: float
    sampled_voxel: float

    def interval(self, quantile: float) -> tuple[float, float]:
        """The conformal volume interval in mm³."""
        return conformal.volume_interval(self.low, self.high, self.sampled_voxel, quantile)


_FITS: dict[str, type[_Fit]] = {
    "segmentation": _SegmentationFit,
    "classification": _ClassificationFit,
    "landmarks": _LandmarkFit,
}
