"""Where preprocessed cases are kept between epochs: in memory, on disk, or nowhere."""

from __future__ import annotations

import logging
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tfuq.config import Config
from tfuq.data.budget import readable
from tfuq.data.cases import Case
from tfuq.data.parallel import in_order
from tfuq.data.preprocessing import Statistics
from tfuq.data.sets.cache_keys import (
    VARIABLE,
    cache_folder,
    case_digest,
    case_identity,
    settings_digest,
)
from tfuq.data.sets.case_files import CaseFile
from tfuq.data.sets.prepared import CaseFacts, Examples, Prepared
from tfuq.data.writers import make_folder
from tfuq.errors import ConfigError, DataError

Load = Callable[[Case], Prepared]  # reads and preprocesses a case
_log = logging.getLogger(__name__)


class ExampleStore(ABC):
    """The preprocessed cases of a training, or of its validation.

    `facts` is asked first, once, and then `examples` in any order, by several threads.
    """

    def __init__(self, cases: Sequence[Case], load: Load) -> None:
        """Read nothing yet.

        Args:
            cases: The cases.
            load: Reads and preprocesses one of them, also in several threads at once.
        """
        self._cases = cases
        self._load = load

    @abstractmethod
    def facts(self) -> Iterator[CaseFacts]:
        """What is known of each case, in their order."""

    @abstractmethod
    def examples(self, number: int) -> Examples:
        """The examples of a case, which are not to be changed.

        Args:
            number: Of the case, from 0 on.
        """

    def _loaded(self, cases: Sequence[Case]) -> Iterator[Prepared]:
        """Cases in their order, read by several threads."""
        return in_order(self._load, cases, lambda prepared: prepared.nbytes)


class MemoryStore(ExampleStore):
    """Cases that stay in memory."""

    def __init__(self, cases: Sequence[Case], load: Load) -> None:
        """As `ExampleStore`."""
        super().__init__(cases, load)
        self._examples: list[Examples] = []

    def facts(self) -> Iterator[CaseFacts]:
        """As `ExampleStore`; all cases are read."""
        for prepared in self._loaded(self._cases):
            self._examples.append(prepared.examples)
            yield prepared.facts

    def examples(self, number: int) -> Examples:
        """As `ExampleStore`."""
        return self._examples[number]


class FileStore(ExampleStore):
    """Cases that are not kept, but read from their own files each time."""

    def facts(self) -> Iterator[CaseFacts]:
        """As `ExampleStore`; all cases are read."""
        for prepared in self._loaded(self._cases):
            yield prepared.facts

    def examples(self, number: int) -> Examples:
        """As `ExampleStore`."""
        return self._load(self._cases[number]).examples


class DiskStore(ExampleStore):
    """Cases that lie preprocessed on a local disk, for this training and later ones.

    Where all of them lie there already, no voxel is read before the first example is asked for.
    """

    def __init__(self, cases: Sequence[Case], load: Load, folder: Path) -> None:
        """As `ExampleStore`.

        Args:
            cases: The cases.
            load: Reads and preprocesses one of them.
            folder: Of the files, those of one preprocessing.
        """
        super().__init__(cases, load)
        self._folder = folder
        self._files = [_case_file(folder, case) for case in cases]
        self._facts: list[CaseFacts] = []
        self._verified: set[int] = set()

    def facts(self) -> Iterator[CaseFacts]:
        """As `ExampleStore`; cases that are not in the folder yet are read.

        Raises:
            ConfigError: The disk is too small.
            TfuqError: A file cannot be written.
        """
        stored = [file.facts() for file in self._files]
        missing = [number for number, facts in enumerate(stored) if facts is None]
        made = self._make(missing)
        for facts in stored:
            self._facts.append(facts or next(made))
            yield self._facts[-1]
        size = sum(file.path.stat().st_size for file in self._files)
        _log.info(
            "training.cache disk: %d cases take %s in %s; %d of them are new",
            len(stored),
            readable(size),
            self._folder,
            len(missing),
        )

    def _make(self, numbers: Sequence[int]) -> Iterator[CaseFacts]:
        """Read, preprocess and write cases."""
        cases = [self._cases[number] for number in numbers]
        size = 0
        for count, prepared in enumerate(self._loaded(cases)):
            size += prepared.nbytes
            left = len(cases) - count
            self._require_room(left, left * size // (count + 1))
            self._write(numbers[count], prepared)
            yield prepared.facts

    def _write(self, number: int, prepared: Prepared) -> None:
        self._files[number].write(prepared)
        self._verified.add(number)

    def _require_room(self, count: int, size: int) -> None:
        """Refuse to begin what the disk has no room for.

        Raises:
            ConfigError: It is too small.
        """
        make_folder(self._folder)
        free = shutil.disk_usage(self._folder).free
        if size > free:
            raise ConfigError(
                f"training.cache disk: {count} cases take about {readable(size)} in "
                f"{self._folder}, and {readable(free)} are free; free some, set {VARIABLE} to a "
                "folder on a larger disk, or set training.cache: none"
            )

    def examples(self, number: int) -> Examples:
        """As `ExampleStore`, mapped into memory.

        A file that is damaged, or was removed meanwhile, is made anew.

        Raises:
            DataError: The case's own files changed during the training.
        """
        examples = self._files[number].examples(verify=number not in self._verified)
        if examples is None:
            case = self._cases[number]
            _log.warning("%s: %s is damaged and is made anew", case.id, self._files[number].path)
            prepared = self._load(case)
            if prepared.facts != self._facts[number]:
                raise DataError(f"case '{case.id}' changed while it was trained on; train again")
            self._write(number, prepared)
            return prepared.examples
        self._verified.add(number)
        return examples


class StoredGroups(Sequence[Examples]):
    """Examples of several cases, each of which is fetched when it is asked for."""

    def __init__(self, store: ExampleStore, numbers: Sequence[int]) -> None:
        """Take a store.

        Args:
            store: The cases.
            numbers: Those of which each is a group.
        """
        self._store = store
        self._numbers = numbers

    def __len__(self) -> int:
        """Count the groups."""
        return len(self._numbers)

    def __getitem__(self, position: int) -> Examples:  # type: ignore[override]  # no slices
        """Fetch a group."""
        return self._store.examples(self._numbers[position])


def make_store(
    config: Config,
    cases: Sequence[Case],
    load: Load,
    *,
    statistics: Statistics | None,
    part: str,
) -> ExampleStore:
    """Make the store that ``training.cache`` names.

    Args:
        config: The configuration, with the orientation that the network sees.
        cases: The cases.
        load: Reads and preprocesses one of them.
        statistics: Intensities of the training cases, if normalization needs them.
        part: What the cases are for, ``training`` or ``validation``.
    """
    if config.training.cache == "disk":
        folder = cache_folder() / part / settings_digest(config, statistics, part)
        return DiskStore(cases, load, folder)
    if config.training.cache == "none":
        return FileStore(cases, load)
    return MemoryStore(cases, load)


def _case_file(folder: Path, case: Case) -> CaseFile:
    """The file of a case; folders of few files are quicker than one of very many."""
    digest = case_digest(case)
    return CaseFile(folder / digest[:2] / f"{digest}.npy", case_identity(case))
