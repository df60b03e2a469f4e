"""Arrays by name that are read when they are asked for, so that one at a time is in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np


class LazyArrays(Mapping[str, np.ndarray]):
    """Arrays by name, each of which is read whenever it is asked for, and not kept."""

    def __init__(self, names: Sequence[str], read: Callable[[str], np.ndarray]) -> None:
        """Read nothing yet.

        Args:
            names: That there are.
            read: Reads the array of a name.
        """
        self._names = tuple(names)
        self._read = read

    def __getitem__(self, name: str) -> np.ndarray:
        """Read an array."""
        if name not in self._names:
            raise KeyError(name)
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._names)

    def __len__(self) -> int:
        """Count the names."""
        return len(self._names)
