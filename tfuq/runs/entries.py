"""What a manifest holds of a finished case."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from tfuq.data.cases import Case
from tfuq.data.layouts import is_case_id
from tfuq.errors import RunError


def _case_id(name: str) -> str:
    if not is_case_id(name):
        raise ValueError(f"'{name:.80}' cannot be a case id, as it is no name for a folder")
    return name


CaseId = Annotated[str, AfterValidator(_case_id)]


@dataclass(kw_only=True)
class CaseEntry:
    """A finished case.

    Attributes:
        images: the files that it was made from.
        label: the file of its label, if it has one.
        seconds: of each stage.
        mask: the file of where to look, if there was one.
        raters: the file of each rater's label.
        series: the UID of the DICOM series that was chosen.
    """

    images: list[str]
    label: str | None
    seconds: dict[str, float]
    mask: str | None = None
    raters: dict[str, str] = field(default_factory=dict)
    series: str | None = None

    def require_files_of(self, case: Case) -> None:
        """Refuse another case of the same id.

        Raises:
            RunError: this one was made from other files.
        """
        problem = f"{case.images[0]}: the folder holds case '{case.id}'"
        remedy = "pass --overwrite or another --out"
        if self.images != _sources(case):
            raise RunError(f"{problem} of {self.images[0]}; {remedy}")
        if self.series != case.series:
            series = "its only series"
            if self.series:
                series = f"series {self.series}"
            raise RunError(f"{problem} of {series}; {remedy}")
        if self.mask != _real(case.mask):
            raise RunError(f"{problem} with {self.mask or 'no'} mask; {remedy}")


def entry_of(case: Case, seconds: dict[str, float]) -> CaseEntry:
    """Make the entry of a case.

    Args:
        case: that is finished.
        seconds: of each stage.
    """
    raters = {rater: os.path.realpath(path) for rater, path in case.raters.items()}
    return CaseEntry(
        images=_sources(case),
        label=_real(case.label),
        seconds=seconds,
        mask=_real(case.mask),
        raters=raters,
        series=case.series,
    )


def _real(path: Path | None) -> str | None:
    if not path:
        return None
    return os.path.realpath(path)


def _sources(case: Case) -> list[str]:
    return list(map(os.path.realpath, case.images))
