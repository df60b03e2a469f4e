"""Classification: a row per image."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfuq.calibration.conformal import prediction_sets
from tfuq.data.cases import Case
from tfuq.data.volume import Volume
from tfuq.measures.catalogue import MEMBER_VARIANCES
from tfuq.prediction.predictor import PREDICTORS
from tfuq.prediction.records import ClassStatistics, gathered
from tfuq.prediction.statistics import Row
from tfuq.prediction.tables import TablePredictor, Tables
from tfuq.runs.results import MEMBERS, PREDICTIONS, SET_SEPARATOR


@PREDICTORS.register("classification")
class ImagePredictor(TablePredictor[ClassStatistics]):
    """Predicts the class of images.

    ``predictions.csv`` has the case, its label, the probability of each class, every measure, and
    the share of samples for each class. ``members.csv`` has the probabilities by each member, where
    members are kept apart.

    A calibrated row also has the probabilities before scaling, and conformal sets of those. Scaling
    may be fitted on the cases that the sets are calibrated on, and a promise must not depend on it.
    """

    record = ClassStatistics

    @property
    def rows_per_case(self) -> dict[str, int]:
        """The number of a case's rows by table."""
        counts = {PREDICTIONS: 1}
        if self.members:
            counts[MEMBERS] = self.members
        return counts

    def rows(self, case: Case, image: Volume, statistics: ClassStatistics) -> Tables:
        """See `TablePredictor.rows`."""
        p = statistics.probability
        label = self.config.data.classes[int(p.argmax())]
        row: Row = {"case": case.id, "label": label}
        row |= self._by_class("probability", p)
        row |= _numbers(statistics.maps(self.maps))
        if self.samples > 1:
            row |= self._by_class("votes", statistics.votes)
        if not self.members:
            return {PREDICTIONS: [row | self._calibrated(statistics)]}
        row |= _numbers(statistics.maps(MEMBER_VARIANCES))
        return {
            PREDICTIONS: [row | self._calibrated(statistics)],
            MEMBERS: self._member_rows(case, gathered(statistics.members, "members")),
        }

    def _by_class(self, quantity: str, values: np.ndarray) -> dict[str, float]:
        """Columns of a quantity, one for each class."""
        columns = {}
        for k, name in enumerate(self.config.data.classes):
            columns[f"{quantity}_{name}"] = float(values[k])
        return columns

    def _member_rows(self, case: Case, members: np.ndarray) -> list[Row]:
        rows = []
        for member, p in enumerate(members):
            row: Row = {"case": case.id, "member": member}
            rows.append(row | self._by_class("probability", p))
        return rows

    def _calibrated(self, statistics: ClassStatistics) -> Row:
        """Probabilities before scaling, and the conformal sets that they give."""
        if self.calibration is None:
            return {}
        p = gathered(statistics.uncalibrated, "uncalibrated")
        row: Row = {**self._by_class("uncalibrated", p)}
        for rule, quantile in self.calibration.conformal.sets.items():
            is_in_set = prediction_sets(p[None], rule, quantile)[0]
            row[f"set_{rule}"] = self._names_of(is_in_set)
        return row

    def _names_of(self, is_in_set: np.ndarray) -> str:
        pairs = zip(self.config.data.classes, is_in_set, strict=True)
        return SET_SEPARATOR.join(name for name, is_in in pairs if is_in)


def _numbers(measures: Mapping[str, np.ndarray]) -> Row:
    return {name: float(value) for name, value in measures.items()}
