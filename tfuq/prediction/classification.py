"""Classification: a row per image."""

from __future__ import annotations

from tfuq.data.cases import Case
from tfuq.data.volume import Volume
from tfuq.prediction.predictor import Drawn
from tfuq.prediction.tables import TablePredictor, Tables
from tfuq.results import PREDICTIONS


class ImagePredictor(TablePredictor):
    """``predictions.csv``: case, label, probability of each class, every measure, and the share of samples for each class."""

    @property
    def rows_per_case(self) -> dict[str, int]:
        return {PREDICTIONS: 1}

    def rows(self, case: Case, image: Volume, drawn: Drawn) -> Tables:
        classes, p = self.config.data.classes, drawn["probability"]
        row: dict = {"case": case.id, "label": classes[int(p.argmax())]}
        row |= {f"probability_{name}": float(p[k]) for k, name in enumerate(classes)}
        row |= {name: float(drawn[name]) for name in self.maps}
        if self.samples > 1:
            row |= {f"votes_{name}": float(drawn["votes"][k]) for k, name in enumerate(classes)}
        return {PREDICTIONS: [row]}
