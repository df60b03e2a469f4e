"""Work in one folder that several processes share: who takes part, and which work each has claimed.

The hidden folder `SHARING` has three folders. ``processes`` has a folder for each process, which it
holds as long as it takes part. ``claims`` has a file for each piece of work that was claimed, made
by the one process that names itself in it. ``lists`` is for what each process has finished.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tfuq.data import disk
from tfuq.data.ledger import add_entries
from tfuq.data.locks import exclusive, locked
from tfuq.data.ownership import CLAIM
from tfuq.data.removal import plan_removal
from tfuq.data.writers import make_folder, writing
from tfuq.errors import RunError

SHARING = ".sharing"
_PROCESSES = "processes"
_CLAIMS = "claims"
_LISTS = "lists"
_MOST_BYTES = 4096  # of a claim
_NAMED_WITHIN = 10.0  # seconds in which a process that lives names itself in its claim


class Sharing:
    """A process among those that share the work in a folder.

    Who takes part changes only while a process holds the folder, see `turn`. So do claims of
    processes that have ended. A claim of a living process is its own until it ends.

    Attributes:
        name: Of this process, unique.
    """

    def __init__(self, folder: Path, doing: str) -> None:
        """Name the folder; `join` takes part.

        Args:
            folder: Where the work is done.
            doing: What is done, for messages to other processes.
        """
        self.name = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._folder = folder
        self._doing = doing
        self._stack = ExitStack()
        self._unnamed: dict[Path, float] = {}

    @property
    def list_path(self) -> Path:
        """Where this process lists what it has finished."""
        return self._folder / SHARING / _LISTS / f"{self.name}.jsonl"

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the folder for a moment; another process waits for its turn.

        Raises:
            RunError: Another process holds it for long, or it cannot be written.
        """
        with locked(self._folder, self._doing, wait=True):
            yield

    def join(self) -> None:
        """Take part; this process has the `turn`.

        Raises:
            TfuqError: The folder cannot be written.
        """
        root = self._folder / SHARING
        own = root / _PROCESSES / self.name
        folders = [root, root / _PROCESSES, root / _CLAIMS, root / _LISTS, own]
        with writing(root):
            for path in folders:
                make_folder(path)
                add_entries(path, [], flushed=False)  # so that it is known as tfuq's own
        self._stack.enter_context(exclusive(own, self._doing))

    def leave(self) -> None:
        """Take part no more; this process has the `turn`. Its claims end."""
        self.let_go()
        self._remove(self._folder / SHARING / _PROCESSES / self.name)

    def let_go(self) -> None:
        """Let others see that this process has ended, where it cannot `leave`."""
        self._stack.close()

    def others(self) -> bool:
        """Whether other processes take part; this process has the `turn`."""
        others = []
        with suppress(FileNotFoundError):
            others = sorted((self._folder / SHARING / _PROCESSES).iterdir())
        ended = []
        for path in others:
            if path.is_dir() and path.name != self.name and not path.name.startswith("."):
                ended.append(self._has_ended(path.name))
        return not all(ended)

    def end(self) -> None:
        """Forget all claims; this process has the `turn`, and no other one takes part.

        Lists that were taken over are removed before.
        """
        self._remove(self._folder / SHARING)

    def claim(self, work: Sequence[str]) -> bool:
        """Claim a piece of work, unless another process has claimed it.

        Args:
            work: Names that make the piece.

        Returns:
            Whether it is this process's.

        Raises:
            TfuqError: The claim cannot be written.
        """
        path = self._path(work)
        if path.exists():
            return False
        with writing(path):
            try:
                file = disk.open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            except FileExistsError:
                return False
            with file:
                self._write_name(file, path)
        return True

    def _write_name(self, file: BinaryIO, path: Path) -> None:
        try:
            disk.write(file, json.dumps({"by": self.name}).encode())
        except OSError:
            disk.remove(path)
            raise

    def is_any_free(self, pieces: Sequence[Sequence[str]]) -> bool:
        """Whether a piece of work is claimed by no process that takes part.

        This process has the `turn`.

        Args:
            pieces: Pieces of work that others have claimed.
        """
        ended: dict[str, bool] = {}
        for path in map(self._path, pieces):
            if not path.exists() or self._is_left(path, ended):
                return True
        return False

    def release(self, pieces: Sequence[Sequence[str]]) -> None:
        """End the claims of processes that have ended; this process has the `turn`.

        Args:
            pieces: Pieces of work that are not finished.
        """
        ended: dict[str, bool] = {}
        for path in map(self._path, pieces):
            if path.exists() and self._is_left(path, ended):
                disk.remove(path)

    def _is_left(self, path: Path, ended: dict[str, bool]) -> bool:
        """Whether who made a claim has ended.

        Args:
            path: Of the claim.
            ended: What is known of processes by name; it is added to.
        """
        name = self._claimant(path)
        if name is None:  # a process that lives names itself within moments
            first_seen = self._unnamed.setdefault(path, time.monotonic())
            return time.monotonic() - first_seen > _NAMED_WITHIN
        if name not in ended:
            ended[name] = self._has_ended(name)
        return ended[name]

    def _path(self, work: Sequence[str]) -> Path:
        digest = hashlib.sha256("\n".join(work).encode()).hexdigest()[:32]
        return self._folder / SHARING / _CLAIMS / f"{digest}{CLAIM}"

    def _claimant(self, path: Path) -> str | None:
        """Who has made a claim; None where it names nobody."""
        try:
            with disk.open_regular(path, os.O_RDONLY) as file:
                return str(json.loads(file.read(_MOST_BYTES))["by"])
        except (OSError, ValueError, KeyError, TypeError, RunError):
            return None

    def _has_ended(self, name: str) -> bool:
        """Whether a process takes part no more; what it left of itself is removed."""
        if name == self.name:
            return False
        path = self._folder / SHARING / _PROCESSES / name
        if not path.is_dir():
            return True
        try:
            with exclusive(path, self._doing):
                pass
        except RunError:
            return False
        self._remove(path)
        return True

    def _remove(self, path: Path) -> None:
        with writing(path):
            plan_removal([path]).carry_out()


def lists_in(folder: Path) -> list[Path]:
    """The lists of what processes have finished in a folder, in an order that does not change."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted((folder / SHARING / _LISTS).glob("*.jsonl"))
    return []
