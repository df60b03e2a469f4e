"""Classification: a row per image."""

from __future__ import annotations

from tfuq.data.cases import Case
from tfuq.data.volume import Volume
from tfuq.prediction.predictor import Drawn
from tfuq.prediction.tables import TablePredictor, Tables
from tfuq.results import MEMBER_VARIANCES, MEMBERS, PREDICTIONS, SET_SEPARATOR
from tfuq.scoring.conformal import prediction_sets


class ImagePredictor(TablePredictor):
    """``predictions.csv``: case, label, probability of each class, every measure, and the share of samples for each class. Where
    members are kept apart, also ``members.csv``: the probabilities by each.

    Calibrated, also the probabilities before scaling and conformal sets made of those: scaling may be fitted on the cases that
    the sets are calibrated on, which a promise must not depend on.
    """

    @property
    def rows_per_case(self) -> dict[str, int]:
        return {PREDICTIONS: 1} | ({MEMBERS: self.members} if self.members else {})

    def rows(self, case: Case, image: Volume, drawn: Drawn) -> Tables:
        classes, p = self.config.data.classes, drawn["probability"]
        row: dict = {"case": case.id, "label": classes[int(p.argmax())]}
        row |= {f"probability_{name}": float(p[k]) for k, name in enumerate(classes)}
        row |= {name: float(drawn[name]) for name in self.maps}
        if self.samples > 1:
            row |= {f"votes_{name}": float(drawn["votes"][k]) for k, name in enumerate(classes)}
        if not self.members:
            return {PREDICTIONS: [row | self._calibrated(drawn)]}
        row |= {name: float(drawn[name]) for name in MEMBER_VARIANCES}
        members = [
            {"case": case.id, "member": member} | {f"probability_{name}": float(q[k]) for k, name in enumerate(classes)}
            for member, q in enumerate(drawn["members"])
        ]
        return {PREDICTIONS: [row | self._calibrated(drawn)], MEMBERS: members}

    def _calibrated(self, drawn: Drawn) -> dict:
        """Probabilities before scaling, and the conformal sets that they give."""
        if self.calibration is None:
            return {}
        classes, before = self.config.data.classes, drawn["uncalibrated"]
        row: dict = {f"uncalibrated_{name}": float(before[k]) for k, name in enumerate(classes)}
        for rule, quantile in self.calibration.conformal.sets.items():
            chosen = prediction_sets(before[None], rule, quantile)[0]
            row[f"set_{rule}"] = SET_SEPARATOR.join(name for name, is_in in zip(classes, chosen, strict=True) if is_in)
        return row
