"""Tasks whose predictions are rows of tables: what such a task makes of a case's samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tfuq.calibration.records import Calibration
from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.volume import Volume
from tfuq.scoring.rows import Row
from tfuq.tasks.records import S

Tables = dict[str, list[Row]]  # rows by file name


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """How the samples of a prediction are taken.

    Attributes:
        config: The run's.
        samples: T, how many.
        members: The number of members that are kept apart; 0 for none.
        maps: Names of the measures of so many samples.
        calibration: What is applied to the samples; None for nothing.
    """

    config: Config
    samples: int
    members: int
    maps: tuple[str, ...]
    calibration: Calibration | None


class TaskTables(Protocol[S]):
    """The tables of a task.

    Attributes:
        record: What is known of the samples.
        keeps_members: Whether predictions by member may be kept.
    """

    record: type[S]
    keeps_members: bool

    def rows_per_case(self, sampled: Sampled) -> dict[str, int]:
        """The number of a case's rows by table."""

    def rows(self, sampled: Sampled, case: Case, image: Volume, statistics: S) -> Tables:
        """A case's rows; each has a column ``case``.

        Args:
            sampled: How the samples were taken.
            case: The case.
            image: Its image as given.
            statistics: Those of the samples of this case, without the axis of the batch.
        """
