"""Tasks on a cluster, by Dask: on the workers of a scheduler, or on jobs that Dask submits."""

from __future__ import annotations

import os
import pickle
import queue
import re
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tfuq.config.text import read_yaml
from tfuq.data.events import Observer
from tfuq.data.json_csv import read_text
from tfuq.errors import ConfigError, TfuqError
from tfuq.execution.base import Executor
from tfuq.execution.tally import MOST_ATTEMPTS, Outcome, Tally
from tfuq.execution.task import Task
from tfuq.execution.worker import Ending, Manner, run_pickled, show_report

_ADDRESS = re.compile(r"(\w+://)?[^\s/]+:([0-9]{1,5})")
_MOST_PORT = 2**16 - 1
_MOST_WAIT = 30  # seconds for a scheduler to answer
_MOST_JOBS = 16  # submitted at once where the file does not say
_CLUSTERS = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "lsf": "LSFCluster",
    "htcondor": "HTCondorCluster",
    "oar": "OARCluster",
    "moab": "MoabCluster",
}
_STOPPED: set[str] = set()  # sessions whose command was stopped, on a worker
_ONE_AT_A_TIME = threading.Lock()  # TensorFlow's seeds and devices are those of a process


def existing_scheduler(address: str) -> Executor:
    """An executor on the workers of a scheduler.

    Args:
        address: Of the scheduler, such as ``tcp://node1:8786``.

    Raises:
        ConfigError: It is no address.
        TfuqError: Dask is not installed, or no scheduler answers there.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or int(match[2]) > _MOST_PORT:  # on which Dask fails in ways of its own
        raise ConfigError(
            f"--execute dask:{address}: is no address of a scheduler with its port; "
            "write one such as dask:tcp://node1:8786"
        )
    distributed = _library("distributed")
    try:
        client = distributed.Client(address, timeout=_MOST_WAIT, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise TfuqError(
            f"--execute dask:{address}: no scheduler answers there within {_MOST_WAIT} s "
            f"({type(error).__name__}); start one by dask scheduler, and give its address"
        ) from error
    return DaskExecutor(client)


def job_queue(name: str, path: Path) -> Executor:
    """An executor on jobs that dask-jobqueue submits.

    Args:
        name: Of the queueing system, such as ``slurm``.
        path: A configuration of dask-jobqueue in YAML. ``tfuq: {jobs: N}`` in it says how many jobs
            run at once.

    Raises:
        TfuqError: dask-jobqueue is not installed, or does not take the file.
    """
    distributed = _library("distributed")
    jobqueue = _library("dask_jobqueue")
    import dask.config

    settings = read_yaml(read_text(path), str(path))
    if not isinstance(settings, dict) or name not in settings.get("jobqueue", {}):
        raise ConfigError(f"{path}: has no jobqueue.{name}; write it as dask-jobqueue's manual has")
    jobs = settings.pop("tfuq", {}).get("jobs", _MOST_JOBS)
    dask.config.update(dask.config.config, settings)
    try:
        cluster = getattr(jobqueue, _CLUSTERS[name])()
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{path}: dask-jobqueue refuses it ({error}); mend it") from error
    cluster.adapt(minimum_jobs=1, maximum_jobs=int(jobs))
    return DaskExecutor(distributed.Client(cluster, set_as_default=False), cluster, int(jobs))


def _library(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError as error:
        raise TfuqError(
            f"--execute: needs Dask ({error.name} is missing); run pip install 'tfuq[cluster]'"
        ) from error


class DaskExecutor(Executor):
    """Runs the tasks of one command on Dask's workers.

    The workers see the same files under the same names.
    """

    def __init__(self, client: Any, cluster: Any = None, workers: int | None = None) -> None:
        """Take a scheduler.

        Args:
            client: Dask's client of the scheduler.
            cluster: What has started the scheduler for this command; None where it runs anyhow.
            workers: How many workers there will be; None for those that there are.
        """
        self._client = client
        self._cluster = cluster
        self._workers = workers

    @property
    def slices(self) -> int:
        """See `Executor.slices`. It is never 1, so that the work is not done in this process."""
        return max(self._workers or len(self._client.scheduler_info()["workers"]), 2)

    def _run_all(self, tasks: Sequence[Task], observer: Observer) -> Outcome:
        tally = Tally(tasks, observer)
        with self._session() as session:
            by_key = {}
            for task in tasks:
                key = f"{task.name} {session.name}"
                by_key[key] = task
                session.submit(key, task)
            while by_key:
                heard_of, message = session.next()
                if heard_of is None:
                    show_report(message, observer.notify)
                    continue
                task = by_key[heard_of]
                if _is_over(task, message, tally):
                    del by_key[heard_of]
                else:
                    session.submit(heard_of, task)
        return tally.outcome

    @contextmanager
    def _session(self) -> Iterator[_Session]:
        session = _Session(self._client)
        try:
            yield session
        finally:
            session.end()
            self._client.close()
            if self._cluster is not None:
                self._cluster.close()


def _is_over(task: Task, message: Ending, tally: Tally) -> bool:
    """Enter how a task has ended; whether it is not to be tried again."""
    if message.refusal:
        tally.refused(task, message.refusal)
        return True
    if message.failure is None:
        tally.done(task)
        return True
    return not tally.lost(task, message.failure)


class _Session:
    """The tasks of one command on a scheduler, and what is heard of them.

    Attributes:
        name: Unique, so that commands do not hear each other.
    """

    def __init__(self, client: Any) -> None:
        self.name = uuid.uuid4().hex[:12]
        self._client = client
        self._manner = Manner.of_this_process()
        self._heard: queue.SimpleQueue[tuple[str | None, Any]] = queue.SimpleQueue()
        self._futures: dict[str, Any] = {}
        self._attempts: dict[str, int] = {}
        client.subscribe_topic(self.name, self._hear)

    def _hear(self, event: tuple[float, bytes]) -> None:
        """Take what a worker reports; Dask calls this in a thread of its own."""
        _, content = event
        self._heard.put((None, pickle.loads(content)))

    def submit(self, key: str, task: Task) -> None:
        """Let a worker run a task."""
        attempt = self._attempts.get(key, 0)
        self._attempts[key] = attempt + 1
        future = self._client.submit(
            run_on_worker,
            pickle.dumps(task),
            self.name,
            os.getcwd(),
            self._manner,
            key=f"{key} {attempt}",
            pure=False,
        )
        self._futures[key] = future
        future.add_done_callback(lambda done: self._heard.put((key, _ending(done))))

    def next(self) -> tuple[str | None, Any]:
        """What is heard next.

        Returns:
            The key of a task and its `Ending`, or None and a report.
        """
        heard_of, message = self._heard.get()
        if heard_of is not None:
            # Else the scheduler would have the task done again if the worker that did it died.
            self._futures.pop(heard_of).release()
        return heard_of, message

    def end(self) -> None:
        """Stop what still runs."""
        self._client.unsubscribe_topic(self.name)
        if all(future.done() for future in self._futures.values()):
            return
        self._client.cancel(list(self._futures.values()), force=True)
        self._client.run(stop_on_worker, self.name, on_error="ignore")


def _ending(future: Any) -> Ending:
    """How a task has ended on a worker; one that killed its workers has failed."""
    if future.status == "finished":
        ending: Ending = future.result()
        return ending
    if future.status == "cancelled":
        return Ending(failure="the scheduler has forgotten it")
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        often = f"its workers died {MOST_ATTEMPTS} times or more"
        return Ending(refusal=TfuqError(f"{often}; look at their memory, and run it again"))
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return Ending(failure=text)


def run_on_worker(content: bytes, session: str, folder: str, manner: Manner) -> Ending:
    """Run a task on this worker of Dask.

    Args:
        content: The pickled task.
        session: Of the command.
        folder: In which the command was given, so that its paths mean the same here.
        manner: How the task is run.
    """
    import distributed

    worker = distributed.get_worker()

    def report(message: Any) -> None:
        if session in _STOPPED:
            raise TfuqError(f"{session}: the command was stopped; run it again")
        worker.log_event(session, pickle.dumps(message))

    with _ONE_AT_A_TIME:
        here = os.getcwd()
        os.chdir(folder)
        try:
            return run_pickled(content, report, manner)
        finally:
            os.chdir(here)


def stop_on_worker(session: str) -> None:
    """Let the tasks of a session stop at their next event."""
    _STOPPED.add(session)
