"""The page of classified images: the picture, and a bar for each class."""

from __future__ import annotations

from collections.abc import Mapping

from tfuq.calibration.conformal import SET_RULES
from tfuq.data.json_csv import Cell, read_typed
from tfuq.data.sets.classification import class_of
from tfuq.runs.results import MEMBERS, PREDICTIONS, SET_SEPARATOR
from tfuq.workflows.view.pictures import png_bytes
from tfuq.workflows.view.ranking import Ranked
from tfuq.workflows.view.targets import Target
from tfuq.workflows.view.tasks.base import VIEWED, Content, Json, Viewed

_AGAIN = "predict again with --overwrite"


@VIEWED.register("classification")
class ViewedClasses(Viewed):
    """See `Viewed`; the tables are in memory."""

    kind = "classes"

    def __init__(self, target: Target, ranked: Ranked) -> None:
        """Read the tables; arguments as in `Viewed`."""
        super().__init__(target, ranked)
        self._rows = {}
        for row in read_typed(target.predictions / PREDICTIONS, ("case", "label"), _AGAIN):
            self._rows[str(row["case"])] = row
        self._members: dict[str, list[dict[str, Cell]]] = {}
        if (target.predictions / MEMBERS).is_file():
            for row in read_typed(target.predictions / MEMBERS, ("case",), _AGAIN):
                self._members.setdefault(str(row["case"]), []).append(row)

    def detail(self, case: str) -> Json:
        """The classes, with the mean probability and the share of the samples that vote for it."""
        row = self._rows[case]
        classes = []
        for name in self.config.data.classes:
            column = f"probability_{name}"
            members = [member.get(column) for member in self._members.get(case, [])]
            classes.append(
                {
                    "name": name,
                    "probability": row[column],
                    "votes": row.get(f"votes_{name}"),
                    "members": members,
                }
            )
        return {
            "label": row["label"],
            "classes": classes,
            "reference": self._reference(case),
            "sets": _sets(row),
            "samples": self.target.manifest.samples,
            "measures": self.measures(case),
        }

    def content(self, case: str, query: Mapping[str, str]) -> Content:
        """The picture."""
        return Content(body=png_bytes(self.images.image(case)), type="image/png")

    def _reference(self, case: str) -> str | None:
        known = self.images.case(case)
        if known.truth is None:
            return None
        return self.config.data.classes[class_of(self.config, known)]


def _sets(row: dict[str, Cell]) -> list[Json]:
    """The conformal sets by rule, where a calibration made them."""
    sets = []
    for rule in SET_RULES:
        text = row.get(f"set_{rule}")
        if text is not None:
            names = [name for name in str(text).split(SET_SEPARATOR) if name]
            sets.append({"rule": rule.upper(), "classes": names})
    return sets
