"""Every case of a data set, read and checked as training would."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tfuq.config import TASKS, Config
from tfuq.config.registry import Registry
from tfuq.data.cases import (
    Case,
    read_case_image,
    read_label,
    read_mask,
    training_views,
)
from tfuq.data.events import SILENT, CaseChecked, Observer
from tfuq.data.layouts import made_cases
from tfuq.data.orientation import orientation_of
from tfuq.data.sets.classification import class_of
from tfuq.data.sets.landmarks import reference_points
from tfuq.data.splits import split_cases
from tfuq.data.units import PLAIN_IMAGE, SCAN, Unit
from tfuq.data.volume import Volume
from tfuq.errors import DataError

# By task: how much of each class a case has, which must be fit for use.
AMOUNTS: Registry[Callable[[Config, Case, Volume], tuple[float, ...]]] = Registry("task of checks")
_UNUSED = "unused"  # the part of a case that is in no part of the split


@dataclass(frozen=True, kw_only=True)
class CaseReport:
    """What was found of one case.

    Attributes:
        id: Of the case.
        part: Of the split.
        problem: What is wrong; empty where the case is fit for use.
        shape: Of the image's grid.
        spacing: Of the image's grid.
        channels: How many the image has.
        intensities: The least and the largest value of each channel.
        orientation: The directions of the axes, such as ``RAS``.
        is_placed: Whether the image's header says where it lies, by a qform or an sform that holds.
        apart: How far its qform and its sform put a corner from one another, in mm.
        class_volumes: How much there is of each class, in ml; of one slice in cm²; of a plain image
            without ``pixel_mm`` in pixel².
        digest: Of the image's values.
        raters: Who has labelled the case.
        unit: Of lengths and sizes on the image's grid.
    """

    id: str
    part: str
    problem: str
    shape: tuple[int, ...] = ()
    spacing: tuple[float, ...] = ()
    channels: int = 0
    intensities: tuple[tuple[float, float], ...] = ()
    orientation: str = ""
    is_placed: bool = True
    apart: float = 0.0
    class_volumes: tuple[float, ...] = ()
    digest: str = ""
    raters: tuple[str, ...] = ()
    unit: Unit = SCAN


def check_data(config: Config, *, observer: Observer = SILENT) -> list[CaseReport]:
    """Check every case of the configuration's data set, those of its split and the rest.

    Args:
        config: The configuration.
        observer: Is notified of each `CaseChecked`.

    Raises:
        DataError: The set or the split as a whole cannot be used.
    """
    cases = made_cases(config.data)
    part_of = {}
    for part, members in split_cases(cases, config.data.split).items():
        for case in members:
            part_of[case.id] = part
    reports: list[CaseReport] = []
    images: dict[str, CaseReport] = {}  # the first case of each image
    for case in cases:
        report = check_case(config, case, part_of.get(case.id, _UNUSED))
        report = _with_comparison(report, images)
        reports.append(report)
        observer.notify(CaseChecked(case=report.id, problem=report.problem))
    return reports


def check_case(config: Config, case: Case, part: str) -> CaseReport:
    """Read one case and check it as training would.

    Args:
        config: The configuration.
        case: The case.
        part: Of the split.
    """
    amounts: tuple[float, ...] = ()
    try:
        image = read_case_image(case)
        if case.has_reference or part != _UNUSED:
            amounts = _class_amounts(config, case, image)
        if amounts:
            read_mask(config, case, image)
    except DataError as error:
        return CaseReport(id=case.id, part=part, problem=str(error))
    channels = np.moveaxis(image.array, -1, 0)
    content = np.ascontiguousarray(image.array).tobytes()
    return CaseReport(
        id=case.id,
        part=part,
        problem=_empty_label(config, case, amounts),
        shape=image.shape,
        spacing=tuple(np.round(image.spacing, 4).tolist()),
        channels=len(channels),
        intensities=tuple((float(c.min()), float(c.max())) for c in channels),
        orientation=orientation_of(image.affine),
        is_placed=image.header is None or any(image.header.codes),
        apart=_apart(image),
        class_volumes=amounts,
        digest=hashlib.sha256(content).hexdigest(),
        raters=tuple(case.raters),
        unit=case.unit,
    )


def _apart(image: Volume) -> float:
    if image.header is None:
        return 0.0
    return image.header.apart(image.shape)


def _class_amounts(config: Config, case: Case, image: Volume) -> tuple[float, ...]:
    """How much of each class a case has.

    In ml (of a slice cm², of a plain image without ``pixel_mm`` pixel²), or the one image that it
    is. Landmarks have no classes; they are only checked.
    """
    return AMOUNTS[config.task](config, case, image)


@AMOUNTS.register("landmarks")
def _amounts_of_landmarks(config: Config, case: Case, image: Volume) -> tuple[float, ...]:
    reference_points(config, case, image.shape[:2])
    return ()


@AMOUNTS.register("classification")
def _amounts_of_classification(config: Config, case: Case, image: Volume) -> tuple[float, ...]:
    number = class_of(config, case)
    return tuple(float(k == number) for k in range(len(config.data.classes)))


@AMOUNTS.register("segmentation")
def _amounts_of_segmentation(config: Config, case: Case, image: Volume) -> tuple[float, ...]:
    training_views(config, case)
    label = read_label(config, case, image)
    counts = np.bincount(label.array.ravel(), minlength=len(config.data.classes))
    size = _voxel_size(image, case.unit)
    return tuple(float(count) * size for count in counts)


def _voxel_size(image: Volume, unit: Unit) -> float:
    if unit is PLAIN_IMAGE:
        return 1.0
    if image.shape[2] > 1:
        return image.voxel_volume / 1000
    return float(np.prod(image.spacing[:2])) / 100


def _empty_label(config: Config, case: Case, amounts: tuple[float, ...]) -> str:
    """The problem of a label without any structure; empty where there is one."""
    if not TASKS[config.task].has_volumes or not amounts or any(amounts[1:]):
        return ""
    label = case.label or f"case '{case.id}', by most of its raters"
    return f"{label}: no voxel of any foreground class; exclude the case or correct its label"


def _with_comparison(report: CaseReport, images: dict[str, CaseReport]) -> CaseReport:
    """The report with what only a comparison with other cases tells.

    That is a copied image, or another number of channels.

    Args:
        report: Of the case.
        images: The report of the first case of each image, to which the case's is added.
    """
    if report.problem or not report.digest:
        return report
    if report.digest in images:
        other = images[report.digest]
        problem = (
            f"its image is the same as that of '{other.id}' ({other.part}); "
            "keep one of them, or a test case may be trained on"
        )
        return replace(report, problem=problem)
    images[report.digest] = report
    first = next(iter(images.values()))
    if first.channels != report.channels:
        problem = (
            f"has {report.channels} channel(s) where '{first.id}' has {first.channels}; "
            "all cases need the same"
        )
        return replace(report, problem=problem)
    return report
