"""Classification: a class for every image, and a row of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tfuq.calibration.conformal import prediction_sets
from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.preprocessing import Statistics
from tfuq.data.sets.classification import ClassificationSet, load_examples
from tfuq.data.sets.dataset import TrainingSet
from tfuq.data.sets.prepared import Examples
from tfuq.data.volume import Volume
from tfuq.measures.catalogue import MEMBER_VARIANCES
from tfuq.measures.reducers import Reducer
from tfuq.measures.reducers.base import SampleStatistics
from tfuq.measures.variances import variance_parts
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.runs.results import MEMBERS, PREDICTIONS, SET_SEPARATOR
from tfuq.scoring.rows import Row
from tfuq.tasks.base import NETWORK_TASKS, one_group
from tfuq.tasks.logits import ClassTask, both_classes
from tfuq.tasks.records import ClassStatistics, gathered
from tfuq.tasks.tables import Sampled, Tables


class ImageTables:
    """See `tfuq.tasks.tables.TaskTables`.

    ``predictions.csv`` has the case, its label, the probability of each class, every measure, and
    the share of samples for each class. ``members.csv`` has the probabilities by each member, where
    members are kept apart.

    A calibrated row also has the probabilities before scaling, and conformal sets of those. Scaling
    may be fitted on the cases that the sets are calibrated on, and a promise must not depend on it.
    """

    record = ClassStatistics
    keeps_members = True

    def rows_per_case(self, sampled: Sampled) -> dict[str, int]:
        """One, and one of each member."""
        counts = {PREDICTIONS: 1}
        if sampled.members:
            counts[MEMBERS] = sampled.members
        return counts

    def rows(
        self, sampled: Sampled, case: Case, image: Volume, statistics: ClassStatistics
    ) -> Tables:
        """See `tfuq.tasks.tables.TaskTables.rows`."""
        classes = sampled.config.data.classes
        p = statistics.probability
        row: Row = {"case": case.id, "label": classes[int(p.argmax())]}
        row |= _by_class("probability", p, classes)
        row |= _numbers(statistics.maps(sampled.maps))
        if sampled.samples > 1:
            if statistics.variance is not None:  # an export of an earlier version has none
                mean = p if statistics.mean is None else statistics.mean
                row |= _numbers(variance_parts(mean, statistics.variance))
            row |= _by_class("votes", statistics.votes, classes)
        if not sampled.members:
            return {PREDICTIONS: [row | _calibrated(sampled, statistics)]}
        row |= _numbers(statistics.maps(MEMBER_VARIANCES))
        members = gathered(statistics.members, "members")
        return {
            PREDICTIONS: [row | _calibrated(sampled, statistics)],
            MEMBERS: _member_rows(case, members, classes),
        }


class Classification(ClassTask):
    """See `tfuq.tasks.base.Task`."""

    tables = ImageTables()

    def unit(self, config: Config) -> str:
        """A term of the likelihood belongs to an image."""
        return "image"

    def training_set(
        self,
        config: Config,
        cases: list[Case],
        statistics: Statistics | None,
    ) -> ClassificationSet:
        """The training images."""
        return ClassificationSet(config, cases, statistics)

    def validation(
        self,
        config: Config,
        cases: list[Case],
        training: TrainingSet,
        statistics: Statistics | None,
    ) -> Sequence[Examples]:
        """All validation images as one group."""
        return one_group(load_examples, config, cases, training, statistics)

    def quality(self, config: Config, sample: np.ndarray, targets: np.ndarray) -> float:
        """The share of images whose class is right."""
        label = both_classes(sample).argmax(-1)
        return float((label == targets).mean())

    def reducers(self, config: Config) -> Sequence[Reducer]:
        """What uncertainty measures need."""
        return voxel_reducers()

    def finish(self, statistics: SampleStatistics) -> SampleStatistics:
        """The mean probability, uncertainty measures and votes."""
        return voxel_maps(statistics) | {"votes": statistics["votes"]}


def _by_class(quantity: str, values: np.ndarray, classes: Sequence[str]) -> dict[str, float]:
    """Columns of a quantity, one for each class."""
    columns = {}
    for k, name in enumerate(classes):
        columns[f"{quantity}_{name}"] = float(values[k])
    return columns


def _member_rows(case: Case, members: np.ndarray, classes: Sequence[str]) -> list[Row]:
    rows = []
    for member, p in enumerate(members):
        row: Row = {"case": case.id, "member": member}
        rows.append(row | _by_class("probability", p, classes))
    return rows


def _calibrated(sampled: Sampled, statistics: ClassStatistics) -> Row:
    """Probabilities before scaling, and the conformal sets that they give."""
    if sampled.calibration is None:
        return {}
    classes = sampled.config.data.classes
    p = gathered(statistics.uncalibrated, "uncalibrated")
    row: Row = {**_by_class("uncalibrated", p, classes)}
    for rule, quantile in sampled.calibration.conformal.sets.items():
        is_in_set = prediction_sets(p[None], rule, quantile)[0]
        pairs = zip(classes, is_in_set, strict=True)
        row[f"set_{rule}"] = SET_SEPARATOR.join(name for name, is_in in pairs if is_in)
    return row


def _numbers(measures: Mapping[str, np.ndarray]) -> Row:
    return {name: float(value) for name, value in measures.items()}


NETWORK_TASKS.register("classification")(Classification())
