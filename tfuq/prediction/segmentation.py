"""Segmentation: label, probabilities and maps in each scan's own geometry, and its structures."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfuq.config import MEAN, STAPLE
from tfuq.data.cases import Case, read_case_image
from tfuq.data.events import Observer
from tfuq.data.preprocessing import Box, box_in_padding, to_examples
from tfuq.data.volume import Volume
from tfuq.data.writers import plan_replacement
from tfuq.measures.catalogue import MEMBER_VARIANCES, VARIANCES
from tfuq.measures.sample_masks import STORED, StoredSamples
from tfuq.prediction.case_folder import CASE, files_of_case
from tfuq.prediction.dicom import DicomFiles, dicom_files, dicom_names
from tfuq.prediction.large import LargeVolumes
from tfuq.prediction.on_input import InputGrid, MapsOnInput
from tfuq.prediction.pipeline import write_volumes
from tfuq.prediction.predictor import Predictor
from tfuq.prediction.request import LABEL, PROBABILITY
from tfuq.prediction.shared import Piece, SharedFolder
from tfuq.prediction.staple_channels import StapleChannels
from tfuq.prediction.statistics import Row
from tfuq.prediction.structures import rows_of_structures
from tfuq.prediction.voxel_channels import ChannelsInMemory, VoxelChannels
from tfuq.runs.finished import Finished
from tfuq.runs.results import STRUCTURES, Manifest, member_map
from tfuq.sampling.sampler import Sampler
from tfuq.tasks.records import VoxelStatistics


class VolumePredictor(Predictor[VoxelStatistics]):
    """Predicts volumes one by one, a folder each."""

    record = VoxelStatistics
    cases_at_once = 1

    @property
    def files(self) -> str:
        """What is written, for people."""
        maps = ", ".join(self.written)
        text = f"{maps} (.nii.gz), {STRUCTURES}"
        if self.request.write_dicom:
            text = f"{text}, {', '.join(dicom_names(self._uncertainty_maps))}"
        if self.request.keep_samples:
            return f"{text}, {STORED}"
        return text

    def write_cases(
        self, pieces: Iterator[Piece], shared: SharedFolder, observer: Observer
    ) -> None:
        """See `Predictor.write_cases`."""
        write_volumes(self, pieces, shared, observer)

    def gather(self, folder: Path, manifest: Manifest, finished: Finished) -> None:
        """See `Predictor.gather`."""
        if finished.cases or finished.failed:
            manifest.take_in(finished)
            manifest.write(folder)

    def require_room(self, cases: list[Case], folder: Path, manifest: Manifest) -> None:
        """See `Predictor.require_room`."""
        for case in cases:
            if not self.holds(case, folder, manifest):
                plan_replacement(folder / case.id, CASE)

    def holds(self, case: Case, folder: Path, manifest: Manifest) -> bool:
        """See `Predictor.holds`."""
        return manifest.holds(case) and self._is_complete(folder / case.id)

    def _is_complete(self, folder: Path) -> bool:
        names = files_of_case(self.written, has_samples=self.request.keep_samples)
        if self.request.write_dicom:
            names += dicom_names(self._uncertainty_maps)
        return all((folder / name).is_file() for name in names)

    @property
    def statistics_of_maps(self) -> tuple[str, ...]:
        """See `Predictor.statistics_of_maps`.

        The variance is that of every class. On the input's grid a voxel may have another label than
        on the network's. Where the probability is another combination, the mean of samples is kept
        for what is made of it; by STAPLE, it is the samples' probability.
        """
        steps = self.config.preprocessing
        is_resampled = self.samples > 1 and bool(steps.spacing or steps.size)
        if is_resampled or set(VARIANCES) & set(self.chosen_maps):
            if self.request.combine in (MEAN, STAPLE):
                return ("variance",)
            return ("mean", "variance")
        if self.request.combine == STAPLE:
            return ("variance",)
        return ()

    def rehearse(self, cases: list[Case], samples: int) -> float:
        """See `Predictor.rehearse`."""
        started = time.perf_counter()
        (case,) = cases
        image = read_case_image(case)
        prepared = self.preprocessed(case, image)
        network_started = time.perf_counter()
        with self.sample_channels(prepared, samples) as channels:
            network = time.perf_counter() - network_started
            self.structures(prepared, channels)
            for _ in self.maps_on_input(image, prepared, channels):
                pass
        return time.perf_counter() - started - network

    def memory_beside(self, cases: list[Case]) -> int:
        """See `Predictor.memory_beside`."""
        (case,) = cases
        image = read_case_image(case)
        prepared = self.preprocessed(case, image)
        if self._large is None or not self.has_room_for_two(prepared):
            return 0
        statistics = self._large.statistics_bytes(self._voxels(prepared), self.samples)
        return statistics + image.array.nbytes + prepared.array.nbytes

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
        examples = self._examples(prepared)
        statistics = self.draw(examples, samples)
        shape, box = self._padding(prepared)
        if examples.shape[1:-1] == self._example_shape(prepared.shape):
            return statistics
        return statistics.cropped(shape, box)

    def _examples(self, prepared: Volume) -> np.ndarray:
        """What the networks see of a case, padded."""
        padded = self.preprocess.padded(prepared)
        return np.ascontiguousarray(to_examples(padded.array, self._slice_axis))

    @contextmanager
    def sample_channels(
        self, prepared: Volume, samples: int | None = None
    ) -> Iterator[VoxelChannels]:
        """Sample the networks on a case; what the samples say is there until the block ends.

        Statistics that are too large for memory are on disk.

        Args:
            prepared: The case as `preprocessed` gives it.
            samples: How many samples; the predictor's T if None.

        Raises:
            DataError: Memory or the disk have no room for it.
        """
        count = samples or self.samples
        if self._large is None or not self._large.is_large(self._voxels(prepared), count):
            yield self._combined(self.channels_of(self.sample(prepared, count)))
            return
        _, box = self._padding(prepared)
        large = self._large.channels(
            self._examples(prepared), box, self._slice_axis, count, self.require_finite
        )
        del prepared  # its voxels need not be in memory while the channels are read
        with large as channels:
            yield self._combined(channels)

    def _combined(self, channels: VoxelChannels) -> VoxelChannels:
        """The channels with STAPLE's probability, where that is asked for."""
        if self.request.combine != STAPLE:
            return channels
        classes = len(self.config.data.classes)
        return StapleChannels(channels=channels, classes=classes, slice_axis=self._slice_axis)

    def _voxels(self, prepared: Volume) -> int:
        """How many voxels the network sees of a case."""
        return math.prod(self.preprocess.padded_shape(prepared))

    @cached_property
    def _large(self) -> LargeVolumes | None:
        """Samples what is too large for memory; None where the samples come from elsewhere."""
        if not isinstance(self.sampler, Sampler):
            return None
        return LargeVolumes(self.sampler, seed=self.request.seed)

    def has_room_for_two(self, prepared: Volume) -> bool:
        """Whether what a case takes is in memory twice without harm.

        So the next case can be read, and the last one written, while the network works on this one.

        Args:
            prepared: The case as `preprocessed` gives it.
        """
        return self._large is not None and self._large.is_small(
            self._voxels(prepared), self.samples
        )

    def channels_of(self, statistics: VoxelStatistics) -> VoxelChannels:
        """What samples say, of a record as `sample` gives it."""
        return ChannelsInMemory(statistics=statistics, slice_axis=self._slice_axis)

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

    def structures(self, prepared: Volume, channels: VoxelChannels) -> list[Row]:
        """Make the rows of ``structures.csv`` (see `tfuq.measures.structure`).

        Args:
            prepared: The case as `preprocessed` gives it.
            channels: What its samples say.
        """
        quantiles: Mapping[str, float] = {}
        if self.calibration:
            quantiles = self.calibration.conformal.volumes
        return rows_of_structures(self.config, channels, prepared.voxel_volume, quantiles)

    def kept_samples(self, prepared: Volume, channels: VoxelChannels) -> StoredSamples | None:
        """The samples to write beside the maps, where they are asked for."""
        if not self.request.keep_samples:
            return None
        return StoredSamples(
            packed=np.asarray(channels.packed),
            slice_axis=self._slice_axis,
            grid=prepared,
        )

    def maps_on_input(
        self, image: Volume, prepared: Volume, channels: VoxelChannels
    ) -> MapsOnInput:
        """``label``, ``probability`` and the maps on the input's grid, by the names of their files.

        What the network did not see is background.

        Args:
            image: The image as given.
            prepared: The case as `preprocessed` gives it.
            channels: What its samples say; it is read while the maps are taken.
        """
        member_weights = None
        if self.members:
            member_weights = self.member_weights()
        bounds = None
        if self.calibration:
            bounds = self.calibration.conformal.bounds
        return MapsOnInput(
            channels=channels,
            grid=InputGrid(image=image, prepared=prepared),
            classes=self.config.data.classes,
            maps=self._uncertainty_maps,
            writes_probability=PROBABILITY in self.chosen_maps,
            member_weights=member_weights,
            bounds=bounds,
        )

    def member_weights(self) -> np.ndarray:
        """Each member's share of the samples, ``[M]``."""
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
            maps=self._uncertainty_maps,
            manifest=self.manifest(),
        )

    @property
    def _uncertainty_maps(self) -> list[str]:
        return [name for name in self.chosen_maps if name != PROBABILITY]

    @property
    def written(self) -> list[str]:
        """The names of a case's NIfTI files, without their ending."""
        names = [LABEL, *self.chosen_maps]
        if self.members:
            names += [*map(member_map, range(self.members)), *MEMBER_VARIANCES]
        if self.calibration:
            names += ["uncalibrated", "label_lower", "label_upper"]
        return names
