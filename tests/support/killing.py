"""The command line in processes of its own, started cheaply and killed at a moment of choice."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["tests.support.killing", "tests.robustness.faults.warm"]
)  # TensorFlow imported once, not yet started


def start(
    *arguments, log: Path, environment: Mapping[str, str] | None = None
) -> multiprocessing.Process:
    """A process that runs ``tfuq`` with the arguments, its output appended to ``log``."""
    words = [str(a) for a in arguments]
    process = FORKS.Process(target=_run, args=(words, str(log), None, environment or {}))
    process.start()
    return process


def finish(*arguments, log: Path) -> float:
    """Run a command to its end, which must be good, and return the seconds that it took."""
    started = time.monotonic()
    process = start(*arguments, log=log)
    process.join(300)
    assert process.exitcode == 0, log.read_text()[-2000:]
    return time.monotonic() - started


def kill_after(seconds: float, *arguments, log: Path) -> bool:
    """Run a command and kill it after some seconds; whether it was still running then."""
    process = start(*arguments, log=log)
    process.join(seconds)
    process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL), log.read_text()[-2000:]
    return process.exitcode != 0


def kill_at_rename(number: int, *arguments, log: Path) -> bool:
    """Run a command that is killed when it is about to give a file its final name for the ``number``-th time."""
    process = FORKS.Process(target=_run, args=([str(a) for a in arguments], str(log), number))
    process.start()
    process.join(300)
    assert process.exitcode in (0, -signal.SIGKILL), log.read_text()[-2000:]
    return process.exitcode != 0


def _run(
    arguments: list[str],
    log: str,
    fatal_rename: int | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> None:
    os.environ.update(environment)
    from tfuq_cli.main import main

    with open(log, "a") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        if fatal_rename is not None:
            _die_at_rename(fatal_rename)
        sys.exit(main(arguments, standalone_mode=False))


def _die_at_rename(number: int) -> None:
    rename, seen = os.replace, []

    def replace(source, target):
        seen.append(target)
        if len(seen) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        rename(source, target)

    os.replace = replace


def kill_at_line(number: int, path: Path, *arguments, log: Path) -> None:
    """Run a command and kill it once a file that only grows, or the first one of a folder, has so many lines."""
    process = start(*arguments, log=log)
    while process.is_alive() and _lines(path) < number:
        time.sleep(0.002)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL, log.read_text()[-2000:]


def _lines(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError, StopIteration):
        if path.is_dir():
            path = next(path.glob("*.jsonl"))
        return path.read_bytes().count(b"\n")
    return 0


def peak_memory(*arguments, log: Path) -> float:
    """Run a command to its end, and return the most memory that it held, in MB."""
    told = log.with_name("peak")
    process = FORKS.Process(
        target=_measured, args=([str(a) for a in arguments], str(log), str(told))
    )
    process.start()
    process.join()
    assert process.exitcode == 0, log.read_text()[-2000:]
    return float(told.read_text())


def _measured(arguments: list[str], log: str, told: str) -> None:
    try:
        _run(arguments, log)
    finally:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        Path(told).write_text(str(peak / 1024))
