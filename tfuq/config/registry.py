"""A table from the names that configurations use to the things that they mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Generic, TypeVar

from tfuq.errors import ConfigError, nearest

T = TypeVar("T")


class Registry(Collection[str], Generic[T]):
    """Named entries of one kind; an unknown name is refused with the nearest known one."""

    def __init__(self, kind: str) -> None:
        """Make an empty table.

        Args:
            kind: what the entries are, for messages.
        """
        self.kind = kind
        self._entries: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator that enters what it decorates under ``name``."""

        def enter(entry: T) -> T:
            self._entries[name] = entry
            return entry

        return enter

    def names_where(self, condition: Callable[[T], bool]) -> str:
        """The names of the entries that fulfil a condition, in words."""
        names = sorted(name for name in self if condition(self[name]))
        return " and ".join(names)

    def __getitem__(self, name: str) -> T:
        if name not in self._entries:
            hint = nearest(name, self._entries)
            raise ConfigError(f"unknown {self.kind} '{name}'{hint}")
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)
