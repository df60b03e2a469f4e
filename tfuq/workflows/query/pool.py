"""What a query knows of the cases of a pool: how informative and how good, and how they look."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.calibration.review import ReviewRules
from tfuq.data.cases import Case, read_case_image
from tfuq.data.events import CaseReviewed, Observer
from tfuq.data.layouts import cases_of
from tfuq.data.ownership import digest_of
from tfuq.data.spread import evenly
from tfuq.errors import DataError
from tfuq.runs import Run
from tfuq.runs.results import Manifest
from tfuq.workflows.query.choice import standardized
from tfuq.workflows.query.features import image_features
from tfuq.workflows.query.tasks import QUERIED
from tfuq.workflows.review.tasks import REVIEWED, Reviewed

MOST_KNOWN = 64  # training cases that new ones are to differ from


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A pool of n cases.

    Attributes:
        cases: the cases.
        information: of each, ``[n]``.
        information_title: what it is, in words.
        quality: what the calibration expects of each, ``[n]``; None without a calibration.
        loss: the same, larger of worse cases.
        features: ``[n, d]``.
        known: features of m training cases, ``[m, d]``.
        known_ids: their ids.
    """

    cases: list[Case]
    information: np.ndarray
    information_title: str
    quality: np.ndarray | None
    loss: np.ndarray | None
    features: np.ndarray
    known: np.ndarray
    known_ids: list[str]

    def name_of(self, place: int) -> str:
        """The case at a place among the known cases and then the pool's."""
        if place < len(self.known_ids):
            return f"training case {self.known_ids[place]}"
        return f"chosen case {self.cases[place - len(self.known_ids)].id}"


def unlabelled(run: Run, cases: Sequence[Case]) -> list[Case]:
    """The cases that the run's data set, where it is there, has no label of.

    A copy of a labelled image has the same bytes, wherever it lies.
    """
    labelled = [case for case in _data_set(run) if case.has_reference]
    sources = {_source(case) for case in labelled}
    contents = _Contents(labelled)
    return [case for case in cases if _source(case) not in sources and not contents.have_copy(case)]


class _Contents:
    """The bytes of cases' files, which are read where another case's have the same sizes."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._by_sizes: dict[tuple[int, ...], list[Case]] = {}
        self._digests: dict[tuple[int, ...], set[tuple[str, ...]]] = {}
        for case in cases:
            if _has_own_files(case):
                self._by_sizes.setdefault(_sizes(case), []).append(case)

    def have_copy(self, case: Case) -> bool:
        """Whether a case's files have the same bytes as those of one of these."""
        if not _has_own_files(case):
            return False
        sizes = _sizes(case)
        if sizes not in self._by_sizes:
            return False
        if sizes not in self._digests:
            self._digests[sizes] = {_digests(other) for other in self._by_sizes[sizes]}
        return _digests(case) in self._digests[sizes]


def _has_own_files(case: Case) -> bool:
    """Whether a case is files of its own: no row of a table, and no folder of a series."""
    return case.row is None and all(path.is_file() for path in case.images)


def _sizes(case: Case) -> tuple[int, ...]:
    return tuple(path.stat().st_size for path in case.images)


def _digests(case: Case) -> tuple[str, ...]:
    return tuple(digest_of(Path(os.path.realpath(path))) for path in case.images)


def _source(case: Case) -> tuple[str | int | None, ...]:
    return *map(os.path.realpath, case.images), case.row


def _data_set(run: Run) -> list[Case]:
    try:
        return cases_of(run.config.data)
    except DataError:
        return []


def look_at(
    run: Run,
    predictions: Path,
    manifest: Manifest,
    cases: list[Case],
    rules: ReviewRules | None,
    observer: Observer,
) -> Pool:
    """Read what is predicted of the cases, and their images, one at a time.

    Args:
        run: that predicted.
        predictions: the folder of predictions.
        manifest: of the folder.
        cases: of the pool.
        rules: of the calibration; None without one.
        observer: is notified of each case.

    Raises:
        RunError: the predictions cannot be read.
        DataError: an image cannot be read.
    """
    source = REVIEWED[run.config.task](predictions, run.config, manifest)
    queried = QUERIED[run.config.task]
    measure = queried.information
    title = queried.title
    if manifest.samples == 1:
        measure = queried.of_one_sample
        title = queried.title_of_one_sample
    information = []
    qualities = []
    looks = []
    for case in cases:
        parts = source.parts(case.id)
        information.append(measure(predictions / case.id, parts))
        qualities.append(_expected(source, case.id, rules))
        looks.append(image_features(run.config, read_case_image(case)))
        observer.notify(CaseReviewed(case=case.id))
    known = _training_cases(run)
    for case in known:
        looks.append(image_features(run.config, read_case_image(case)))
    features = standardized([np.array(group) for group in zip(*looks, strict=True)])
    quality = _all_or_none(qualities)
    return Pool(
        cases=cases,
        information=np.array(information),
        information_title=title,
        quality=quality,
        loss=_loss(quality, source),
        features=features[: len(cases)],
        known=features[len(cases) :],
        known_ids=[case.id for case in known],
    )


def _expected(source: Reviewed, case: str, rules: ReviewRules | None) -> float | None:
    """The mean of what is expected of the parts that count."""
    if rules is None:
        return None
    estimates = [rules.estimate(part) for part in source.parts(case) if part.counts]
    expected = [estimate.expected for estimate in estimates if estimate]
    if not expected:
        return None
    return sum(expected) / len(expected)


def _all_or_none(values: list[float | None]) -> np.ndarray | None:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    return np.array(known)


def _loss(quality: np.ndarray | None, source: Reviewed) -> np.ndarray | None:
    if quality is not None and source.quality.scale == "dice":
        return 1 - quality
    return quality


def _training_cases(run: Run) -> list[Case]:
    """Up to `MOST_KNOWN` training cases, evenly spaced; none where the data set is gone."""
    training = set(run.split["train"])
    cases = [case for case in _data_set(run) if case.id in training]
    return evenly(cases, MOST_KNOWN)
