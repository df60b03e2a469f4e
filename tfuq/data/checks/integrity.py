"""Every case of a data set, read and checked as training would."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from tfuq.config import TASKS, Config
from tfuq.config.registry import Registry
from tfuq.data.cases import (
    Case,
    naming,
    read_case_image,
    read_case_orientation,
    read_label,
    read_mask,
    training_views,
)
from tfuq.data.class_voxels import ClassVoxels, count_classes
from tfuq.data.events import SILENT, CaseChecked, Observer
from tfuq.data.layouts import made_cases
from tfuq.data.orientation import common_orientation, orientation_of
from tfuq.data.sets.classification import class_of
from tfuq.data.sets.dataset import make_preprocessor, oriented
from tfuq.data.sets.landmarks import reference_points
from tfuq.data.splits import split_cases
from tfuq.data.units import PLAIN_IMAGE, SCAN, Unit
from tfuq.data.volume import Volume
from tfuq.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """How much of each class a case has; nothing where the task has no classes.

    Attributes:
        sizes: Of each class, in ml (of a slice cm², of a plain image without ``pixel_mm`` pixel²),
            or the one image that the case is.
        voxels: Of each class on both grids; None where they are not counted.
        network_shape: Of the network's grid, without padding.
    """

    sizes: tuple[float, ...] = ()
    voxels: ClassVoxels | None = None
    network_shape: tuple[int, ...] = ()


# By task: how much of each class a case has, which must be fit for use.
AMOUNTS: Registry[Callable[[Config, Case, Volume], Amounts]] = Registry("task of checks")
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
        apart: How far its qform and its sform put a corner from one another, in mm; None where it
            has not both.
        header: What of the image's header says where it lies, and the header's unit of length.
        doubt: What the header leaves open, and how it is taken; or empty.
        class_volumes: How much there is of each class, in ml; of one slice in cm²; of a plain image
            without ``pixel_mm`` in pixel².
        class_voxels: How many voxels there are of each class, on the image's grid and on the
            network's; None where they are not counted.
        network_shape: Of the network's grid, without padding.
        digest: Of the image's values.
        ignored: The share of its voxels that are of ``data.ignore_label``.
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
    apart: float | None = None
    header: str = ""
    doubt: str = ""
    class_volumes: tuple[float, ...] = ()
    class_voxels: ClassVoxels | None = None
    network_shape: tuple[int, ...] = ()
    digest: str = ""
    ignored: float = 0.0
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
    parts = split_cases(cases, config.data.split)
    config = oriented(config, _orientation_seen(config, parts["train"]))
    part_of = {}
    for part, members in parts.items():
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


def _orientation_seen(config: Config, cases: list[Case]) -> str | None:
    """As `tfuq.data.sets.dataset.training_orientation`, of the cases that can be read."""
    if not TASKS[config.task].has_volumes:
        return None
    names = []
    for case in cases:
        with suppress(DataError):
            names.append(read_case_orientation(case))
    return config.preprocessing.orientation or common_orientation(names)


def check_case(config: Config, case: Case, part: str) -> CaseReport:
    """Read one case and check it as training would.

    Args:
        config: The configuration, with the orientation that the network sees.
        case: The case.
        part: Of the split.
    """
    amounts = Amounts()
    try:
        image = read_case_image(case)
        if case.has_reference or part != _UNUSED:
            amounts = AMOUNTS[config.task](config, case, image)
    except DataError as error:
        return CaseReport(id=case.id, part=part, problem=str(error))
    channels = np.moveaxis(image.array, -1, 0)
    return CaseReport(
        id=case.id,
        part=part,
        problem="",
        shape=image.shape,
        spacing=tuple(np.round(image.spacing, 4).tolist()),
        channels=len(channels),
        intensities=tuple((float(c.min()), float(c.max())) for c in channels),
        orientation=orientation_of(image.affine),
        is_placed=image.header is None or any(image.header.codes),
        apart=_apart(image),
        header=_header(case, image),
        doubt="" if image.header is None else image.header.doubt,
        class_volumes=amounts.sizes,
        class_voxels=amounts.voxels,
        network_shape=amounts.network_shape,
        digest=_digest(image.array),
        ignored=_ignored_share(config, case, image, amounts.sizes),
        raters=tuple(case.raters),
        unit=case.unit,
    )


def _ignored_share(config: Config, case: Case, image: Volume, amounts: tuple[float, ...]) -> float:
    if config.data.ignore_label is None or not amounts:
        return 0.0
    return 1 - sum(amounts) / (image.array[..., 0].size * _voxel_size(image, case.unit))


def _apart(image: Volume) -> float | None:
    if image.header is None:
        return None
    return image.header.apart(image.shape)


def _header(case: Case, image: Volume) -> str:
    if image.header is None or case.unit is not SCAN:
        return ""
    return f"{image.header.taken}, {image.header.unit}"


def _digest(array: np.ndarray) -> str:
    """Plane by plane, as the array may lie in memory in any order."""
    digest = hashlib.sha256(str(array.shape).encode())
    for plane in array:
        digest.update(np.ascontiguousarray(plane).data)
    return digest.hexdigest()


@AMOUNTS.register("landmarks")
def _amounts_of_landmarks(config: Config, case: Case, image: Volume) -> Amounts:
    """Landmarks have no classes; they are only checked."""
    reference_points(config, case, image.shape[:2])
    return Amounts()


@AMOUNTS.register("classification")
def _amounts_of_classification(config: Config, case: Case, image: Volume) -> Amounts:
    number = class_of(config, case)
    read_mask(config, case, image)
    return Amounts(sizes=tuple(float(k == number) for k in range(len(config.data.classes))))


@AMOUNTS.register("segmentation")
def _amounts_of_segmentation(config: Config, case: Case, image: Volume) -> Amounts:
    training_views(config, case)
    classes = len(config.data.classes)
    label = read_label(config, case, image)
    mask = read_mask(config, case, image)
    preprocessor = make_preprocessor(config)
    with naming(case):
        on_grid = preprocessor.unpadded_label(label, mask)
    own = count_classes(label.array, classes)
    network = count_classes(on_grid.array, classes)
    size = _voxel_size(image, case.unit)
    return Amounts(
        sizes=tuple(float(count) * size for count in own),
        voxels=ClassVoxels.of(case.id, own, network, preprocessor.oriented(label), on_grid),
        network_shape=on_grid.shape,
    )


def _voxel_size(image: Volume, unit: Unit) -> float:
    if unit is PLAIN_IMAGE:
        return 1.0
    if image.shape[2] > 1:
        return image.voxel_volume / 1000
    return float(np.prod(image.spacing[:2])) / 100


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
