"""The configuration of a study: a configuration, what is varied in it, and what its table shows."""

from __future__ import annotations

import math
from typing import Annotated, Any

import pydantic
from pydantic import Field

from tfuq.config.names import ClassName
from tfuq.config.section import Section

_MOST_CELLS = 1000
Key = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.\w+)*$", max_length=200)]
Axis = Annotated[dict[Key, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)]


class StudyConfig(Section):
    """A grid of runs.

    ``config``: a configuration's name, or a file (in the study's folder, or from the working
    directory). ``set`` changes keys of it in every cell, ``axes`` from cell to cell: each axis
    lists the values of a key, or of several keys that go together.

    ``table``: names of the columns, for ``structure`` (a class, region, or landmark; ``all`` is the
    mean of the classes). A column is a score, such as ``dice``; ``measure.NAME``, the mean of a
    structure measure over cases; or ``correlation.NAME``, its Spearman correlation with Dice.
    """

    name: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    config: str
    set: dict[Key, Any] = {}
    axes: Annotated[dict[ClassName, Axis], Field(min_length=1, max_length=4)]
    structure: ClassName = "all"
    table: Annotated[list[str], Field(min_length=1, max_length=50)]

    @pydantic.model_validator(mode="after")
    def _grid_is_sound(self) -> StudyConfig:
        self._check_keys()
        for name, axis in self.axes.items():
            self._check_axis(name, axis)
        if self.cells > _MOST_CELLS:
            raise ValueError(f"axes make {self.cells} cells, more than {_MOST_CELLS}; shorten them")
        columns = {*self.table}
        if columns & {*self.axes} or len(columns) < len(self.table):
            raise ValueError(f"table {self.table} must name columns once, and other than the axes")
        return self

    def _check_keys(self) -> None:
        """Refuse a key that is given twice."""
        keys = list(self.set)
        for axis in self.axes.values():
            keys.extend(axis)
        known: list[str] = []
        for key in keys:
            if key in known:
                raise ValueError(
                    f"'{key}' is given twice, by set or by axes; vary or set a key once"
                )
            known.append(key)

    def _check_axis(self, name: str, axis: dict[str, list[Any]]) -> None:
        lengths = {key: len(values) for key, values in axis.items()}
        if len({*lengths.values()}) > 1:
            raise ValueError(
                f"axes.{name}: its keys go together and need lists of one length, not {lengths}"
            )
        labels = self.labels(name)
        if len({*labels}) < len(labels):
            raise ValueError(f"axes.{name}: the values of its first key must differ, not {labels}")

    @property
    def cells(self) -> int:
        """How many runs there are."""
        return math.prod(len(self.labels(name)) for name in self.axes)

    def labels(self, axis: str) -> list[str]:
        """Labels of the values of an axis: those of its first key."""
        first_values = next(iter(self.axes[axis].values()))
        return [label_of(value) for value in first_values]


def label_of(value: Any) -> str:
    """A value in a few characters, such as 48×64×48 for a list of sizes."""
    if isinstance(value, list):
        return "×".join(map(str, value))
    return str(value)
