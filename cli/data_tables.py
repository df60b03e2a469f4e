"""What ``tfuq data check`` found, as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfuq.data.checks import CaseReport
from tfuq.data.checks.remarks import APART
from tfuq.data.class_voxels import MOST_LOST, ClassVoxels

_MOST_COLUMNS = 6  # of classes in the table of cases; more are told class by class alone
_PROBLEM = "PROBLEM"


def case_table(reports: Sequence[CaseReport], classes: Sequence[str]) -> str:
    """A row for each case.

    Args:
        reports: Of the cases.
        classes: Their names.
    """
    length, size = _units(reports)
    element = "pixels"
    if any(map(_is_volume, reports)):
        element = "voxels"
    columns = {
        "case": [report.id for report in reports],
        "part": [report.part for report in reports],
        element: [_shape(report) for report in reports],
        f"spacing ({length})": [_product(report.spacing) for report in reports],
        "axes": [report.orientation for report in reports],
        "header": [_header(report) for report in reports],
        "network's grid": [_network_grid(report) for report in reports],
        "intensities": [_intensities(report) for report in reports],
    }
    if len(classes) <= _MOST_COLUMNS + 1:
        for number, name in enumerate(classes[1:], start=1):
            columns[f"{name} ({size})"] = [_size(report, number) for report in reports]
    for name in ("header", "network's grid"):
        if not any(columns[name]):
            del columns[name]
    return _aligned([list(columns), *map(list, zip(*columns.values(), strict=True))])


def _shape(report: CaseReport) -> str:
    if report.problem:
        return _PROBLEM
    return "×".join(map(str, report.shape))


def _product(values: Sequence[float]) -> str:
    return "×".join(map("{:.4g}".format, values))


def _header(report: CaseReport) -> str:
    """What of the header is taken, its unit, and how far it contradicts itself."""
    text = report.header
    if report.apart and report.apart > APART:
        text += f", qform {report.apart:.3g} mm off"
    if report.doubt or (report.header and not report.is_placed):
        text += ", see remark"
    return text


def _network_grid(report: CaseReport) -> str:
    if not report.class_voxels:
        return ""
    shape = "×".join(map(str, report.network_shape))
    return f"{shape} of {_product(report.class_voxels.network_spacing)}"


def _intensities(report: CaseReport) -> str:
    return ", ".join(f"{low:.4g}…{high:.4g}" for low, high in report.intensities)


def _size(report: CaseReport, number: int) -> str:
    if report.problem:
        return ""
    if not report.class_volumes:
        return "no label"
    return f"{report.class_volumes[number]:.4g}"


def _is_volume(report: CaseReport) -> bool:
    return report.shape[2:] > (1,)


def _units(reports: Sequence[CaseReport]) -> tuple[str, str]:
    """Symbols of the units of spacings and of class sizes; those of a mixed set side by side."""
    lengths = dict.fromkeys(report.unit.length_symbol for report in reports if report.shape)
    in_mm = [report for report in reports if report.unit.length == "mm" or not report.shape]
    sizes = []
    if in_mm and any(map(_is_volume, in_mm)):
        sizes.append("ml")
    elif in_mm:
        sizes.append("cm²")
    if len(in_mm) < len(reports):
        sizes.append("pixel²")
    return " or ".join(lengths or ["mm"]), " or ".join(sizes)


def class_table(reports: Sequence[CaseReport], classes: Sequence[str]) -> str:
    """A row for each class: what there is of it, and what the network's grid leaves.

    Args:
        reports: Of the cases.
        classes: Their names.
    """
    cases = [report.class_voxels for report in reports if report.class_voxels]
    rows = [
        [
            *("class", "cases", "voxels", "on network's grid", "volume left (median)"),
            *("vanishes in", "loses > half in"),
        ]
    ]
    for number, name in enumerate(classes):
        rows.append([name, *_class_cells(number, cases)])
    return _aligned(rows)


def _class_cells(number: int, cases: Sequence[ClassVoxels]) -> list[str]:
    having = [case for case in cases if case.own[number]]
    shares = [case.share(number) for case in having]
    left = f"{100 * np.median(shares):.0f} %" if shares else "–"
    gone = sum(not case.network[number] for case in having)
    less = sum(0 < share < 1 - MOST_LOST for share in shares)
    voxels = sum(case.own[number] for case in cases)
    network = sum(case.network[number] for case in cases)
    return [f"{len(having)} of {len(cases)}", str(voxels), str(network), left, str(gone), str(less)]


def image_counts(reports: Sequence[CaseReport], classes: Sequence[str]) -> str:
    """How many images of each class every part has.

    Args:
        reports: Of the cases.
        classes: Their names.
    """
    rows = [["part", "images", *classes]]
    for part in dict.fromkeys(report.part for report in reports):
        images = [report.class_volumes for report in reports if report.part == part]
        counted = list(filter(None, images))
        totals = [0.0] * len(classes)
        if counted:
            totals = list(map(sum, zip(*counted, strict=True)))
        rows.append([part, str(len(counted)), *map("{:g}".format, totals)])
    return _aligned(rows)


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = map(str.ljust, row, widths)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
