"""The configuration of a study: a configuration, what is varied in it, and what its table shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, cast

import pydantic
from pydantic import Discriminator, Field, Tag

from tfuq.config.names import ClassName
from tfuq.config.section import Key, Section

_MOST_CELLS = 1000
Settings = dict[Key, Any]
Lists = Annotated[dict[Key, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)]
Named = Annotated[dict[ClassName, Settings], Field(min_length=1)]
# Names of the forms of an axis, which errors do not show (see `tfuq.config.faults`).
_LISTS = "dict[lists]"
_NAMED = "dict[named]"


def _form_of(axis: Any) -> str:
    """Which of its forms an axis is meant to have: its faults are those of this form."""
    if isinstance(axis, dict) and any(isinstance(value, dict) for value in axis.values()):
        return _NAMED
    return _LISTS


Axis = Annotated[
    Annotated[Lists, Tag(_LISTS)] | Annotated[Named, Tag(_NAMED)], Discriminator(_form_of)
]


@dataclass(frozen=True)
class Step:
    """One value on an axis.

    Attributes:
        label: Of the value.
        settings: The keys that it sets.
    """

    label: str
    settings: dict[str, Any]


class StudyConfig(Section):
    """A grid of runs.

    ``config``: a configuration's name, or a file (in the study's folder, or from the working
    directory). ``set`` changes keys of it in every cell, ``axes`` from cell to cell: each axis
    lists the values of a key, or of several keys that go together. An axis of names has the keys
    that each of them sets, as in ``{all: {}, without clipping: {training.clip_norm: null}}``; they
    come after ``set``.

    ``table``: names of the columns, for ``structure`` (a class, region, or landmark; ``all`` is the
    mean of the classes). A column is a score, such as ``dice``; ``measure.NAME``, the mean of a
    structure measure over cases, or of a measure of landmarks over all of them;
    ``correlation.NAME``, a structure measure's Spearman correlation with Dice;
    ``aurc.NAME``, the area under the risk-coverage curve of cases that are ranked by a measure;
    ``diversity.NAME``, how much members differ, such as ``diversity.disagreement``, for which the
    predictions of each member are kept; or ``train.NAME``, a score of the training cases, such as
    ``train.dice``, beside that of the test cases. The training cases are predicted for it.

    ``over``: the axis that repeats the others, as seeds do. Means over it have a table of their
    own, and their differences from ``baseline``, a label by axis.
    """

    name: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    config: str
    set: dict[Key, Any] = {}
    axes: Annotated[dict[ClassName, Axis], Field(min_length=1, max_length=4)]
    structure: ClassName = "all"
    table: Annotated[list[str], Field(min_length=1, max_length=50)]
    over: ClassName | None = None
    baseline: dict[ClassName, str] = {}

    @pydantic.field_validator("baseline", mode="before")
    @classmethod
    def _labels_of_numbers(cls, baseline: Any) -> Any:
        """Take the label of a number, as axes do."""
        if not isinstance(baseline, dict):
            return baseline
        labels = {}
        for axis, value in baseline.items():
            labels[axis] = label_of(value) if isinstance(value, int | float) else value
        return labels

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
        self._check_repetitions()
        return self

    def _check_repetitions(self) -> None:
        others = [axis for axis in self.axes if axis != self.over]
        if self.over is not None and (self.over not in self.axes or not others):
            raise ValueError(
                f"over '{self.over}' must name one of several axes; there are {list(self.axes)}"
            )
        if self.baseline and self.over is None:
            raise ValueError("baseline serves means; name the axis that they are over in 'over'")
        for axis, label in self.baseline.items():
            if axis not in others:
                raise ValueError(f"baseline names the axis '{axis}'; it takes {others}")
            if label not in self.labels(axis):
                raise ValueError(f"baseline.{axis} '{label}' must be one of {self.labels(axis)}")

    def _check_keys(self) -> None:
        """Refuse a key that is given twice."""
        known: list[str] = []
        for keys in [list(self.set), *map(self._fixed_keys, self.axes)]:
            for key in keys:
                if key in known:
                    raise ValueError(
                        f"'{key}' is given twice, by set or by axes; vary or set a key once"
                    )
            known.extend(keys)

    def _fixed_keys(self, name: str) -> list[str]:
        """The keys of an axis that nothing else may set; names change what ``set`` says."""
        axis = self.axes[name]
        if _form_of(axis) == _LISTS:
            return list(axis)
        keys = {key for settings in axis.values() for key in settings}
        return sorted(keys - set(self.set))

    def _check_axis(self, name: str, axis: dict[str, Any]) -> None:
        if _form_of(axis) == _NAMED:
            return
        lengths = {key: len(values) for key, values in axis.items()}
        if len({*lengths.values()}) > 1:
            raise ValueError(
                f"axes.{name}: its keys go together and need lists of one length, not {lengths}"
            )
        labels = self.labels(name)
        if len({*labels}) < len(labels):
            raise ValueError(f"axes.{name}: the values of its first key must differ, not {labels}")

    @property
    def has_training_scores(self) -> bool:
        """Whether the table has scores of the training cases."""
        return any(column.startswith("train.") for column in self.table)

    @property
    def has_diversity(self) -> bool:
        """Whether the table tells how much members differ."""
        return any(column.startswith("diversity.") for column in self.table)

    @property
    def cells(self) -> int:
        """How many runs there are."""
        return math.prod(len(self.labels(name)) for name in self.axes)

    def labels(self, axis: str) -> list[str]:
        """Labels of the values of an axis: names, or the values of its first key."""
        return [step.label for step in self.steps(axis)]

    def steps(self, axis: str) -> list[Step]:
        """The values of an axis."""
        values = self.axes[axis]
        if _form_of(values) == _NAMED:
            named = cast(dict[str, dict[str, Any]], values)
            return [Step(name, settings) for name, settings in named.items()]
        steps = []
        for combination in zip(*values.values(), strict=True):
            settings = dict(zip(values, combination, strict=True))
            steps.append(Step(label_of(combination[0]), settings))
        return steps


def label_of(value: Any) -> str:
    """A value in a few characters, such as 48×64×48 for a list of sizes."""
    if isinstance(value, list):
        return "×".join(map(str, value))
    return str(value)
