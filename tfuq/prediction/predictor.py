"""A run made ready to predict by one method: what the tasks share."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq.calibrations import read_calibration
from tfuq.config import Config
from tfuq.data.cases import Case, naming, read_mask
from tfuq.data.dataset import make_preprocessor
from tfuq.data.paths import real_path
from tfuq.data.volume import Volume
from tfuq.errors import DataError, RunError
from tfuq.measures.voxel import SINGLE_SAMPLE_MAPS, UNCERTAINTY_MAPS
from tfuq.member_moments import MemberMoments
from tfuq.members import load_posterior, member_digest, members_of, missing_members
from tfuq.memory import memory_errors
from tfuq.posterior import Posterior, samples_of
from tfuq.reducers import Reducer
from tfuq.results import DEFINITIONS, MANIFEST, MEMBER_VARIANCES, Manifest
from tfuq.runs import Run
from tfuq.sampling import Sampler, SampleStatistics
from tfuq.scaling import Scaled, UnscaledMean
from tfuq.tasks import task_of
from tfuq.version import __version__

Drawn = dict[str, np.ndarray]
_FURTHER = ("uncalibrated", "picked", "members", *MEMBER_VARIANCES)
OnCase = Callable[[Case, dict[str, float] | None], None]  # seconds, or None for a case that was complete already


@dataclass(frozen=True)
class Request:
    """What to draw: method, T, seed, and how many slices or images (2D) or windows (3D) are held in memory at once; whether
    members that have not finished training may be missing; and whether the samples of volumes, and what each member says by
    itself, are kept."""

    method: str
    samples: int
    seed: int
    batch: int
    is_calibrated: bool = False
    keep_samples: bool = False
    keep_members: bool = False
    allow_missing: bool = False


def request_of(config: Config, method: str, samples: int | None, seed: int | None, batch: int | None = None,
               allow_missing: bool = False) -> Request:  # fmt: skip
    """A request, what is not given as the configuration has it."""
    defaults = config.prediction
    return Request(
        method,
        defaults.samples if samples is None else samples,
        defaults.seed if seed is None else seed,
        batch or defaults.batch_size,
        allow_missing=allow_missing,
    )


class Sampling(Protocol):
    """What a predictor draws with: a `Sampler`, or one that is elsewhere."""

    def sample(self, images: np.ndarray, seed: tf.Tensor, samples: tf.Tensor) -> Mapping[str, tf.Tensor | np.ndarray]: ...


class Predictor(ABC):
    """Draws samples of cases and writes what the task makes of them."""

    def __init__(self, run: Run, request: Request, further: Sequence[Reducer] = (), *, sampler: Sampling | None = None):
        """``further`` gathers more from the samples than the task does, under other names. ``sampler`` draws in the place of the
        run's own networks, which are not read then.

        Raises:
            RunError: the run cannot serve the method, has not finished the members that it draws from, is not calibrated for it
                where that is asked for, or has no members to keep apart.
        """
        self.run, self.config, self.request = run, run.config, request
        self.used_members = members_of(run, request.method, allow_missing=request.allow_missing)
        keep, allow_missing = request.batch, request.allow_missing
        posterior = Posterior([]) if sampler else load_posterior(run, request.method, keep=keep, allow_missing=allow_missing)
        self.samples = samples_of(request.method, members=len(self.used_members), asked=request.samples)
        self.maps = UNCERTAINTY_MAPS if self.samples > 1 else SINGLE_SAMPLE_MAPS
        self.preprocess = make_preprocessor(self.config, run.statistics)
        self.calibration = read_calibration(run, self._draws()) if request.is_calibrated else None
        self.members = self._members_kept(len(self.used_members))
        self.sampler = sampler or Sampler(posterior, [*self._reducers(posterior), *further], finish=self._finish)

    def _members_kept(self, members: int) -> int:
        """How many members are kept apart: those that have samples."""
        if not self.request.keep_members:
            return 0
        if self.config.task == "landmarks":
            raise RunError(f"--save-members: {self.run.path} is a run of landmarks; it serves segmentation and classification")
        count = min(members, self.samples)
        if count < 2:
            raise RunError(
                f"--save-members: {self.request.method} draws from {count} member here; it needs two or more, as of an ensemble"
            )
        return count

    def _reducers(self, posterior: Posterior) -> Sequence[Reducer]:
        kept = [MemberMoments(posterior, self.members)] if self.members else []
        reducers = [*task_of(self.config).reducers(self.config), *kept]
        scaling = self.calibration.scaling if self.calibration else None
        return [Scaled(reducers, scaling.weights, scaling.bias), UnscaledMean()] if scaling else reducers

    def _finish(self, statistics: SampleStatistics) -> SampleStatistics:
        further = (*_FURTHER, *self.statistics_of_maps)
        return task_of(self.config).finish(statistics) | {name: statistics[name] for name in further if name in statistics}

    @property
    def statistics_of_maps(self) -> tuple[str, ...]:
        """Names of the statistics that maps are made of after sampling, beside what the task returns."""
        return ()

    @abstractmethod
    def write_cases(self, cases: list[Case], folder: Path, manifest: Manifest, on_case: OnCase) -> None:
        """Predict the cases that the manifest does not hold yet; a case is entered there once its files are whole."""

    @abstractmethod
    def require_room(self, cases: list[Case], folder: Path, manifest: Manifest) -> None:
        """Refuse to predict cases where something that is not tfuq's own would be replaced.

        Raises:
            RunError: there is such a thing, or the manifest holds a case that was made from other files.
        """

    def known_files(self, folder: Path, manifest: Manifest) -> list[str]:
        """Names of files of a folder that this manifest says are tfuq's, and that may be replaced without a loss."""
        return [MANIFEST]

    @abstractmethod
    def rehearse(self, cases: list[Case], samples: int) -> float:
        """Draw so many samples of `cases_at_once` cases or fewer, measure them, write nothing; seconds of what is not the
        network."""

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
        return [member.model for member in self.sampler.posterior.members]

    def manifest(self) -> Manifest:
        """A manifest without cases yet."""
        draws = self._draws()
        if self.calibration:
            draws.calibration = self.calibration.digest
        return draws

    def _draws(self) -> Manifest:
        digests = [member_digest(self.run, index) for index in self.used_members]
        draws = Manifest(
            str(real_path(self.run.path)), self.request.method, self.samples, self.request.seed, digests, __version__
        )
        draws.missing_members = missing_members(self.run, self.request.method)
        draws.definitions = DEFINITIONS
        return draws

    def network_grid(self, case: Case, image: Volume) -> Volume:
        """The case as the network takes it; errors as `preprocessed` has them."""
        volume = self.preprocessed(case, image)
        with naming(case):
            return self.preprocess.padded(volume)

    def preprocessed(self, case: Case, image: Volume) -> Volume:
        """The case as the network takes it, before it is padded.

        Raises:
            DataError: another number of channels than the run was trained with.
        """
        channels = self.run.facts["channels"]
        if image.array.shape[-1] != channels:
            raise DataError(
                f"{case.images[0]}: has {image.array.shape[-1]} channel(s), the run was trained with {channels}; give those"
            )
        mask = read_mask(self.config, case, image)
        with naming(case):
            return self.preprocess.unpadded_image(image, mask)

    @property
    def batch(self) -> int:
        """Examples that go through the graph at once: whole chunks, so that an example has the same place in its chunk whatever
        the batch (see `tfuq.windows`)."""
        return -(-self.request.batch // self.config.chunk) * self.config.chunk

    def draw(self, examples: np.ndarray, samples: int | None = None) -> Drawn:
        """What T samples (or ``samples``) of ``examples [n, *S, C]`` amount to.

        Raises:
            DataError: a number of it is NaN or infinite.
        """
        seed, count = tf.constant([self.request.seed, 0], tf.int32), tf.constant(samples or self.samples)
        starts = range(0, len(examples), self.batch)
        with memory_errors():
            parts = [self.sampler.sample(examples[start : start + self.batch], seed, count) for start in starts]
        drawn = {name: np.concatenate([np.asarray(part[name]) for part in parts]) for name in parts[0]}
        for name, array in drawn.items():
            if not np.isfinite(array).all():
                raise DataError(
                    f"{self.run.path}: {name} is NaN or infinite in what {self.request.method} drew; run tfuq doctor {self.run.path}"
                )
        return drawn


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Note how long the block takes."""
    started = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - started
