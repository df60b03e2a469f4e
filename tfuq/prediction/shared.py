"""A predictions folder that this process predicts into, alone or beside other processes."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from tfuq.data.cases import Case
from tfuq.data.claims import SHARING, Sharing, lists_in
from tfuq.data.events import CasePredicted, Observer
from tfuq.data.json_csv import read_json
from tfuq.data.locks import cleared
from tfuq.data.ownership import take_over
from tfuq.data.removal import remove_leftovers
from tfuq.data.writers import write_json
from tfuq.errors import DataError, RunError, TfuqError
from tfuq.prediction.predictor import AnyPredictor
from tfuq.runs import results
from tfuq.runs.entries import entry_of
from tfuq.runs.finished import Finished, FinishedCases, Rows, read_finished, remove_lists
from tfuq.runs.results import Manifest

_log = logging.getLogger(__name__)
_DOING = "predicting into"
_REQUEST = "request.json"
_FIRST_PAUSE = 0.1  # seconds between two looks at what others do, which become longer
_LONGEST_PAUSE = 5.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Cases that a process claims together.

    Attributes:
        work: what the claim is of: the ids of all of the piece's cases. They are the same for every
            process that predicts the same cases, whatever is finished.
        cases: those of them that are not finished.
    """

    work: tuple[str, ...]
    cases: list[Case]


class SharedFolder:
    """Shares the cases of a predictions folder with the processes that predict the same.

    Processes come and go at any time. Each lists what it has finished in a file of its own, and the
    last one that goes, however it ends, enters all of it into the manifest. If all are killed, the
    next process does so.

    Attributes:
        folder: the predictions folder.
        manifest: with the cases that were finished when this process came.
    """

    def __init__(
        self,
        predictor: AnyPredictor,
        cases: list[Case],
        folder: Path,
        *,
        overwrite: bool,
        asked: list[Case] | None = None,
    ) -> None:
        """Name the folder; within a ``with`` block this process takes part.

        Args:
            predictor: predicts the cases.
            cases: those to predict.
            folder: the predictions folder.
            overwrite: whether other predictions in the folder are replaced.
            asked: all cases that the folder is to have; None for the cases.
        """
        self.folder = folder
        self.manifest = predictor.manifest()
        self._predictor = predictor
        self._cases = cases
        self._asked = asked or cases
        self._overwrite = overwrite
        self._sharing = Sharing(folder, _DOING)
        self._list = FinishedCases(self._sharing.list_path, self.manifest.draws)
        self._stack = ExitStack()

    def __enter__(self) -> SharedFolder:
        # It is refused before anything is written there.
        results.find_draws(self.folder, self.manifest, overwrite=self._overwrite)
        with self._sharing.turn():
            is_alone = not self._sharing.others()
            self._stack.enter_context(cleared(self.folder, is_alone=is_alone))
            try:
                self._prepare(is_alone)
                self._sharing.join()
            except BaseException:
                self._stack.close()
                raise
        return self

    def _prepare(self, is_alone: bool) -> None:
        """Make the folder ready for the cases; this process has the turn."""
        existing = results.find_draws(self.folder, self.manifest, overwrite=self._overwrite)
        if not is_alone:
            self._require_same_request(existing)
        if existing is None:
            self._begin()
            return
        take_over(self.folder, self._predictor.known_files(self.folder, existing))
        if is_alone:
            self._gather(existing.run)
        stored = self._stored(existing.run)
        finished = read_finished(self.folder)
        self._predictor.forget_incomplete(self.folder, stored)
        self.manifest = replace(stored, cases=dict(stored.cases))
        self.manifest.take_in(finished)
        self._predictor.require_room(self._cases, self.folder, self.manifest)
        # It is written before a case is predicted, as this process may be stopped at any.
        if self.manifest.ask_for(self._asked, is_alone=is_alone):
            stored = self._stored(existing.run)
            stored.asked = self.manifest.asked
            stored.failed = self.manifest.failed
            stored.write(self.folder)
        if is_alone:
            self._note_request()

    def _begin(self) -> None:
        self._predictor.require_room(self._cases, self.folder, self.manifest)
        self.manifest.ask_for(self._asked, is_alone=True)
        results.begin(self.folder, self.manifest)
        self._sharing.end()
        self._note_request()

    def _note_request(self) -> None:
        write_json(self.folder / SHARING / _REQUEST, self._predictor.files)

    def _require_same_request(self, existing: Manifest | None) -> None:
        """Refuse to share a folder with processes that make other files, or to begin it anew."""
        remedy = "wait for it to end, or choose another folder"
        if existing is None:
            raise RunError(f"{self.folder}: another process is {_DOING} it; {remedy}")
        files = read_json(self.folder / SHARING / _REQUEST, str, remedy)
        if files != self._predictor.files:
            raise RunError(
                f"{self.folder}: another process is {_DOING} it, and writes other files ({files}); "
                f"{remedy}"
            )

    def _stored(self, run: str) -> Manifest:
        stored = results.read_stored(self.folder)
        stored.run = run
        return stored

    def _gather(self, run: str) -> None:
        """Enter what is finished into the manifest; no other process takes part."""
        finished = read_finished(self.folder)
        self._predictor.gather(self.folder, self._stored(run), finished)
        remove_lists(self.folder)
        self._sharing.end()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._list.close()
        try:
            with self._sharing.turn():
                self._sharing.leave()
                if not self._sharing.others():
                    remove_leftovers(self.folder, held=True)  # of processes that were killed
                    self._gather(self.manifest.run)
        except TfuqError:  # an earlier error counts, and the lists have the cases
            if error is None:
                raise
        finally:
            self._sharing.let_go()
            self._stack.close()

    def remaining(self, observer: Observer) -> list[Piece]:
        """Cut the cases that are not finished yet into pieces.

        Args:
            observer: is notified of each `CasePredicted` of a case that is finished.

        Raises:
            RunError: the manifest holds a case that was made from other files.
        """
        pieces = []
        size = self._predictor.cases_at_once
        for start in range(0, len(self._cases), size):
            cases = self._cases[start : start + size]
            work = tuple(case.id for case in cases)
            left = self._unfinished(cases, self.manifest, observer)
            if left:
                pieces.append(Piece(work=work, cases=left))
        return pieces

    def _unfinished(
        self, cases: Sequence[Case], manifest: Manifest, observer: Observer
    ) -> list[Case]:
        unfinished = []
        for case in cases:
            if self._predictor.holds(case, self.folder, manifest):
                observer.notify(CasePredicted(case=case.id, seconds=None))
            else:
                unfinished.append(case)
        return unfinished

    def claimed(self, pieces: Sequence[Piece], others: list[Piece]) -> Iterator[Piece]:
        """Claim one piece after another, each when it is asked for.

        Args:
            pieces: they are claimed in this order.
            others: pieces that other processes have claimed are added to it.
        """
        for piece in pieces:
            if self._sharing.claim(piece.work):
                yield piece
            else:
                others.append(piece)

    def finish(self, case: Case, seconds: dict[str, float], rows: Rows | None = None) -> None:
        """List a finished case.

        Args:
            case: whose files are whole, if it has files of its own.
            seconds: of each stage.
            rows: of the case by table, if it has any.

        Raises:
            TfuqError: the list cannot be written.
        """
        self._list.add(case.id, entry_of(case, seconds), rows or {})

    def fail(self, case: Case, error: DataError) -> None:
        """List a case that cannot be predicted.

        Raises:
            TfuqError: the list cannot be written.
        """
        self._list.fail(case.id, str(error))

    def await_others(self, pieces: Sequence[Piece], observer: Observer) -> list[Piece]:
        """Wait until other processes have finished what they claimed, or one of them has ended.

        Args:
            pieces: that others have claimed.
            observer: is notified of each `CasePredicted` of a case that another has finished.

        Returns:
            What is to be claimed again; nothing where all is done.

        Raises:
            RunError: another process has made a case from other files.
        """
        pause = _FIRST_PAUSE
        waiting = self._unsettled(pieces, observer)
        if waiting:
            count = sum(len(piece.cases) for piece in waiting)
            _log.info("waiting for %d case(s) that other processes predict", count)
        while waiting:
            size = self._size_of_lists()
            with self._sharing.turn():
                if self._sharing.is_any_free(_work_of(waiting)):
                    # What a process had finished before it ended is not claimed again.
                    waiting = self._unsettled(waiting, observer)
                    self._sharing.release(_work_of(waiting))
                    return waiting
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            if self._size_of_lists() != size:
                waiting = self._unsettled(waiting, observer)
        return []

    def _size_of_lists(self) -> int:
        return sum(path.stat().st_size for path in lists_in(self.folder))

    def _unsettled(self, pieces: Sequence[Piece], observer: Observer) -> list[Piece]:
        finished = self.finished()
        listed = replace(self.manifest, cases=finished.cases)
        unsettled = []
        for piece in pieces:
            cases = [case for case in piece.cases if case.id not in finished.failed]
            left = self._unfinished(cases, listed, observer)
            if left:
                unsettled.append(replace(piece, cases=left))
        return unsettled

    def finished(self) -> Finished:
        """What the lists of all processes say.

        Raises:
            RunError: one is damaged.
        """
        return read_finished(self.folder).require(self.manifest.draws)


def _work_of(pieces: Sequence[Piece]) -> list[tuple[str, ...]]:
    return [piece.work for piece in pieces]
