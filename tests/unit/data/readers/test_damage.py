"""Errors of files name the file, and say what to do."""

from pathlib import Path

import pytest

from tfuq.data.budget import MemoryShortageError
from tfuq.data.readers.damage import naming_damage
from tfuq.errors import DataError


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            RuntimeError("two\nlines"),
            DataError,
            "a.x: not a readable X file (two lines); replace it with an intact copy",
        ),
        (KeyError(), DataError, "a.x: not a readable X file (KeyError); replace it"),
        (DataError("is odd; mend it"), DataError, "a.x: is odd; mend it"),
        (MemoryShortageError("too large"), MemoryShortageError, "a.x: too large"),
    ],
)
def test_errors_name_the_file(error, kind, words):
    with pytest.raises(kind) as refused, naming_damage(Path("a.x"), "X file"):
        raise error
    assert str(refused.value).startswith(words)
