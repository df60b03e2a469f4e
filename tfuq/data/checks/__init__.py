"""Integrity of a data set: all problems are found before any training starts."""

from __future__ import annotations

from tfuq.data.checks.integrity import CaseReport, check_case, check_data
from tfuq.data.checks.remarks import absent_classes, left_out, remarks
from tfuq.data.checks.rows import TABLE_BEGINS, rows_of_reports

__all__ = [
    "TABLE_BEGINS",
    "CaseReport",
    "absent_classes",
    "check_case",
    "check_data",
    "left_out",
    "remarks",
    "rows_of_reports",
]
