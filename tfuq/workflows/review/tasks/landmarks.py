"""What a review reads of landmarks: a row of a table each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tfuq.calibration.observed import Part, part_of
from tfuq.calibration.quality_kinds import RADIAL_ERROR
from tfuq.config import Config
from tfuq.data.json_csv import Cell, read_typed
from tfuq.runs.results import LANDMARKS, Manifest, require_cases, require_one_set
from tfuq.scoring.evaluation.landmark_table import read_predictions
from tfuq.scoring.rows import Row
from tfuq.workflows.review.tasks.base import REVIEWED, PartPlace, Reviewed

_AGAIN = "predict again with --overwrite"


@REVIEWED.register("landmarks")
class ReviewedLandmarks(Reviewed):
    """See `Reviewed`; the table is in memory."""

    quality = RADIAL_ERROR

    def __init__(self, folder: Path, config: Config, manifest: Manifest) -> None:
        """Read the table; arguments as in `Reviewed`."""
        super().__init__(folder, config, manifest)
        require_one_set(folder, manifest)
        predicted = read_predictions(folder, config.data.landmarks)  # checks it as a whole
        require_cases(folder / LANDMARKS, predicted.ids, manifest)
        self._rows: dict[str, dict[str, dict[str, Cell]]] = {}
        for row in read_typed(folder / LANDMARKS, ("case", "landmark"), _AGAIN):
            self._rows.setdefault(str(row["case"]), {})[str(row["landmark"])] = row

    @property
    def unit(self) -> str:
        """Millimetres where the table has them."""
        first = next(iter(next(iter(self._rows.values())).values()))
        if "x_mm" in first:
            return "mm"
        return "pixel"

    def key(self, case: str) -> str:
        """The positions themselves."""
        rows = self._rows[case].values()
        return "|".join(f"{row['x']} {row['y']} {row['max_activation']}" for row in rows)

    def parts(self, case: str) -> Sequence[Part]:
        """The landmarks."""
        rows = self._rows[case]
        return [part_of(name, rows[name], "landmark") for name in self.config.data.landmarks]

    def places(self, case: str, parts: Iterable[Part]) -> Mapping[str, PartPlace]:
        """The mean position in pixels of the image, and in mm where their size is known."""
        places = {}
        for part in parts:
            row = self._rows[case][part.name]
            columns: Row = {"place_x": row["x"], "place_y": row["y"]}
            for axis in "xy":
                if f"{axis}_mm" in row:
                    columns[f"place_{axis}_mm"] = row[f"{axis}_mm"]
            places[part.name] = PartPlace(columns=columns, words=_words(part))
        return places


def _words(part: Part) -> str:
    for name, unit in (("mean_radial_spread_mm", "mm"), ("mean_radial_spread", "pixels")):
        if name in part.measures:
            return f"samples spread by {part.measures[name]:.3g} {unit} about their mean"
    return f"maximum activation {part.measures['max_activation']:.3g}"
