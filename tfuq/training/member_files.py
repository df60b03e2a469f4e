"""The files of a member, which one process writes while it is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tfuq.data.locks import exclusive
from tfuq.data.ownership import LOCK, take_over
from tfuq.data.removal import remove_file
from tfuq.data.writers import write_csv, write_json
from tfuq.errors import RunError
from tfuq.networks.weights import Arrays, read_weights, save_arrays
from tfuq.training.progress import EpochRow, Progress
from tfuq.training.state import STATE
from tfuq.training.workers import Worker

HISTORY = "history.csv"


class MemberFiles:
    """The folder of a member: the state between epochs, the history, and the result."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which need not be there yet."""
        self.folder = folder

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder while the block runs.

        Raises:
            RunError: Another process is training the member.
        """
        with exclusive(self.folder, "training"):
            yield

    def read_state(self) -> bytes:
        """The content of the state's file; nothing where there is none."""
        path = self.folder / STATE
        if not path.is_file():
            return b""
        return read_weights(path)

    def take_over(self) -> None:
        """Take the files of an earlier process for this one's own."""
        names = [name for name in (STATE, HISTORY) if (self.folder / name).is_file()]
        take_over(self.folder, names)

    def write_history(self, history: Sequence[EpochRow]) -> None:
        """Write the history.

        Raises:
            RunError: The folder's lock, which this process holds, is gone: the folder was removed.
        """
        self._require_folder()
        write_csv(self.folder / HISTORY, history)

    def write_state(self, arrays: Arrays) -> None:
        """Write the state."""
        save_arrays(self.folder / STATE, arrays)

    def write_result(self, weights: Arrays, progress: Progress) -> None:
        """Write the weights, and that the member is done; remove the state.

        Raises:
            RunError: As `write_history`.
        """
        self._require_folder()
        digest = save_arrays(self.folder / "weights.npz", weights)
        done = {"digest": digest, "epochs": progress.epoch, "best_epoch": progress.best_epoch}
        write_json(self.folder / "done", done)
        remove_file(self.folder / STATE)

    def _require_folder(self) -> None:
        if not (self.folder / LOCK).is_file():
            raise RunError(f"{self.folder}: was removed while it was trained; train the run again")


class NoFiles(MemberFiles):
    """What a worker that is not the chief reads and writes of a member: nothing."""

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold nothing."""
        yield

    def read_state(self) -> bytes:
        """Nothing; the chief tells its state."""
        return b""

    def take_over(self) -> None:
        """There is nothing to take over."""

    def write_history(self, history: Sequence[EpochRow]) -> None:
        """The chief writes it."""

    def write_state(self, arrays: Arrays) -> None:
        """The chief writes it."""

    def write_result(self, weights: Arrays, progress: Progress) -> None:
        """The chief writes it."""


def member_files(folder: Path, worker: Worker) -> MemberFiles:
    """The files of a member as a worker has them; the chief's are on disk."""
    if worker.is_chief:
        return MemberFiles(folder)
    return NoFiles(folder)
