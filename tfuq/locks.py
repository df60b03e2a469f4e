"""A folder that one process writes at a time."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path

from tfuq.data.ledger import open_regular
from tfuq.data.ownership import LOCK, remove_leftovers
from tfuq.data.writers import make_folder
from tfuq.errors import RunError


@contextmanager
def exclusive(folder: Path, doing: str, *, wait: bool = False):
    """Hold a folder while the block runs; the lock ends with the process, however that ends.

    What a killed process left unfinished there is removed. ``wait`` is for moments: until another process lets it go.

    Raises:
        RunError: another process holds it, or it cannot be written.
    """
    make_folder(folder)
    try:
        file = open_regular(folder / LOCK, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise RunError(f"{folder}: cannot be written ({error.strerror}); free space or choose another place") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            raise RunError(f"{folder}: another process is {doing} it; wait for it to end, or choose another folder") from error
        remove_leftovers(folder, held=True)
        yield
