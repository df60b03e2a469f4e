"""What a calibration is made of: the protocol of tasks, and samples that scaling is fitted on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Generic

import numpy as np

from tfuq.calibration.observed import Observed, Part
from tfuq.calibration.quality_kinds import QualityKind
from tfuq.calibration.records import Conformal, Scaling
from tfuq.calibration.reducers import PickedSamples
from tfuq.calibration.review import ReviewChoices, ReviewRules, fit_review
from tfuq.calibration.scaling import FITS, TINY, mean_nll
from tfuq.config.registry import Registry
from tfuq.data.appearance import appearance_of
from tfuq.data.cases import Case, read_case_image
from tfuq.data.events import CasesSampled
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.measures.reducers import Reducer
from tfuq.prediction import AnyPredictor, Request, make_predictor
from tfuq.prediction.tables import TablePredictor
from tfuq.runs import Run
from tfuq.tasks.records import S

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What is chosen of a calibration.

    Attributes:
        source: where the cases come from, for the record.
        alpha: 1 − the promise.
        kind: of the scaling, a name of `tfuq.calibration.scaling.FITS`; None for a temperature
            where the task has probabilities to scale.
        review: of the rule of referral.
    """

    source: str
    alpha: float
    kind: str | None = None
    review: ReviewChoices = field(default_factory=ReviewChoices)


class Fit(ABC):
    """Gathers what a task's calibration is made of, and makes it.

    Attributes:
        scalings: kinds of scaling that serve, names of `tfuq.calibration.scaling.FITS`.
        quality: what is good or bad of a case.
        observed: the cases that were gathered, with their qualities.
    """

    scalings: ClassVar[tuple[str, ...]] = ()
    quality: ClassVar[QualityKind]

    def __init__(
        self,
        run: Run,
        request: Request,
        choices: Choices,
        reducers: Sequence[Reducer] = (),
    ) -> None:
        """Make the predictor.

        Args:
            run: to calibrate.
            request: what to sample.
            choices: of the calibration.
            reducers: what is gathered from the samples beside what a prediction needs.
        """
        self.alpha = choices.alpha
        self.observed: list[Observed] = []
        self._choices = choices
        self._appearance = run.appearance
        self.config = run.config
        self.predictor: AnyPredictor = make_predictor(run, request, reducers)

    @abstractmethod
    def gather(self, cases: list[Case]) -> Iterator[CasesSampled]:
        """Predict the cases; yields an event after each, or after each batch."""

    @abstractmethod
    def stored(self) -> Arrays:
        """What was gathered, as arrays that a file can hold."""

    @abstractmethod
    def add_stored(self, arrays: Arrays) -> None:
        """Add what another has gathered of the cases that come next.

        Args:
            arrays: as its `stored` gives them.
        """

    def take_in(self, other: Fit) -> None:
        """Add what another has gathered of other cases."""
        self.add_stored(other.stored())
        self.observed += other.observed

    @abstractmethod
    def thresholds(self) -> Conformal:
        """Conformal thresholds of what was gathered."""

    def scaling(self) -> Scaling | None:
        """The scaling of what was gathered; None of a task without classes."""
        return None

    @property
    def unit(self) -> str:
        """The unit of the quality."""
        return "1"

    @property
    def limit(self) -> float | None:
        """From where on a case is bad unless the user says it; None where nobody can say."""
        return self.quality.limit

    def unlike_training(self, image: Volume) -> Sequence[str]:
        """In what an image as given differs from the training images; nothing where it does not."""
        if not self._appearance:
            return ()
        return self._appearance.differences(appearance_of(self.config, image))

    def observe(self, case: Case, unlike: Sequence[str], parts: Sequence[Part]) -> None:
        """Gather a case for the rule of referral.

        Args:
            case: that was predicted.
            unlike: what `unlike_training` says of its image.
            parts: its structures, with their qualities.
        """
        self.observed.append(Observed(case=case.id, parts=parts, unlike=unlike))

    def review(self) -> ReviewRules | None:
        """When to refer a case; None where nobody said what a bad case is."""
        choices = self._choices.review
        if choices.quality is None and self.limit is None:
            return None
        return fit_review(
            self.observed,
            self.quality,
            choices,
            alpha=self.alpha,
            unit=self.unit,
            default_limit=self.limit,
        )


TASK_FITS: Registry[type[Fit]] = Registry("task of a calibration")


class ScalingSamples:
    """Samples at some voxels (or of images) with their true classes, to fit a scaling on.

    Attributes:
        reducer: gathers the samples.
    """

    def __init__(self, kind: str | None) -> None:
        """Begin with no samples.

        Args:
            kind: of the scaling, as of `Choices`.
        """
        self.reducer = PickedSamples()
        self._kind = kind or "temperature"
        self._logs: list[np.ndarray] = []  # [T, n, K] of each case or batch
        self._truths: list[np.ndarray] = []  # [n]

    def add(self, picked: np.ndarray, truth: np.ndarray) -> None:
        """Add samples of N examples at m voxels each.

        Args:
            picked: probabilities ``[N, T, m, K]``.
            truth: true classes ``[N, m]``.
        """
        logs = np.log(np.maximum(picked, TINY))
        by_sample = logs.transpose(1, 0, 2, 3)
        samples, _, _, classes = by_sample.shape
        flat = by_sample.reshape(samples, -1, classes)
        self._logs.append(flat)
        self._truths.append(truth.ravel().astype(int))

    def stored(self) -> Arrays:
        """The samples as arrays that a file can hold; none where there are no samples."""
        if not self._logs:
            return {}
        return {"samples": np.concatenate(self._logs, 1), "sample_truths": self.truth()}

    def add_stored(self, arrays: Arrays) -> None:
        """Add the samples that the `stored` of another has given, if there are any."""
        if "samples" in arrays:
            self._logs.append(arrays["samples"])
            self._truths.append(arrays["sample_truths"])

    def truth(self) -> np.ndarray:
        """The true classes of all that was added, ``[n]``."""
        return np.concatenate(self._truths)

    def fit(self) -> Scaling:
        """The best scaling; each voxel (or image) counts alike.

        Raises:
            DataError: No class is known of any.
        """
        if not self._logs:
            raise DataError(
                "no voxel that scaling is fitted on has a known class: all are of "
                "data.ignore_label; calibrate on cases with more labelled voxels"
            )
        logs = np.concatenate(self._logs, 1)
        logs = logs.astype(np.float64)
        y = self.truth()
        fit = FITS[self._kind]
        weights, bias = fit(logs, y)
        ones = np.ones_like(weights)
        zeros = np.zeros_like(bias)
        before, _ = mean_nll(logs, y, ones, zeros)
        after, _ = mean_nll(logs, y, weights, bias)
        return Scaling(
            kind=self._kind,
            weights=weights.tolist(),
            bias=bias.tolist(),
            nll_before=before,
            nll_after=after,
            items=len(y),
            absent=np.setdiff1d(np.arange(len(weights)), y).tolist(),
        )


class TableFit(Fit, Generic[S]):
    """Calibrates a task whose predictions are rows of a table; images are taken in batches."""

    predictor: TablePredictor[S]

    def gather(self, cases: list[Case]) -> Iterator[CasesSampled]:
        """Predict the cases, a batch at a time."""
        size = self.predictor.cases_at_once
        for start in range(0, len(cases), size):
            batch = cases[start : start + size]
            images = [read_case_image(case) for case in batch]
            examples = self.predictor.stack(batch, images)
            self.add(batch, images, self.predictor.draw(examples))
            done = start + len(batch)
            total = len(cases)
            yield CasesSampled(done=done, total=total, description=f"{done} of {total} images")

    @abstractmethod
    def add(self, cases: list[Case], images: list[Volume], statistics: S) -> None:
        """Gather a batch of N cases.

        Args:
            cases: with references.
            images: their images.
            statistics: of their samples.
        """
