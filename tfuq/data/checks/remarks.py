"""What the reports of all cases tell about a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from tfuq.config import TASKS, Config
from tfuq.data.cases import AVERAGED_RATERS
from tfuq.data.checks.integrity import CaseReport
from tfuq.data.class_voxels import ClassVoxels, losses, untaught
from tfuq.data.layouts import cases_of, remarks_on_leftovers
from tfuq.data.orientation import CLOSEST
from tfuq.data.units import PLAIN_IMAGE, SIZED_IMAGE

_UNUSUAL = 5.0  # times more or less than the median volume
_ROUNDING = 1e-9  # of a share that was made of volumes
APART = 0.1  # mm between places of a voxel that are taken for one


def absent_classes(config: Config, reports: list[CaseReport]) -> list[str]:
    """Make a line for each class that no training case has: it cannot be learnt."""
    training = [report for report in reports if report.part == "train" and report.class_volumes]
    if not training:
        return []
    voxels = _class_voxels(training)
    if voxels:
        return list(map(str, untaught(config, voxels)))
    lines = []
    totals = np.sum([report.class_volumes for report in training], axis=0)
    for name, total in zip(config.data.classes, totals, strict=True):
        if not total:
            lines.append(
                f"class '{name}' has no image in any training case; "
                "correct data.label_values, or take it out of data.classes"
            )
    return lines


def _class_voxels(reports: list[CaseReport]) -> list[ClassVoxels]:
    return [report.class_voxels for report in reports if report.class_voxels]


def left_out(config: Config) -> list[str]:
    """What of the configuration's data set is not used, such as labels of no image."""
    cases = cases_of(config.data)
    return remarks_on_leftovers(config.data, cases, all_folders=True)


def remarks(config: Config, reports: list[CaseReport]) -> list[str]:
    """What is not wrong but may surprise.

    That is headers that say too little, cases of different orientation, spacing or intensity scale,
    structures that the network's grid loses, cases without any, and unusual volumes.
    """
    fit = [report for report in reports if not report.problem]
    if not fit:
        return []
    return [
        *_mixed_units(config, fit),
        *_doubtful_places(fit),
        *_mixed_grids(config, fit),
        *_mixed_intensities(config, fit),
        *map(str, losses(config, _class_voxels(fit))),
        *_without_structures(config, fit),
        *_unusual_volumes(config, fit),
        *_ignored_voxels(config, fit),
        *_absent_raters(fit),
        *_pairs_of_raters(config, fit),
    ]


def _mixed_units(config: Config, fit: list[CaseReport]) -> Iterator[str]:
    units = {report.unit for report in fit}
    has_volumes = TASKS[config.task].has_volumes
    if PLAIN_IMAGE in units and len(units) > 1 and has_volumes:
        yield (
            "some cases are plain images, measured in pixels, and others are in mm; "
            "set data.pixel_mm, or convert the files"
        )
    if config.data.pixel_mm is not None and SIZED_IMAGE not in units:
        yield (
            "data.pixel_mm has no effect: no case is a plain image (PNG, TIFF, BMP, JPEG), "
            "and other files say it themselves"
        )


def _doubtful_places(fit: list[CaseReport]) -> Iterator[str]:
    """Headers from which programs may tell different places."""
    unplaced = [report.id for report in fit if not report.is_placed]
    if unplaced:
        yield (
            f"{_and_more(unplaced)}: qform and sform have code 0, so the header does not say which "
            "side is left; the x axis is taken to point left, as nibabel does"
        )
    apart = {report.id: report.apart for report in fit if report.apart is not None}
    twofold = [case_id for case_id, distance in apart.items() if distance > APART]
    if twofold:
        farthest = max(apart.values())
        yield (
            f"{_and_more(twofold)}: qform and sform put voxels up to "
            f"{farthest:.3g} mm apart; the sform is taken, and what is written carries both"
        )

    by_doubt: dict[str, list[str]] = {}
    for report in fit:
        if report.doubt:
            by_doubt.setdefault(report.doubt, []).append(report.id)
    for doubt, ids in by_doubt.items():
        yield f"{_and_more(ids)}: {doubt}"


def _without_structures(config: Config, fit: list[CaseReport]) -> Iterator[str]:
    """Cases whose label is all background: healthy, or labelled wrongly."""
    labelled = [report for report in fit if report.class_volumes]
    empty = [report.id for report in labelled if not any(report.class_volumes[1:])]
    if empty and TASKS[config.task].has_volumes:
        yield (
            f"{len(empty)} of {len(labelled)} labelled case(s) have no voxel of any foreground "
            f"class ({_and_more(empty)}); leave them in where nothing is to be found in them"
        )


def _and_more(ids: list[str]) -> str:
    if len(ids) == 1:
        return ids[0]
    return f"{ids[0]} and {len(ids) - 1} more"


def _mixed_grids(config: Config, fit: list[CaseReport]) -> Iterator[str]:
    counts = Counter(report.orientation for report in fit)
    if len(counts) > 1:
        orientations = ", ".join(f"{name} ({count})" for name, count in counts.most_common())
        yield f"orientations differ: {orientations}; {_what_becomes_of_them(config)}"
    spacing = np.array([report.spacing for report in fit])
    low = spacing.min(0)
    high = spacing.max(0)
    is_resampled = config.preprocessing.spacing or config.preprocessing.size
    can_resample = TASKS[config.task].has_volumes and not is_resampled
    if (high > low * 1.01).any() and can_resample:
        middle = [round(float(value), 3) for value in np.median(spacing, 0)]
        yield (
            f"spacings range from {_product(low)} to {_product(high)} mm; "
            f"set preprocessing.spacing, as in {middle}"
        )


def _what_becomes_of_them(config: Config) -> str:
    if TASKS[config.task].has_volumes:
        name = config.preprocessing.orientation or CLOSEST
        return (
            f"where training cases differ, all cases are brought to {name}; "
            "preprocessing.orientation names another"
        )
    return "reorient the files alike, or the network sees them mirrored or turned"


def _mixed_intensities(config: Config, fit: list[CaseReport]) -> Iterator[str]:
    ranges = []
    for report in fit:
        ranges += [high - low for low, high in report.intensities]
    least = np.min(ranges)
    largest = np.max(ranges)
    if largest > 10 * least and config.preprocessing.normalization != "zscore":
        yield (
            f"intensity ranges differ {largest / least:.0f}-fold between cases; "
            "set preprocessing.normalization: zscore"
        )


def _unusual_volumes(config: Config, fit: list[CaseReport]) -> Iterator[str]:
    labelled = [report for report in fit if report.class_volumes]
    if not TASKS[config.task].has_volumes or not labelled:
        return
    for k, name in enumerate(config.data.classes[1:], start=1):
        having = [report for report in labelled if any(report.class_volumes[1:])]
        volumes = np.array([report.class_volumes[k] for report in having])
        median = float(np.median(volumes)) if having else 0.0
        if not median:
            continue
        for report, volume in zip(having, volumes, strict=True):
            if not median / _UNUSUAL <= volume <= median * _UNUSUAL:
                yield (
                    f"{report.id}: '{name}' measures {volume:.3g} "
                    f"where the median is {median:.3g}; look at its label"
                )


def _ignored_voxels(config: Config, fit: list[CaseReport]) -> Iterator[str]:
    value = config.data.ignore_label
    if value is None:
        return
    partly = [report.ignored for report in fit if report.ignored > _ROUNDING]
    if partly:
        yield (
            f"{len(partly)} case(s) have voxels of data.ignore_label {value}, {min(partly):.1%} to "
            f"{max(partly):.1%} of their voxels; they count for nothing in training and scores"
        )
    else:
        yield f"data.ignore_label {value} is in no label"


def _absent_raters(fit: list[CaseReport]) -> Iterator[str]:
    raters = {rater for report in fit for rater in report.raters}
    for rater in sorted(raters):
        without = [report.id for report in fit if report.raters and rater not in report.raters]
        if without:
            ids = _and_more(without)
            yield f"{rater} has not labelled {ids}; the other raters serve there"


def _pairs_of_raters(config: Config, fit: list[CaseReport]) -> Iterator[str]:
    """Two raters have no majority but where they agree."""
    pairs = sum(len(report.raters) == AVERAGED_RATERS for report in fit)
    if pairs and config.data.train_on in (None, "majority"):
        yield (
            f"{pairs} case(s) have two raters, whose majority is what both have marked, "
            "so training learns the smaller structures; "
            "data.train_on: random draws one of them for each example"
        )


def _product(values: Iterable[float]) -> str:
    return "×".join(f"{value:.3g}" for value in values)
