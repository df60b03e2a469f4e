"""Cases that enter a predictions folder while it is written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tfuq.data.cases import Case
from tfuq.data.writers import move_whole
from tfuq.errors import TfuqError
from tfuq.runs.finished import FinishedCases
from tfuq.runs.results import Manifest, read_manifest


class AddedCases:
    """The cases that a prediction finishes, each at the cost of one line.

    As a context manager, it enters them into the manifest's file at its end, also after an error.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Begin to add cases; the folder is held by this process.

        Args:
            folder: of the predictions.
            manifest: of the folder, with the cases that it has.

        Raises:
            RunError: something that is not tfuq's own lies there.
            TfuqError: the manifest cannot be written.
        """
        self._folder = folder
        self._manifest = manifest
        self._list = FinishedCases(folder, manifest.draws)

    def add(self, case: Case, seconds: dict[str, float]) -> None:
        """Enter a finished case, as `Manifest.add`.

        Raises:
            TfuqError: it cannot be written.
        """
        self._manifest.add(case, seconds)
        self._list.add(case.id, self._manifest.cases[case.id])

    def take_in(self, source: Path, kind: str, is_complete: Callable[[Path], bool]) -> None:
        """Move the cases of another predictions folder here, and enter them.

        Args:
            source: the other folder, on the same file system.
            kind: what the folder of a case is, as `tfuq.data.writers.whole_folder` takes it.
            is_complete: whether the folder of a case has all of it.

        Raises:
            TfuqError: a case cannot be moved.
        """
        for case, entry in read_manifest(source).cases.items():
            target = self._folder / case
            if (source / case).is_dir():
                move_whole(source / case, target, kind)
            if case not in self._manifest.cases and is_complete(target):
                self._manifest.cases[case] = entry
                self._list.add(case, entry)

    def __enter__(self) -> AddedCases:
        if self._list.exists:
            self._write()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._list.close()
        if not self._list.exists:
            return
        if error is None:
            self._write()
            return
        with suppress(TfuqError):  # the first error counts, and the list has the cases
            self._write()

    def _write(self) -> None:
        self._manifest.write(self._folder)
        self._list.remove()
