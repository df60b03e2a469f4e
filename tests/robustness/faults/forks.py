"""Commands in processes that are forked from one that has imported TensorFlow, on a file system of choice."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.robustness.faults.broken_disk import BrokenDisk, Plan
from tests.robustness.faults.states import noted
from tests.support.killing import FORKS

_MOST_SECONDS = 900


@dataclass(frozen=True)
class End:
    """How a process ended: its exit code (-9 of one that was killed), what it said, and the seconds it took."""

    code: int
    said: str
    seconds: float

    @property
    def was_killed(self) -> bool:
        """Whether it was."""
        return self.code == -signal.SIGKILL


def run(
    words: list[str],
    place: Path,
    log: Path,
    plan: Plan | None = None,
    *,
    kill_after: float | None = None,
    largest: int | None = None,
) -> End:
    """Run a command of tfuq.

    Args:
        words: Its arguments.
        place: The folder whose files are looked at; the working directory too.
        log: File that what the command says is written to.
        plan: What goes wrong; None for nothing.
        kill_after: Kill it after so many seconds, if it runs then.
        largest: The most bytes that a file of it may have: whoever writes them, the system refuses more.
    """
    began = time.monotonic()
    process = _started(words, place, log, plan, None, largest)
    process.join(_MOST_SECONDS if kill_after is None else kill_after)
    process.kill()
    process.join()
    return End(process.exitcode, log.read_text(errors="replace"), time.monotonic() - began)


def trace(words: list[str], place: Path, log: Path) -> tuple[End, dict]:
    """Run a command undisturbed and note its operations by name, and the digests of all that got a final name."""
    notes = log.with_suffix(".json")
    began = time.monotonic()
    process = _started(words, place, log, None, notes, None)
    process.join(_MOST_SECONDS)
    process.kill()
    process.join()
    end = End(process.exitcode, log.read_text(errors="replace"), time.monotonic() - began)
    return end, json.loads(notes.read_text()) if notes.exists() else {}


def _started(words, place, log, plan, notes, largest) -> BaseProcess:
    log.unlink(missing_ok=True)
    log.touch()
    process = FORKS.Process(
        target=_run,
        args=([str(word) for word in words], str(place), str(log), plan, notes, largest),
    )
    process.start()
    return process


def _run(
    words: list[str],
    place: str,
    log: str,
    plan: Plan | None,
    notes: Path | None,
    largest: int | None,
) -> None:
    from tests.robustness.faults.warm import shorten
    from tfuq_cli.main import main

    os.chdir(place)
    seen: dict[str, list[str]] = {}
    broken = BrokenDisk(
        Path(place), plan, lambda path: noted(path, Path(place), seen) if notes else None
    )
    with open(log, "a") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        shorten()
        broken.install()
        if largest:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
        code = _code_of(main, words)
        file.flush()
    if notes:
        notes.write_text(json.dumps({"operations": broken.counts, "seen": seen}))
    sys.stdout.flush()
    os._exit(code)


def _code_of(main, words: list[str]) -> int:
    try:
        main(words, standalone_mode=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except BaseException as error:
        import traceback

        traceback.print_exc(file=sys.stderr)
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 99
    return 0
