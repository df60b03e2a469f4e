"""A folder that one process writes at a time."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from pathlib import Path

from tfuq.data.writers import make_folder
from tfuq.errors import RunError


@contextmanager
def exclusive(folder: Path, doing: str):
    """Hold a folder while the block runs; the lock ends with the process, however that ends.

    Raises:
        RunError: another process holds it.
    """
    make_folder(folder)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunError(f"{folder}: another process is {doing} it; wait for it to end, or choose another folder") from error
        yield
