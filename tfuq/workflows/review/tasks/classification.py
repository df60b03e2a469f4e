"""What a review reads of classified images: a row of a table each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tfuq.calibration.observed import WHOLE, Part, part_of
from tfuq.calibration.quality_kinds import WRONG_CLASS
from tfuq.config import Config
from tfuq.runs.results import PREDICTIONS, Manifest, require_cases, require_one_set
from tfuq.scoring.evaluation.class_table import PredictedClasses, read_predictions
from tfuq.workflows.review.tasks.base import REVIEWED, PartPlace, Reviewed


@REVIEWED.register("classification")
class ReviewedClasses(Reviewed):
    """See `Reviewed`; the table is in memory."""

    quality = WRONG_CLASS

    def __init__(self, folder: Path, config: Config, manifest: Manifest) -> None:
        """Read the table; arguments as in `Reviewed`."""
        super().__init__(folder, config, manifest)
        require_one_set(folder, manifest)
        self._table: PredictedClasses = read_predictions(folder, config.data.classes)
        require_cases(folder / PREDICTIONS, self._table.ids, manifest)
        self._rows = {row["case"]: row for row in self._table.rows}

    def key(self, case: str) -> str:
        """The row itself."""
        return "|".join(self._rows[case].values())

    def parts(self, case: str) -> Sequence[Part]:
        """The image."""
        row = {name: cell or None for name, cell in self._rows[case].items()}
        return [part_of(WHOLE, row, "image")]

    def places(self, case: str, parts: Iterable[Part]) -> Mapping[str, PartPlace]:
        """No place, but the likeliest classes."""
        row = self._rows[case]
        shares = []
        for name in self.config.data.classes:
            shares.append((float(row[f"probability_{name}"]), name))
        (first, label), (second, other) = sorted(shares, reverse=True)[:2]
        words = f"{label} by {first:.2f}, then {other} by {second:.2f}"
        return {WHOLE: PartPlace(columns={"label": row["label"]}, words=words)}
