"""What was found of each case and class, as rows of a table for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tfuq.data.checks.integrity import CaseReport
from tfuq.data.units import PLAIN_IMAGE

TABLE_BEGINS = b"case,part,problem"  # as its header


def rows_of_reports(
    reports: Sequence[CaseReport], classes: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Make a row for each case and class, or one for a case whose classes are not counted.

    Args:
        reports: Of the cases.
        classes: Their names.
    """
    for report in reports:
        row = _row_of_case(report)
        if not report.class_volumes:
            yield row
            continue
        for number, name in enumerate(classes):
            yield row | {"class": name} | _amounts(report, number)


def _row_of_case(report: CaseReport) -> dict[str, Any]:
    row: dict[str, Any] = {"case": report.id, "part": report.part, "problem": report.problem}
    for axis, size, spacing in zip("xyz", report.shape, report.spacing, strict=False):
        row[f"voxels_{axis}"] = size
        row[f"spacing_{axis}_{report.unit.length}"] = spacing
    row["axes"] = report.orientation
    row["channels"] = report.channels
    row["header"] = report.header
    row["qform_from_sform_mm"] = report.apart
    row["doubt"] = report.doubt
    return row


def _amounts(report: CaseReport, number: int) -> dict[str, Any]:
    if not report.class_voxels:
        return {"images": report.class_volumes[number]}
    amounts: dict[str, Any] = {_size_column(report): report.class_volumes[number]}
    amounts["voxels"] = report.class_voxels.own[number]
    amounts["network_voxels"] = report.class_voxels.network[number]
    amounts["volume_left"] = report.class_voxels.share(number)
    return amounts


def _size_column(report: CaseReport) -> str:
    if report.unit is PLAIN_IMAGE:
        return "area_px2"
    return "volume_ml" if report.shape[2] > 1 else "area_cm2"
