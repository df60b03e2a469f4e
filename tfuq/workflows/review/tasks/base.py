"""What a review reads of predictions, and the table of tasks."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tfuq.calibration.observed import Part
from tfuq.calibration.quality_kinds import QualityKind
from tfuq.config import Config
from tfuq.config.registry import Registry
from tfuq.runs.results import Manifest
from tfuq.scoring.rows import Row


@dataclass(frozen=True, kw_only=True)
class PartPlace:
    """Where a part is least certain.

    Attributes:
        columns: of the table, coordinates in mm and in voxels or pixels.
        words: a clause for the reason, such as "samples disagree most at its lower end".
    """

    columns: Row = field(default_factory=dict)
    words: str = ""


class Reviewed(ABC):
    """The predictions of a folder.

    Attributes:
        quality: what is good or bad of a case.
    """

    quality: ClassVar[QualityKind]

    def __init__(self, folder: Path, config: Config, manifest: Manifest) -> None:
        """Open the predictions.

        Args:
            folder: of the predictions.
            config: of the run.
            manifest: of the folder.

        Raises:
            RunError: they cannot be read.
        """
        self.folder = folder
        self.config = config
        self.manifest = manifest

    @abstractmethod
    def key(self, case: str) -> str:
        """Tells the prediction of a case from another one of it."""

    def decision_key(self, case: str) -> str:
        """`key` in 16 hexadecimal digits, by which a decision is kept."""
        return hashlib.sha256(self.key(case).encode()).hexdigest()[:16]

    @abstractmethod
    def parts(self, case: str) -> Sequence[Part]:
        """The structures of a case, with their measures."""

    @abstractmethod
    def places(self, case: str, parts: Iterable[Part]) -> Mapping[str, PartPlace]:
        """Where each structure of a case is least certain, by name."""

    @property
    def unit(self) -> str:
        """The unit of the quality."""
        return "1"


REVIEWED: Registry[type[Reviewed]] = Registry("task of a review")
