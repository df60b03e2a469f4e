"""Integrity of a data set: every case read and checked as training would, all problems found before any training starts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import nibabel
import numpy as np

from tfuq.config import Config
from tfuq.data.cases import AVERAGED_RATERS, Case, read_case_image, read_label, read_mask, training_views
from tfuq.data.classification import class_of
from tfuq.data.landmarks import reference_points
from tfuq.data.layouts import made_cases
from tfuq.data.splits import split_cases
from tfuq.data.units import PLAIN_IMAGE, SCAN, SIZED_IMAGE, Unit
from tfuq.data.volume import Volume
from tfuq.errors import DataError

_UNUSUAL = 5.0  # times more or less than the median volume


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
    orientation: str = ""
    class_volumes: tuple[float, ...] = ()  # ml; of one slice cm²; of a plain image without pixel_mm pixel²
    digest: str = ""
    raters: tuple[str, ...] = ()
    unit: Unit = SCAN


def check_data(config: Config, on_case: Callable[[CaseReport], None]) -> list[CaseReport]:
    """Check every case of the configuration's data set, those of its split and the rest.

    Raises:
        DataError: the set or the split as a whole cannot be used.
    """
    cases = made_cases(config.data)
    part_of = {case.id: part for part, members in split_cases(cases, config.data.split).items() for case in members}
    reports: list[CaseReport] = []
    images: dict[str, CaseReport] = {}  # the first case of each image
    for case in cases:
        report = _with_comparison(check_case(config, case, part_of.get(case.id, "unused")), images)
        reports.append(report)
        on_case(report)
    return reports


def check_case(config: Config, case: Case, part: str) -> CaseReport:
    """Read one case and check it as training would."""
    try:
        image = read_case_image(case)
        amounts = _class_amounts(config, case, image) if case.has_reference or part != "unused" else ()
        if amounts:
            read_mask(config, case, image)
    except DataError as error:
        return CaseReport(case.id, part, str(error))
    channels = np.moveaxis(image.array, -1, 0)
    return CaseReport(
        id=case.id,
        part=part,
        problem=_empty_label(config, case, amounts),
        shape=image.shape,
        spacing=tuple(np.round(image.spacing, 4).tolist()),
        channels=len(channels),
        intensities=tuple((float(c.min()), float(c.max())) for c in channels),
        orientation="".join(nibabel.aff2axcodes(image.affine)),
        class_volumes=amounts,
        raters=tuple(case.raters),
        unit=case.unit,
        digest=hashlib.sha256(np.ascontiguousarray(image.array).tobytes()).hexdigest(),
    )


def _class_amounts(config: Config, case: Case, image: Volume) -> tuple[float, ...]:
    """How much of each class a case has: ml (of a slice cm², of a plain image without ``pixel_mm`` pixel²), or the one image that it
    is; of landmarks nothing, once checked."""
    if config.task == "landmarks":
        reference_points(config, case, image.shape[:2])
        return ()
    if config.task == "classification":
        return tuple(float(k == class_of(config, case)) for k in range(len(config.data.classes)))
    training_views(config, case)
    counts = np.bincount(read_label(config, case, image).array.ravel(), minlength=len(config.data.classes))
    return tuple(float(n) * _voxel_size(image, case.unit) for n in counts)


def _voxel_size(image: Volume, unit: Unit) -> float:
    if unit is PLAIN_IMAGE:
        return 1.0
    return image.voxel_volume / 1000 if image.shape[2] > 1 else float(np.prod(image.spacing[:2])) / 100


def _empty_label(config: Config, case: Case, amounts: tuple[float, ...]) -> str:
    is_empty = config.task == "segmentation" and amounts and not sum(amounts[1:])
    label = case.label or f"case '{case.id}', by most of its raters"
    return f"{label}: no voxel of any foreground class; exclude the case or correct its label" if is_empty else ""


def _with_comparison(report: CaseReport, images: dict[str, CaseReport]) -> CaseReport:
    """The report with what only shows beside other cases: a copied image, another number of channels."""
    if report.problem or not report.digest:
        return report
    if report.digest in images:
        other = images[report.digest]
        problem = (
            f"its image is the same as that of '{other.id}' ({other.part}); keep one of them, or a test case may be trained on"
        )
        return replace(report, problem=problem)
    images[report.digest] = report
    first = next(iter(images.values()))
    if first.channels != report.channels:
        problem = f"has {report.channels} channel(s) where '{first.id}' has {first.channels}; all cases need the same"
        return replace(report, problem=problem)
    return report


def absent_classes(config: Config, reports: list[CaseReport]) -> list[str]:
    """A line for each class that no training case has: it cannot be learnt."""
    training = [report.class_volumes for report in reports if report.part == "train" and report.class_volumes]
    present = np.sum(training, axis=0) if training else np.ones(len(config.data.classes))
    unit = "voxel" if config.task == "segmentation" else "image"
    return [
        f"class '{name}' has no {unit} in any training case; correct data.label_values, or take it out of data.classes"
        for name, volume in zip(config.data.classes, present, strict=True)
        if not volume
    ]


def remarks(config: Config, reports: list[CaseReport]) -> list[str]:
    """What is not wrong but may surprise: cases of different orientation, spacing or intensity scale, unusual volumes."""
    fit = [report for report in reports if not report.problem]
    if not fit:
        return []
    return [
        *_mixed_units(config, fit),
        *_mixed_grids(config, fit),
        *_mixed_intensities(config, fit),
        *_unusual_volumes(config, fit),
        *_absent_raters(fit),
        *_pairs_of_raters(config, fit),
    ]


def _mixed_units(config: Config, fit: list[CaseReport]) -> Iterator[str]:
    units = {report.unit for report in fit}
    if PLAIN_IMAGE in units and len(units) > 1 and config.task == "segmentation":
        yield "some cases are plain images, measured in pixels, and others are in mm; set data.pixel_mm, or convert the files"
    if config.data.pixel_mm is not None and SIZED_IMAGE not in units:
        yield "data.pixel_mm has no effect: no case is a plain image (PNG, TIFF, BMP, JPEG), and other files say it themselves"


def _mixed_grids(config: Config, fit: list[CaseReport]) -> Iterator[str]:
    counts = Counter(report.orientation for report in fit)
    if len(counts) > 1:
        shown = ", ".join(f"{name} ({n})" for name, n in counts.most_common())
        yield f"orientations differ: {shown}; reorient the files alike, or the network sees anatomy mirrored or turned"
    spacing = np.array([report.spacing for report in fit])
    low, high = spacing.min(0), spacing.max(0)
    if (high > low * 1.01).any() and not (config.preprocessing.spacing or config.preprocessing.size):
        middle = [round(float(s), 3) for s in np.median(spacing, 0)]
        yield f"spacings range from {_shown(low)} to {_shown(high)} mm; set preprocessing.spacing, as in {middle}"


def _mixed_intensities(config: Config, fit: list[CaseReport]) -> Iterator[str]:
    ranges = np.array([high - low for report in fit for low, high in report.intensities])
    if ranges.max() > 10 * ranges.min() and config.preprocessing.normalization != "zscore":
        ratio = ranges.max() / ranges.min()
        yield f"intensity ranges differ {ratio:.0f}-fold between cases; set preprocessing.normalization: zscore"


def _unusual_volumes(config: Config, fit: list[CaseReport]) -> Iterator[str]:
    labelled = [report for report in fit if report.class_volumes and config.task == "segmentation"]
    for k, name in enumerate(config.data.classes[1:], start=1):
        volumes = np.array([report.class_volumes[k] for report in labelled])
        middle = float(np.median(volumes)) if labelled else 0.0
        for report, volume in zip(labelled, volumes, strict=True):
            if middle and not middle / _UNUSUAL <= volume <= middle * _UNUSUAL:
                yield f"{report.id}: '{name}' measures {volume:.3g} where the median is {middle:.3g}; look at its label"


def _absent_raters(fit: list[CaseReport]) -> Iterator[str]:
    for rater in sorted({rater for report in fit for rater in report.raters}):
        without = [report.id for report in fit if report.raters and rater not in report.raters]
        if without:
            more = f" and {len(without) - 1} more" if len(without) > 1 else ""
            yield f"{rater} has not labelled {without[0]}{more}; the other raters serve there"


def _pairs_of_raters(config: Config, fit: list[CaseReport]) -> Iterator[str]:
    """Two raters have no majority but where they agree."""
    pairs = sum(len(report.raters) == AVERAGED_RATERS for report in fit)
    if pairs and config.data.train_on in (None, "majority"):
        yield (
            f"{pairs} case(s) have two raters, whose majority is what both have marked, so training learns the smaller structures; "
            "data.train_on: random draws one of them for each example"
        )


def _shown(values) -> str:
    return "×".join(f"{value:.3g}" for value in values)
