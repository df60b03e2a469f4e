"""Writing: every file appears whole or not at all."""

from __future__ import annotations

from tfuq.data.writers.nifti import write_nifti
from tfuq.data.writers.sets import whole_set
from tfuq.data.writers.tables import (
    csv_line,
    rows_as_text,
    without_mark,
    write_csv,
    write_rows,
)
from tfuq.data.writers.text import write_bytes, write_json, write_text
from tfuq.data.writers.unfinished import make_folder, writing
from tfuq.data.writers.whole import (
    FolderTakenError,
    move_whole,
    new_folder,
    plan_replacement,
    remove_whole,
    whole_file,
    whole_folder,
)

__all__ = [
    "FolderTakenError",
    "csv_line",
    "make_folder",
    "move_whole",
    "new_folder",
    "plan_replacement",
    "remove_whole",
    "rows_as_text",
    "whole_file",
    "whole_folder",
    "whole_set",
    "without_mark",
    "write_bytes",
    "write_csv",
    "write_json",
    "write_nifti",
    "write_rows",
    "write_text",
    "writing",
]
