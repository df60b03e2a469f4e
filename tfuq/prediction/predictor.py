"""A run made ready to predict by one method: what the tasks share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic

import numpy as np
import tf_keras

from tfuq.calibration.records import Calibration, read_calibration
from tfuq.calibration.reducers import Scaled, UnscaledMean
from tfuq.data.cases import Case, naming, read_mask
from tfuq.data.events import Observer
from tfuq.data.sets.dataset import make_preprocessor, oriented
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.measures.catalogue import VARIANCES, maps_of
from tfuq.measures.reducers import Reducer
from tfuq.measures.reducers.base import SampleStatistics
from tfuq.prediction.combination import combination_reducers, require_combination
from tfuq.prediction.dicom import require_dicom
from tfuq.prediction.likeness import refuse_other_channels, refuse_unlike
from tfuq.prediction.manifests import fresh_manifest
from tfuq.prediction.request import (
    PROBABILITY,
    Request,
    chosen_maps,
    members_apart,
    require_flips,
    require_windows,
    with_combination,
)
from tfuq.prediction.statistics import Sampling, sample_in_batches
from tfuq.runs import Run
from tfuq.runs.finished import Finished
from tfuq.runs.orientation import refuse_unknown, run_orientation
from tfuq.runs.results import MANIFEST, Manifest
from tfuq.sampling import devices
from tfuq.sampling.compiled import make_sampler
from tfuq.sampling.member_moments import MemberMoments
from tfuq.sampling.members import load_posterior, members_of
from tfuq.sampling.posterior import Posterior, samples_of
from tfuq.sampling.processors import require_precision
from tfuq.tasks import task_of
from tfuq.tasks.records import S

if TYPE_CHECKING:
    from tfuq.prediction.shared import Piece, SharedFolder


class Predictor(ABC, Generic[S]):
    """Samples the networks on cases and writes what the task makes of the samples.

    Attributes:
        orientation: of what the networks see; None where the run has none, or does not say it.
        chosen_maps: the probability and the maps of uncertainty, as far as those of volumes are
            written.
    """

    def __init__(
        self,
        run: Run,
        request: Request,
        extra_reducers: Sequence[Reducer] = (),
        *,
        sampler: Sampling | None = None,
    ) -> None:
        """Load the networks and build the sampling graph.

        Args:
            run: The run.
            request: What to sample.
            extra_reducers: They gather more from the samples than the task does: further fields of
                the task's record.
            sampler: Samples in the place of the run's own networks, which are then not read.

        Raises:
            RunError: The run has no map that is asked for, cannot serve the method, has not
                finished the members that it samples, is not calibrated for it where that is asked
                for, or has no members to keep apart.
            RunError: The samples cannot be combined as it is asked.
            RunError: Mirrored images have other classes, see `require_flips`.
            ConfigError: This machine does not compute in the precision, or the network has no
                windows to skip.
        """
        require_windows(run.config, request.skip_empty)
        require_flips(run, request.method)
        self.run = run
        self.orientation = run_orientation(run)
        self.config = with_combination(oriented(run.config, self.orientation), request.combine)
        self.request = request
        self.used_members = members_of(
            run, request.method, allow_missing=request.allow_missing, member=request.member
        )
        self.samples = samples_of(
            request.method, members=len(self.used_members), asked=request.samples
        )
        require_combination(run, request, self.used_members, self.samples)
        self.maps = maps_of(self.samples)
        # What cannot be served is refused before networks are read, which takes seconds.
        self.chosen_maps = self._choose_maps()
        self.members = members_apart(run, request, min(len(self.used_members), self.samples))
        self.calibration = self._read_calibration()
        posterior = Posterior([])
        if not sampler:
            require_precision(request.precision)
            if request.precision == "float32":
                devices.use_full_float32()
            posterior = load_posterior(
                run,
                request.method,
                keep=request.batch,
                allow_missing=request.allow_missing,
                member=request.member,
                precision=request.precision,
                skip_empty=request.skip_empty,
                with_xla=devices.has_gpu() if request.with_xla is None else request.with_xla,
            )
        self.preprocess = make_preprocessor(self.config, run.statistics)
        if not sampler:
            reducers = [*self._reducers(posterior), *extra_reducers]
            sampler = make_sampler(posterior, reducers, finish=self._finish)
        self.posterior = posterior  # without members where the samples come from elsewhere
        self.sampler = sampler

    @property
    @abstractmethod
    def record(self) -> type[S]:
        """What is known of the samples."""

    def _choose_maps(self) -> list[str]:
        """The maps to write; parts of the variance of a heteroscedastic network by default."""
        variances = VARIANCES if self.samples > 1 else ()
        if self.config.network.heteroscedastic:
            return chosen_maps(self.request, [PROBABILITY, *self.maps, *variances])
        return chosen_maps(self.request, [PROBABILITY, *self.maps], variances)

    def _read_calibration(self) -> Calibration | None:
        if not self.request.is_calibrated:
            return None
        return read_calibration(self.run, self._uncalibrated_manifest())

    def _reducers(self, posterior: Posterior) -> Sequence[Reducer]:
        reducers = [*task_of(self.config).reducers(self.config)]
        reducers += combination_reducers(self.run, self.request, posterior, self.used_members)
        if self.members:
            reducers.append(MemberMoments(posterior, self.members))
        if self.calibration is None or not self.calibration.scaling:
            return reducers
        scaling = self.calibration.scaling
        return [Scaled(reducers, scaling.weights, scaling.bias), UnscaledMean()]

    def _finish(self, statistics: SampleStatistics) -> SampleStatistics:
        results = {**task_of(self.config).finish(statistics)}
        for name in self.record.names():
            is_kept = name in self.statistics_of_maps or name not in self.record.on_demand
            if is_kept and name in statistics:
                results[name] = statistics[name]
        return results

    @property
    def statistics_of_maps(self) -> tuple[str, ...]:
        """Those of the record's `on_demand` that this prediction needs."""
        return ()

    @abstractmethod
    def write_cases(
        self, pieces: Iterator[Piece], shared: SharedFolder, observer: Observer
    ) -> None:
        """Predict the cases of pieces; those that cannot be predicted are listed as failed.

        Args:
            pieces: Each is claimed when it is asked for.
            shared: The predictions folder. A case is listed once its files are whole.
            observer: Is notified of each case.
        """

    @abstractmethod
    def holds(self, case: Case, folder: Path, manifest: Manifest) -> bool:
        """Whether a folder has all of a case.

        Raises:
            RunError: The manifest holds a case of this id that was made from other files.
        """

    @abstractmethod
    def gather(self, folder: Path, manifest: Manifest, finished: Finished) -> None:
        """Write what processes have finished into the manifest, and what belongs to it.

        Args:
            folder: The predictions folder, which no other process writes.
            manifest: As its file is.
            finished: What the lists of processes say.
        """

    def forget_incomplete(self, folder: Path, manifest: Manifest) -> None:
        """Let a folder's manifest forget cases of which rows of tables are missing."""

    def require_sources(self, cases: list[Case]) -> None:
        """Refuse cases of which DICOM files are asked for and cannot be made.

        Raises:
            DataError: There is such a case.
        """
        if self.request.write_dicom:
            require_dicom(cases)

    @abstractmethod
    def require_room(self, cases: list[Case], folder: Path, manifest: Manifest) -> None:
        """Refuse to predict cases where something that is not tfuq's own would be replaced.

        Raises:
            RunError: There is such a thing, or the manifest holds a case that was made from other
                files.
        """

    def known_files(self, folder: Path, manifest: Manifest) -> list[str]:
        """Names of files that are tfuq's by this manifest, and may be replaced without a loss."""
        return [MANIFEST]

    @abstractmethod
    def rehearse(self, cases: list[Case], samples: int) -> float:
        """Predict a few cases and write nothing.

        Args:
            cases: `cases_at_once` cases or fewer.
            samples: The number of samples.

        Returns:
            Seconds of all but the network.
        """

    def memory_beside(self, cases: list[Case]) -> int:
        """Bytes that the next and the last cases take while the network works on some.

        Args:
            cases: `cases_at_once` cases or fewer; all are taken to be as large.
        """
        return 0

    @property
    @abstractmethod
    def cases_at_once(self) -> int:
        """How many cases go through the network together."""

    @property
    @abstractmethod
    def files(self) -> str:
        """What is written, for people."""

    @property
    def networks(self) -> list[tf_keras.Model]:
        """The members' networks."""
        return [member.model for member in self.posterior.members]

    def manifest(self) -> Manifest:
        """A manifest without cases yet."""
        manifest = self._uncalibrated_manifest()
        if self.calibration:
            manifest.calibration = self.calibration.digest
        return manifest

    def _uncalibrated_manifest(self) -> Manifest:
        return fresh_manifest(self.run, self.request, self.samples, self.used_members)

    def network_grid(self, case: Case, image: Volume) -> Volume:
        """The case as the network takes it, padded.

        Raises:
            DataError: As `preprocessed`.
        """
        volume = self.preprocessed(case, image)
        with naming(case):
            return self.preprocess.padded(volume)

    def preprocessed(self, case: Case, image: Volume) -> Volume:
        """The case as the network takes it, before it is padded.

        Raises:
            DataError: It has another number of channels than the run was trained with, or is
                refused as unlike the training images.
            RunError: Nobody knows in which orientation the run was trained, and it is not RAS.
        """
        refuse_other_channels(self.run, case, image)
        if self.orientation is None:
            refuse_unknown(self.run, case, image)
        if self.request.refuses_unlike:
            refuse_unlike(self.run, case, image)
        mask = read_mask(self.config, case, image)
        with naming(case):
            return self.preprocess.unpadded_image(image, mask)

    @property
    def batch(self) -> int:
        """How many examples go through the graph at once.

        They are whole chunks. So an example has the same place in its chunk whatever the batch is
        (see `tfuq.sampling.windows`).
        """
        chunk = self.config.chunk
        if self.posterior.members:
            chunk = self.posterior.members[0].chunk
        chunks = -(-self.request.batch // chunk)
        return chunks * chunk

    def draw(self, examples: np.ndarray, samples: int | None = None) -> S:
        """Sample the networks on examples.

        Args:
            examples: ``[n, *S, C]``.
            samples: How many samples; the predictor's T if None.

        Returns:
            The statistics of the samples.

        Raises:
            DataError: A number of them is NaN or infinite.
        """
        statistics = sample_in_batches(
            self.sampler,
            self.record,
            examples,
            batch=self.batch,
            seed=self.request.seed,
            samples=samples or self.samples,
        )
        self.require_finite(statistics)
        return statistics

    def require_finite(self, statistics: S) -> None:
        """Refuse statistics of which a number is NaN or infinite.

        Raises:
            DataError: There is such a number.
        """
        for name, array in statistics.arrays().items():
            if not np.isfinite(array).all():
                raise DataError(
                    f"{self.run.path}: {name} is NaN or infinite in what {self.request.method} "
                    f"drew; run tfuq doctor {self.run.path}"
                )


AnyPredictor = Predictor[Any]  # of any task
