"""Segmentation: label, probabilities and maps in each scan's own geometry, and its structures."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfuq.data.cases import Case, naming, read_case_image
from tfuq.data.events import CasePredicted, Observer
from tfuq.data.preprocessing import Box, box_in_padding, to_examples
from tfuq.data.volume import Volume
from tfuq.data.writers import plan_replacement
from tfuq.measures.catalogue import MEMBER_VARIANCES
from tfuq.measures.sample_masks import STORED, StoredSamples
from tfuq.prediction.case_folder import CASE, STRUCTURES, Prediction
from tfuq.prediction.dicom import DicomFiles, dicom_files, dicom_names
from tfuq.prediction.on_input import InputGrid, conformal_bounds
from tfuq.prediction.predictor import Predictor
from tfuq.prediction.statistics import Row
from tfuq.prediction.structures import rows_of_structures
from tfuq.prediction.timing import timed
from tfuq.runs.results import AddedCases, Manifest, member_map
from tfuq.tasks.records import VoxelStatistics, gathered


class VolumePredictor(Predictor[VoxelStatistics]):
    """Predicts volumes one by one, a folder each."""

    record = VoxelStatistics

    @property
    def files(self) -> str:
        """What is written, for people."""
        maps = ", ".join(self.written)
        text = f"{maps} (.nii.gz), {STRUCTURES}"
        if self.request.write_dicom:
            text = f"{text}, {', '.join(dicom_names(self.maps))}"
        if self.request.keep_samples:
            return f"{text}, {STORED}"
        return text

    def write_cases(
        self,
        cases: list[Case],
        folder: Path,
        manifest: Manifest,
        observer: Observer,
    ) -> None:
        """See `Predictor.write_cases`."""
        with AddedCases(folder, manifest) as finished:
            for case in cases:
                if self._holds(manifest, folder, case):
                    observer.notify(CasePredicted(case=case.id, seconds=None))
                    continue
                prediction = predict_case(self, case)
                with timed(prediction.seconds, "write"):
                    prediction.write(folder / case.id)
                seconds = {}
                for stage, value in prediction.seconds.items():
                    seconds[stage] = round(value, 4)
                finished.add(case, seconds)
                observer.notify(CasePredicted(case=case.id, seconds=dict(seconds)))

    def require_room(self, cases: list[Case], folder: Path, manifest: Manifest) -> None:
        """See `Predictor.require_room`."""
        for case in cases:
            if not self._holds(manifest, folder, case):
                plan_replacement(folder / case.id, CASE)

    def _holds(self, manifest: Manifest, folder: Path, case: Case) -> bool:
        return manifest.holds(case) and self._is_complete(folder / case.id)

    def _is_complete(self, folder: Path) -> bool:
        names = [f"{name}.nii.gz" for name in self.written]
        names.append(STRUCTURES)
        if self.request.keep_samples:
            names.append(STORED)
        if self.request.write_dicom:
            names += dicom_names(self.maps)
        return all((folder / name).is_file() for name in names)

    @property
    def statistics_of_maps(self) -> tuple[str, ...]:
        """See `Predictor.statistics_of_maps`.

        The variance is that of every class. On the input's grid a voxel may have another label than
        on the network's.
        """
        steps = self.config.preprocessing
        is_resampled = bool(steps.spacing or steps.size)
        if is_resampled and self.samples > 1:
            return ("variance",)
        return ()

    @property
    def cases_at_once(self) -> int:
        """How many cases go through the network together."""
        return 1

    def rehearse(self, cases: list[Case], samples: int) -> float:
        """See `Predictor.rehearse`."""
        started = time.perf_counter()
        (case,) = cases
        image = read_case_image(case)
        prepared = self.preprocessed(case, image)
        network_started = time.perf_counter()
        statistics = self.sample(prepared, samples)
        network = time.perf_counter() - network_started
        self.structures(prepared, statistics)
        self.maps_on_input(image, prepared, statistics)
        return time.perf_counter() - started - network

    @property
    def _slice_axis(self) -> int | None:
        return self.config.preprocessing.slice_axis

    def sample(self, prepared: Volume, samples: int | None = None) -> VoxelStatistics:
        """Sample the networks on a case.

        The network sees the case padded. The samples are cropped here, once. So all that is
        measured, fitted or written is of the scan's own voxels.

        Args:
            prepared: The case as `preprocessed` gives it.
            samples: How many samples; the predictor's T if None.

        Returns:
            The statistics of the samples, of examples without padding.
        """
        padded = self.preprocess.padded(prepared)
        examples = np.ascontiguousarray(to_examples(padded.array, self._slice_axis))
        statistics = self.draw(examples, samples)
        if padded.shape == prepared.shape:
            return statistics
        shape, box = self._padding(prepared)
        return statistics.cropped(shape, box)

    def places_in_padding(self, prepared: Volume, places: np.ndarray) -> np.ndarray:
        """Numbers of voxels in a padded example.

        Args:
            prepared: The case as `preprocessed` gives it.
            places: The voxels' numbers in an example without padding, ``[m]``.
        """
        shape, box = self._padding(prepared)
        unpadded_shape = tuple(side.stop - side.start for side in box)
        indices = np.unravel_index(places, unpadded_shape)
        padded_indices = []
        for index, side in zip(indices, box, strict=True):
            padded_indices.append(index + side.start)
        flat: np.ndarray = np.ravel_multi_index(padded_indices, shape)
        return flat

    def _padding(self, prepared: Volume) -> tuple[tuple[int, ...], Box]:
        """The shape of a padded example, and the box in it that the example fills."""
        unpadded = self._example_shape(prepared.shape)
        padded = self._example_shape(self.preprocess.padded_shape(prepared))
        return padded, box_in_padding(unpadded, padded)

    def _example_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(size for axis, size in enumerate(shape) if axis != self._slice_axis)

    def structures(self, prepared: Volume, statistics: VoxelStatistics) -> list[Row]:
        """Make the rows of ``structures.csv`` (see `tfuq.measures.structure`).

        Args:
            prepared: The case as `preprocessed` gives it.
            statistics: Those of its samples, as `sample` gives them.
        """
        samples = self._stored_samples(prepared, statistics)
        quantiles: Mapping[str, float] = {}
        if self.calibration:
            quantiles = self.calibration.conformal.volumes
        return rows_of_structures(self.config, samples, statistics, quantiles)

    def kept_samples(self, prepared: Volume, statistics: VoxelStatistics) -> StoredSamples | None:
        """The samples to write beside the maps, where they are asked for."""
        if not self.request.keep_samples:
            return None
        return self._stored_samples(prepared, statistics)

    def _stored_samples(self, prepared: Volume, statistics: VoxelStatistics) -> StoredSamples:
        return StoredSamples(
            packed=statistics.masks,
            slice_axis=self._slice_axis,
            grid=prepared,
        )

    def probability_on_input(
        self, image: Volume, prepared: Volume, statistics: VoxelStatistics
    ) -> Volume:
        """The mean of the samples on the input's grid; what the network did not see is background.

        Args:
            image: The image as given.
            prepared: The case as `preprocessed` gives it.
            statistics: Those of its samples, as `sample` gives them.
        """
        return self._input_grid(image, prepared).probabilities(statistics.probability)

    def maps_on_input(
        self, image: Volume, prepared: Volume, statistics: VoxelStatistics
    ) -> dict[str, Volume]:
        """``label``, ``probability`` and the maps on the input's grid, by the names of their files.

        What the network did not see is background.

        Args:
            image: The image as given.
            prepared: The case as `preprocessed` gives it.
            statistics: Those of its samples, as `sample` gives them.
        """
        grid = self._input_grid(image, prepared)
        probability = grid.probabilities(statistics.probability)
        label = probability.with_array(probability.array.argmax(-1).astype(np.uint8))
        volumes = {"label": label, "probability": probability}
        volumes |= grid.uncertainty_maps(
            statistics,
            probability,
            self.maps,
            several=self.samples > 1,
        )
        if self.members:
            volumes |= grid.member_maps(statistics, self._member_weights())
        if self.calibration is None:
            return volumes
        uncalibrated = grid.probabilities(gathered(statistics.uncalibrated, "uncalibrated"))
        volumes["uncalibrated"] = uncalibrated
        bounds = self.calibration.conformal.bounds
        return volumes | conformal_bounds(uncalibrated, bounds, self.config.data.classes[1:])

    def _input_grid(self, image: Volume, prepared: Volume) -> InputGrid:
        return InputGrid(
            image=image,
            prepared=prepared,
            slice_axis=self._slice_axis,
            classes=len(self.config.data.classes),
        )

    def _member_weights(self) -> np.ndarray:
        """Each member's share of the samples."""
        samples = tf.constant(self.samples)
        counts = []
        for member in range(self.members):
            counts.append(int(self.posterior.draws(member, samples)))
        return np.array(counts, np.float32) / self.samples

    def dicom_files(self, case: Case) -> DicomFiles | None:
        """What is to be written of a case as DICOM, where that is asked for."""
        if not self.request.write_dicom:
            return None
        return dicom_files(
            case,
            classes=self.config.data.classes,
            maps=self.maps,
            manifest=self.manifest(),
        )

    @property
    def written(self) -> list[str]:
        """The names of a case's NIfTI files, without their ending."""
        names = ["label", "probability", *self.maps]
        if self.members:
            names += [*map(member_map, range(self.members)), *MEMBER_VARIANCES]
        if self.calibration:
            names += ["uncalibrated", "label_lower", "label_upper"]
        return names


def predict_case(predictor: VolumePredictor, case: Case) -> Prediction:
    """Read and predict one case."""
    started = time.perf_counter()
    image = read_case_image(case)
    prediction = predict_image(predictor, image, case)
    elapsed = time.perf_counter() - started
    prediction.seconds["read"] += elapsed - sum(prediction.seconds.values())
    return prediction


def predict_image(predictor: VolumePredictor, image: Volume, case: Case) -> Prediction:
    """Predict an image that is in memory.

    Args:
        predictor: The predictor.
        image: The image as given.
        case: Names the image in errors, and has the mask or label where preprocessing needs one.
    """
    seconds: dict[str, float] = {}
    with timed(seconds, "read"):
        prepared = predictor.preprocessed(case, image)
    with timed(seconds, "network"), naming(case):
        statistics = predictor.sample(prepared)
    with timed(seconds, "measures"):
        rows = predictor.structures(prepared, statistics)
        named_rows = [case.unit.named(row) for row in rows]
        volumes = predictor.maps_on_input(image, prepared, statistics)
    return Prediction(
        case=case.id,
        volumes=volumes,
        structures=named_rows,
        seconds=seconds,
        samples=predictor.kept_samples(prepared, statistics),
        dicom=predictor.dicom_files(case),
    )
