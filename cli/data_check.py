"""What the check of a data set finds, as the command line shows it."""

from __future__ import annotations

from pathlib import Path

from tfuq.config import TASKS, Config
from tfuq.data import checks
from tfuq.data.writers import write_csv
from tfuq.errors import DataError
from tfuq_cli import data_tables as tables
from tfuq_cli.progress import EventLines, show

_MOST_LINES = 20  # of problems: a folder of thousands may have the same one throughout


def show_check(settings: Config, table: Path | None = None) -> None:
    """Check every case of a configuration's data set, and show what is found.

    Args:
        settings: The configuration.
        table: A file to write the same into.

    Raises:
        DataError: There are problems.
    """
    if not TASKS[settings.task].names_cases:
        reports = checks.check_data(settings)
        show(tables.image_counts(reports, settings.data.classes))
    else:
        reports = checks.check_data(settings, observer=EventLines())
        show(tables.case_table(reports, settings.data.classes))
        if any(report.class_voxels for report in reports):
            show("")
            show(tables.class_table(reports, settings.data.classes))
            show("")
    if table:
        write_csv(table, checks.rows_of_reports(reports, settings.data.classes))
    for remark in [*checks.left_out(settings), *checks.remarks(settings, reports)]:
        show(f"remark: {remark}")
    problems = [f"{report.id}: {report.problem}" for report in reports if report.problem]
    problems += checks.absent_classes(settings, reports)
    for problem in problems[:_MOST_LINES]:
        show(f"PROBLEM: {problem}")
    if len(problems) > _MOST_LINES:
        show(f"… and {len(problems) - _MOST_LINES} more")
    if problems:
        raise DataError(
            f"{len(problems)} problem(s) among {len(reports)} cases; "
            f"mend the first, then check again: {problems[0]}"
        )
    show(f"{len(reports)} cases in {settings.data.root}, no problem found")
