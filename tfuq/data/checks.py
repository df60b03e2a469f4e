"""Integrity of a data set: every case read and checked as training would, all problems found before any training starts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import Case, read_case_image
from tfuq.data.dataset import read_label
from tfuq.data.layouts import list_cases
from tfuq.data.splits import split_cases
from tfuq.errors import DataError


@dataclass(frozen=True)
class CaseReport:
    """What was found of one case; ``problem`` is empty where it is fit for use."""

    id: str
    part: str
    problem: str
    shape: tuple[int, ...] = ()
    spacing: tuple[float, ...] = ()
    channels: int = 0
    intensities: tuple[tuple[float, float], ...] = ()
    class_voxels: tuple[int, ...] = ()
    digest: str = ""


def check_data(config: Config, on_case: Callable[[CaseReport], None]) -> list[CaseReport]:
    """Check every case of the configuration's data set, those of its split and the rest.

    Raises:
        DataError: the set or the split as a whole cannot be used.
    """
    cases = list_cases(config.data.layout, config.data.root, config.data.label_folder)
    part_of = {case.id: part for part, members in split_cases(cases, config.data.split).items() for case in members}
    reports: list[CaseReport] = []
    for case in cases:
        report = _with_comparison(_check_case(config, case, part_of.get(case.id, "unused")), reports)
        reports.append(report)
        on_case(report)
    return reports


def _check_case(config: Config, case: Case, part: str) -> CaseReport:
    try:
        image = read_case_image(case)
        label = read_label(config, case, image) if case.label or part != "unused" else None
    except DataError as error:
        return CaseReport(case.id, part, str(error))
    channels = np.moveaxis(image.array, -1, 0)
    counts = np.bincount(label.array.ravel(), minlength=len(config.data.classes)) if label is not None else []
    return CaseReport(
        id=case.id,
        part=part,
        problem=_empty_label(case, counts),
        shape=image.shape,
        spacing=tuple(np.round(image.spacing, 4).tolist()),
        channels=len(channels),
        intensities=tuple((float(c.min()), float(c.max())) for c in channels),
        class_voxels=tuple(int(n) for n in counts),
        digest=hashlib.sha256(np.ascontiguousarray(image.array).tobytes()).hexdigest(),
    )


def _empty_label(case: Case, counts) -> str:
    is_empty = len(counts) and not sum(counts[1:])
    return f"{case.label}: no voxel of any foreground class; exclude the case or correct its label" if is_empty else ""


def _with_comparison(report: CaseReport, earlier: list[CaseReport]) -> CaseReport:
    """The report with what only shows beside other cases: a copied image, another number of channels."""
    if report.problem or not report.digest:
        return report
    for other in (o for o in earlier if o.digest):
        if other.digest == report.digest:
            problem = f"its image is the same as that of '{other.id}' ({other.part}); keep one of them, or a test case may be trained on"
            return replace(report, problem=problem)
        if other.channels != report.channels:
            problem = f"has {report.channels} channel(s) where '{other.id}' has {other.channels}; all cases need the same"
            return replace(report, problem=problem)
    return report
