"""Calibration of a segmentation: scaling, bounds of structures, and volume intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tfuq.calibration import conformal, risk_control
from tfuq.calibration.observed import part_of
from tfuq.calibration.quality_kinds import DICE
from tfuq.calibration.records import Conformal, Scaling
from tfuq.calibration.reducers import choose_places
from tfuq.data.cases import Case, read_case_image, read_label, read_mask
from tfuq.data.events import CasesSampled
from tfuq.data.preprocessing import PADDING, to_examples
from tfuq.data.volume import Volume
from tfuq.measures.resampled import RunningLabel
from tfuq.prediction import Request
from tfuq.prediction.on_input import InputGrid
from tfuq.prediction.segmentation import VolumePredictor
from tfuq.prediction.voxel_channels import VoxelChannels
from tfuq.runs import Run
from tfuq.scoring.rows import Row
from tfuq.scoring.segmentation import dice
from tfuq.tasks.records import gathered
from tfuq.workflows.calibrate.fit import TASK_FITS, Arrays, Choices, Fit, ScalingSamples
from tfuq.workflows.calibrate.structures import STORED, Extent, StructureCases

_VOXELS = {2: 512, 3: 16384}  # of an example, that scaling is fitted on


@TASK_FITS.register("segmentation")
class SegmentationFit(Fit):
    """See `tfuq.workflows.calibrate.fit.Fit`."""

    scalings = ("temperature",)
    quality = DICE

    predictor: VolumePredictor

    def __init__(self, run: Run, request: Request, choices: Choices) -> None:
        """Begin with no case; arguments as in `tfuq.workflows.calibrate.fit.Fit`."""
        self._samples = ScalingSamples(choices.kind)
        super().__init__(run, request, choices, [self._samples.reducer])
        self._classes = self.config.data.classes[1:]
        self._structures = {name: StructureCases() for name in self._classes}

    def gather(self, cases: list[Case]) -> Iterator[CasesSampled]:
        """Predict the cases, one at a time."""
        for done, case in enumerate(cases, start=1):
            self._gather(case)
            yield CasesSampled(done=done, total=len(cases), description=case.id)

    def _gather(self, case: Case) -> None:
        image = read_case_image(case)
        prepared = self.predictor.preprocessed(case, image)
        label = read_label(self.config, case, image)
        truth = self._pick(prepared, label, read_mask(self.config, case, image))
        unlike = self.unlike_training(image)
        sampling = self.predictor.sample_channels(prepared)
        # No name is left to the voxels: they leave memory when sampled.
        grid = InputGrid(image=image.grid, prepared=prepared.grid)
        del image, prepared
        with sampling as channels:
            self._add(gathered(channels.picked, "picked"), truth)
            self._compare(case, unlike, label, grid, channels)

    def _pick(self, prepared: Volume, label: Volume, mask: Volume | None) -> np.ndarray:
        """Choose the voxels that the scaling is fitted on; their true classes ``[N, m]``."""
        on_network = self.predictor.preprocess.unpadded_label(label, mask).array
        labels = to_examples(on_network, self.config.preprocessing.slice_axis)
        flat = labels.reshape(len(labels), -1)
        places = choose_places(flat.shape[1], _VOXELS[self.config.network.rank])
        padded_voxels = math.prod(self.predictor.preprocess.padded_shape(prepared))
        self._samples.reducer.pick(
            self.predictor.places_in_padding(prepared, places),
            voxels=padded_voxels // len(flat),
            examples=len(flat),
        )
        return flat[:, places]

    def _compare(
        self,
        case: Case,
        unlike: Sequence[str],
        label: Volume,
        grid: InputGrid,
        channels: VoxelChannels,
    ) -> None:
        """Gather how the probabilities, and the label made of them, agree with the reference.

        Args:
            case: whose they are.
            unlike: what `unlike_training` says of its image.
            label: its reference, on the image's grid.
            grid: the way from the network's grid to that of the image.
            channels: what its samples say.
        """
        rows = self.predictor.structures(grid.prepared, channels)
        whole = {row["class"]: row for row in rows if row["component"] == "all"}
        is_known = label.array != PADDING
        truth = label.array[is_known]
        predicted = RunningLabel(label.shape)
        for k, name in enumerate(self.config.data.classes):
            probability = grid.probability(channels.channel("probability", k), k)
            predicted.add(k, probability)
            if k > 0:
                p = probability[is_known]
                is_true = truth == k
                structure = self._structures[name]
                structure.missed.append(risk_control.missed_shares(p, is_true))
                structure.excess.append(risk_control.excess_shares(p, is_true))
                structure.extents.append(_extent(p, is_true, whole[name], label, grid.prepared))
        self._observe(case, unlike, whole, predicted.label[is_known], truth)

    def _observe(
        self,
        case: Case,
        unlike: Sequence[str],
        whole: Mapping[str, Row],
        predicted: np.ndarray,
        truth: np.ndarray,
    ) -> None:
        """Gather the measures and the Dice of each structure.

        Args:
            case: whose they are.
            unlike: what `unlike_training` says of its image.
            whole: measures of each structure as a whole.
            predicted: classes of the voxels whose reference is known, ``[n]``.
            truth: their reference, ``[n]``.
        """
        parts = []
        for name, members in self.config.data.structures.items():
            quality = dice(np.isin(predicted, members), np.isin(truth, members))
            counts = name in self._classes
            parts.append(part_of(name, whole[name], "structure", counts=counts, quality=quality))
        self.observe(case, unlike, parts)

    def _add(self, picked: np.ndarray, truth: np.ndarray) -> None:
        """Add samples ``[N, T, m, K]`` of voxels with true classes ``[N, m]``, where known."""
        for of_example, classes in zip(picked, truth, strict=True):
            is_known = classes != PADDING
            if is_known.any():
                self._samples.add(of_example[None, :, is_known], classes[None, is_known])

    def stored(self) -> Arrays:
        """See `tfuq.workflows.calibrate.fit.Fit`."""
        arrays = self._samples.stored()
        for number, structure in enumerate(self._structures.values()):
            for name, array in structure.stored().items():
                arrays[f"{name}_{number}"] = array
        return arrays

    def add_stored(self, arrays: Arrays) -> None:
        """See `tfuq.workflows.calibrate.fit.Fit`."""
        self._samples.add_stored(arrays)
        for number, structure in enumerate(self._structures.values()):
            structure.add_stored({name: arrays[f"{name}_{number}"] for name in STORED})

    def scaling(self) -> Scaling:
        """The best scaling."""
        return self._samples.fit()

    def thresholds(self) -> Conformal:
        """Thresholds of bounds and quantiles of volumes, by class."""
        bounds: dict[str, dict[risk_control.Side, float]] = {}
        volumes = {}
        sizes = {}
        for name, structure in self._structures.items():
            bounds[name] = structure.bounds(self.alpha)
            if structure.has_volumes(self.alpha):
                volumes[name] = structure.volume_quantile(self.alpha)
            sizes[name] = structure.sizes(bounds[name], volumes.get(name))
        return Conformal(alpha=self.alpha, bounds=bounds, volumes=volumes, sizes=sizes)


def _extent(
    p: np.ndarray,
    truth: np.ndarray,
    row: Row,
    label: Volume,
    prepared: Volume,
) -> Extent:
    """How large a structure is in a case.

    Args:
        p: its probabilities at the voxels of the image's grid whose class is known, ``[n]``.
        truth: its reference there, bool ``[n]``.
        row: its measures over samples.
        label: a volume on the image's grid.
        prepared: a volume on the network's grid.
    """
    low, high = conformal.predicted_interval(row)
    return Extent(
        reached=risk_control.reaching_shares(p) * truth.size,
        reference=int(np.count_nonzero(truth)),
        image=truth.size,
        voxel_volume=label.voxel_volume,
        low=low,
        high=high,
        sampled_voxel=prepared.voxel_volume,
        is_whole=truth.size == label.array.size,
    )
