"""Bytes, text and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tfuq.data import disk
from tfuq.data.writers.whole import whole_file
from tfuq.errors import DataError


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes.

    Raises:
        RunError: Something that is not tfuq's own lies there.
        TfuqError: The file cannot be written.
    """
    with whole_file(path) as draft:
        disk.write_file(draft, content)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; errors as `write_bytes`."""
    write_bytes(path, text.encode())


def write_json(path: Path, content: Any) -> None:
    """Write JSON that people can read and any parser takes.

    Args:
        path: The file.
        content: What `json.dumps` takes.

    Raises:
        DataError: A number is not finite.
        RunError: As `write_bytes`.
        TfuqError: As `write_bytes`.
    """
    try:
        text = json.dumps(content, indent=2, allow_nan=False)
    except ValueError as error:
        raise DataError(
            f"{path}: is not written, as a number of it is not finite; look for NaN by tfuq doctor"
        ) from error
    write_text(path, text + "\n")
