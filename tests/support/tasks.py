"""Tasks that other processes can run without TensorFlow."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path

from tfuq.data.events import CaseScored, Observer
from tfuq.errors import DataError
from tfuq.execution import Task, TaskLostError


def write(path: Path, text: str, *, observer: Observer) -> None:
    """Write a line, and tell of it."""
    observer.notify(CaseScored(case=text))
    logging.getLogger("tfuq.tasks").info("writes %s", text)
    with path.open("a") as file:
        file.write(f"{text}\n")


def note_share(path: Path, *, observer: Observer) -> None:
    """Write what the process may use."""
    cores = sorted(os.sched_getaffinity(0))
    seen = [os.environ.get("CUDA_VISIBLE_DEVICES", ""), os.environ["TF_NUM_INTRAOP_THREADS"]]
    path.write_text("\n".join([",".join(map(str, cores)), *seen]))


def refuse(*, observer: Observer) -> None:
    """Fail for a reason that the user can mend."""
    raise DataError("scan.nii: is no scan; give another")


def fail(path: Path, *, observer: Observer) -> None:
    """Fail for a reason that nobody knows."""
    with path.open("a") as file:
        file.write("tried\n")
    raise ValueError("something is wrong")


def lose(path: Path, times: int, *, observer: Observer) -> None:
    """Be lost some times, and then be done."""
    if len(_lines(path)) < times:
        write(path, "lost", observer=observer)
        raise TaskLostError("it was killed")
    write(path, "done", observer=observer)


def die(path: Path, times: int, *, observer: Observer) -> None:
    """Die by SIGKILL some times, and then be done."""
    if len(_lines(path)) < times:
        write(path, "died", observer=observer)
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, "done", observer=observer)


def wait(path: Path, *, observer: Observer) -> None:
    """Tell the number of the process, and wait for ever."""
    draft = path.with_suffix(".draft")
    draft.write_text(str(os.getpid()))
    draft.rename(path)
    time.sleep(600)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


def writing(folder: Path, count: int) -> list[Task]:
    """Tasks that write a file each."""
    tasks = []
    for index in range(count):
        arguments = (folder / f"{index}.txt", f"text {index}")
        tasks.append(Task(name=f"task {index}", function=write, arguments=arguments))
    return tasks
