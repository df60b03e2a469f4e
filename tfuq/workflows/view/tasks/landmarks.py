"""The page of landmarks: points with their ellipses and samples over the picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfuq.calibration.observed import Observed, uncertainty_of
from tfuq.calibration.review import chosen_measure
from tfuq.data.cases import UNNAMED_RATER
from tfuq.data.json_csv import Cell, read_typed
from tfuq.data.sets.landmarks import pixel_mm, rater_points
from tfuq.runs.results import LANDMARKS, SAMPLES
from tfuq.workflows.view.pictures import png_bytes
from tfuq.workflows.view.ranking import Ranked
from tfuq.workflows.view.targets import Target
from tfuq.workflows.view.tasks.base import VIEWED, Content, Json, Viewed

_AGAIN = "predict again with --overwrite"
_ELLIPSE = ("ellipse_long", "ellipse_short", "ellipse_degrees")
Rows = dict[str, list[dict[str, Cell]]]


@VIEWED.register("landmarks")
class ViewedLandmarks(Viewed):
    """See `Viewed`; the tables are in memory."""

    kind = "points"

    def __init__(self, target: Target, ranked: Ranked) -> None:
        """Read the tables; arguments as in `Viewed`."""
        super().__init__(target, ranked)
        self._rows = self._by_case(LANDMARKS)
        self._samples: Rows = {}
        if (target.predictions / SAMPLES).is_file():
            self._samples = self._by_case(SAMPLES)

    @property
    def structures(self) -> list[str]:
        """The landmarks."""
        return list(self.config.data.landmarks)

    def detail(self, case: str) -> Json:
        """Positions in pixels of the image, whose size is given."""
        rows, columns = self.images.image(case).shape[:2]
        return {
            "size": [columns, rows],
            "points": [self._point(case, row) for row in self._rows[case]],
            "references": self._references(case, (rows, columns)),
            "measures": self.measures(case),
        }

    def content(self, case: str, query: Mapping[str, str]) -> Content:
        """The picture."""
        return Content(body=png_bytes(self.images.image(case)), type="image/png")

    def places(self, case: str) -> list[Json]:
        """The landmarks, the least certain first."""
        parts = list(self.source.parts(case))
        measure = chosen_measure(None, self.source.quality, [Observed(case=case, parts=parts)])
        parts.sort(key=lambda part: -uncertainty_of(part, measure))
        placed = []
        for name, place in self.source.places(case, parts).items():
            at = ", ".join(f"{place.columns[f'place_{axis}']:.1f}" for axis in "xy")
            placed.append({"name": name, "words": place.words, "at": f"x, y = {at}"})
        return placed

    def _by_case(self, name: str) -> Rows:
        rows: Rows = {}
        for row in read_typed(self.target.predictions / name, ("case", "landmark"), _AGAIN):
            rows.setdefault(str(row["case"]), []).append(row)
        return rows

    def _point(self, case: str, row: dict[str, Cell]) -> Json:
        """A landmark with its samples, and the ellipse that holds 95 % of them."""
        samples = []
        for sample in self._samples.get(case, []):
            if sample["landmark"] == row["landmark"]:
                samples.append([sample["x"], sample["y"]])
        ellipse: list[Any] | None = [row.get(column) for column in _ELLIPSE]
        if None in (ellipse or ()):
            ellipse = None
        return {
            "name": row["landmark"],
            "x": row["x"],
            "y": row["y"],
            "ellipse": ellipse,
            "samples": samples,
            "radius": self._radius(case, row),
        }

    def _radius(self, case: str, row: dict[str, Cell]) -> list[float] | None:
        """The conformal radius along x and y in pixels, where a calibration made one."""
        rows, columns = self.images.image(case).shape[:2]
        mm = pixel_mm(self.config, (rows, columns))
        name = "conformal_radius"
        if mm is not None:
            name = "conformal_radius_mm"
        radius = row.get(name)
        if radius is None:
            return None
        if mm is None:
            mm = np.ones(2)
        along: list[float] = (float(radius) / mm).tolist()
        return along

    def _references(self, case: str, size: tuple[int, int]) -> list[Json]:
        """The landmarks by rater, those that are missing left out."""
        known = self.images.case(case)
        if not isinstance(known.truth, dict):
            return []
        references = []
        for rater in known.truth:
            points = rater_points(self.config, known, size, rater)
            shown = "reference"
            if rater != UNNAMED_RATER:
                shown = rater
            references.append({"name": shown, "points": _named(self.structures, points)})
        return references


def _named(names: list[str], points: np.ndarray) -> list[Json]:
    named = []
    for name, (x, y) in zip(names, points.tolist(), strict=True):
        if np.isfinite([x, y]).all():
            named.append({"name": name, "x": x, "y": y})
    return named
