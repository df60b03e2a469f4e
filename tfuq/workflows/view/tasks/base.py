"""What the page shows of predictions, and the table of tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from tfuq.calibration.observed import WHOLE, Part
from tfuq.config.registry import Registry
from tfuq.errors import DataError
from tfuq.workflows.view.images import Images
from tfuq.workflows.view.ranking import Ranked, described_measure
from tfuq.workflows.view.targets import Target

Json = dict[str, Any]
VOXELS_AT_FIRST = 4_000_000  # of a volume; two cores draw so many in a second or two
Kind = Literal["volume", "points", "classes"]


@dataclass(frozen=True, kw_only=True)
class Content:
    """A file for the page.

    Attributes:
        body: its bytes.
        type: its media type.
        step: of the voxels that it has, every how many-th of the image's along each axis.
    """

    body: bytes
    type: str
    step: int = 1


class Viewed(ABC):
    """The predictions of a target, as the page shows them.

    Attributes:
        kind: of view that the page opens.
    """

    kind: ClassVar[Kind]

    def __init__(self, target: Target, ranked: Ranked) -> None:
        """Open the predictions.

        Args:
            target: what is looked at.
            ranked: its predictions.
        """
        self.target = target
        self.config = target.run.config
        self.source = ranked.source
        self.images = Images(target)

    @property
    def structures(self) -> list[str]:
        """The structures of a case that can be decided on by themselves."""
        return []

    @abstractmethod
    def detail(self, case: str) -> Json:
        """What the page needs to open a case.

        Raises:
            TfuqError: a file of it is gone or damaged.
        """

    @abstractmethod
    def content(self, case: str, query: Mapping[str, str]) -> Content:
        """A file of a case.

        Args:
            case: its id.
            query: says which one; unknown ones are refused.

        Raises:
            TfuqError: there is none, or it is damaged.
        """

    def prepare(self, case: str) -> None:
        """Read what a case is opened with, so that it is there when the page asks for it.

        Raises:
            TfuqError: it is damaged.
        """
        self.images.image(case)

    def places(self, case: str) -> list[Json]:
        """Where a case is least certain, the structures in the order of the task."""
        return []

    def measures(self, case: str) -> list[Json]:
        """The measures of each structure, in plain words."""
        return [_measured(part) for part in self.source.parts(case)]


def _measured(part: Part) -> Json:
    measures = []
    for name, value in part.measures.items():
        measures.append({**described_measure(name), "value": value})
    name = part.name
    if name == WHOLE:
        name = "image"
    return {"name": name, "measures": measures}


def whole_number(query: Mapping[str, str], name: str, most: int) -> int:
    """A whole number of a query, from 0.

    Args:
        query: of a request.
        name: of the number; 0 where it is missing.
        most: the largest one.

    Raises:
        DataError: it is none, or larger.
    """
    text = query.get(name, "0")
    if not text.isdecimal() or len(text) > 10 or int(text) > most:
        raise DataError(f"{name}: '{text:.40}' is no whole number from 0 to {most}; open the page")
    return int(text)


def chosen(query: Mapping[str, str], name: str, known: list[str]) -> str:
    """A name of a query.

    Args:
        query: of a request.
        name: of the parameter.
        known: the names that there are.

    Raises:
        DataError: it is none of them.
    """
    text = query.get(name, "")
    if text not in known:
        raise DataError(f"{name}: there is no '{text:.80}' of this case; open the page anew")
    return text


VIEWED: Registry[type[Viewed]] = Registry("task of the page")
