"""What is said of a file that cannot be read."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tfuq.data.budget import MemoryShortageError
from tfuq.errors import DataError

_MOST_REASON = 160  # characters of an error that a message quotes


INTACT = "replace it with an intact copy"


def damage(path: Path, kind: str, error: Exception, remedy: str = INTACT) -> DataError:
    """The error of a file on whose bytes a library has failed.

    Args:
        path: The file.
        kind: What it should be, such as ``NIfTI file``.
        error: Of the library.
        remedy: What to do.
    """
    reason = " ".join(str(error).split())[:_MOST_REASON] or type(error).__name__
    return DataError(f"{path}: not a readable {kind} ({reason}); {remedy}")


@contextmanager
def naming_damage(path: Path, kind: str) -> Iterator[None]:
    """Within the block, whatever goes wrong is an error that names the file.

    A `DataError` says itself what to do. Of anything else, the file is damaged.

    Args:
        path: The file.
        kind: What it should be, such as ``NIfTI file``.

    Raises:
        DataError: As above.
        MemoryShortageError: The file does not fit into memory.
    """
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    except MemoryShortageError as error:
        raise MemoryShortageError(f"{path}: {error}") from error
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except Exception as error:  # libraries raise anything on damaged bytes
        raise damage(path, kind, error) from error
