"""The executor that a text names, as ``--execute`` takes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tfuq.errors import ConfigError
from tfuq.execution.base import Executor
from tfuq.execution.processes import Processes
from tfuq.execution.serial import Part, Serial

MOST_PROCESSES = 1024
_COUNT = re.compile("[1-9][0-9]{0,6}")
_PART = re.compile("([0-9]{1,7})/([1-9][0-9]{0,6})")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A kind of executor.

    Attributes:
        form: How it is written.
        meaning: Where the tasks run, for the help.
        make: Makes it of what follows the colon.
    """

    form: str
    meaning: str
    make: Callable[[str], Executor]


def _serial(argument: str) -> Executor:
    if argument:
        raise ConfigError(f"--execute serial:{argument}: takes nothing after it; write serial")
    return Serial()


def _processes(argument: str) -> Executor:
    if not _COUNT.fullmatch(argument) or int(argument) > MOST_PROCESSES:
        raise ConfigError(
            f"--execute processes:{argument}: is no number of processes from 1 to "
            f"{MOST_PROCESSES}; write one such as processes:2"
        )
    return Processes(int(argument))


def _part(argument: str) -> Executor:
    match = _PART.fullmatch(argument)
    if not match or int(match[1]) >= int(match[2]):
        raise ConfigError(
            f"--execute part:{argument}: is no part; write part:K/N for part K, from 0 on, of N"
        )
    return Part(int(match[1]), int(match[2]))


def _dask(argument: str) -> Executor:
    from tfuq.execution.clusters import existing_scheduler

    return existing_scheduler(argument)


def _queue(name: str) -> Callable[[str], Executor]:
    def make(argument: str) -> Executor:
        from tfuq.execution.clusters import job_queue

        return job_queue(name, Path(argument))

    return make


EXECUTORS: dict[str, Choice] = {
    "serial": Choice(form="serial", meaning="this process, one after another", make=_serial),
    "processes": Choice(
        form="processes:N",
        meaning="N processes, each with its share of the cores and a GPU",
        make=_processes,
    ),
    "dask": Choice(
        form="dask:ADDRESS",
        meaning="the workers of a running Dask scheduler, such as dask:tcp://node1:8786",
        make=_dask,
    ),
    "dask-slurm": Choice(
        form="dask-slurm:FILE",
        meaning="jobs that dask-jobqueue submits as its YAML file says; also dask-pbs, dask-sge, "
        "dask-lsf, dask-htcondor, dask-oar and dask-moab",
        make=_queue("slurm"),
    ),
    "part": Choice(
        form="part:K/N",
        meaning="this process, part K of N of the tasks, as in a job array",
        make=_part,
    ),
}
_OTHER_QUEUES = ("pbs", "sge", "lsf", "htcondor", "oar", "moab")


def executor_of(text: str) -> Executor:
    """Make the executor that a text names.

    Args:
        text: Such as ``serial`` or ``processes:2``; see `EXECUTORS`.

    Raises:
        ConfigError: There is no such executor.
        TfuqError: Its libraries are not installed, or its scheduler is not there.
    """
    name, _, argument = text.partition(":")
    if name in EXECUTORS:
        return EXECUTORS[name].make(argument)
    queue = name.removeprefix("dask-")
    if name.startswith("dask-") and queue in _OTHER_QUEUES:
        return _queue(queue)(argument)
    forms = ", ".join(choice.form for choice in EXECUTORS.values())
    raise ConfigError(f"--execute {text}: is none of {forms}; write one of them")
