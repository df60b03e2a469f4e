"""What limits a cohort on a cluster: a simulation of workers, the file system and Dask's scheduler.

    python -m benchmarks.cluster_load --scans 1000000 --workers 50 200 800 3200
    python -m benchmarks.cluster_load --measure

Each worker takes a task of some scans. Of each scan it asks the file system for the scan's files, reads them, works,
asks the file system for the files of the result, and writes them. Then it tells the scheduler so, which nothing waits
for. Requests of the file system, bytes and messages wait in one queue each, and are served one after another in the
order in which they come. So a resource that is asked for more than it can serve holds all workers up. It is named once
it is busy for 90 % of the time.

--measure starts Dask on this machine, gives it tasks that do nothing and tasks that only report, through tfuq's own
executor, and prints the time of processor that the scheduler and the command take together. docs/scale.md says how
the other defaults were measured. What a real file system serves must be measured there.
"""

from __future__ import annotations

import argparse
import heapq
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from tfuq.data.events import SILENT, CaseScored, Observer

FULL = 0.9  # share of the time from which on a resource counts as what limits
SPREAD = 0.3  # of the logarithm of a scan's time: scans differ in size
HOUR = 3600.0
MANIFESTS = (10_000, 100_000)  # cases


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What a scan, a task and a message cost.

    Attributes:
        seconds: Of a worker for a scan, without waiting for files.
        requests: Of the file system for a scan: to open, create, rename, look up, flush.
        megabytes: Read and written of a scan.
        messages: To the scheduler about a scan.
        task: Seconds of the scheduler for a task.
        message: Seconds of the scheduler for a message.
    """

    seconds: float
    requests: float
    megabytes: float
    messages: float
    task: float
    message: float


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """What is there to work with.

    Attributes:
        workers: How many scans are worked on at once.
        requests: That the file system serves in a second.
        megabytes: That it moves in a second.
    """

    workers: int
    requests: float
    megabytes: float


@dataclass
class Queue:
    """A resource that serves one after another.

    Attributes:
        busy: Seconds that it has served.
        longest: Seconds that somebody has waited at most.
    """

    busy: float = 0.0
    longest: float = 0.0
    _free: float = 0.0

    def serve(self, now: float, seconds: float) -> float:
        """Serve from now on, or as soon as those before are served; when that ends."""
        begin = max(now, self._free)
        self.longest = max(self.longest, begin - now)
        self.busy += seconds
        self._free = begin + seconds
        return self._free


@dataclass(kw_only=True)
class Load:
    """What came of a simulation.

    Attributes:
        seconds: Until the last worker has ended.
        queues: The resources that all workers share, by name.
        working: Seconds that workers worked, of all together.
        workers: How many there were.
    """

    seconds: float
    queues: dict[str, Queue]
    working: float
    workers: int

    def shares(self) -> dict[str, float]:
        """How much of the time each resource was busy."""
        shares = {"workers": self.working / (self.workers * self.seconds)}
        for name, queue in self.queues.items():
            shares[name] = queue.busy / self.seconds
        return shares

    def limit(self) -> str:
        """What limits the pace."""
        shared = {name: share for name, share in self.shares().items() if name in self.queues}
        fullest = max(shared, key=lambda name: shared[name])
        if shared[fullest] >= FULL:
            return fullest
        return "workers"


def simulate(scans: int, per_task: int, costs: Costs, cluster: Cluster) -> Load:
    """Let workers work on scans.

    Args:
        scans: How many there are.
        per_task: Scans of a task.
        costs: Of each.
        cluster: Where.
    """
    spread = np.random.default_rng(0).lognormal(-(SPREAD**2) / 2, SPREAD, scans)
    seconds = (costs.seconds * spread).tolist()
    queues = {"file requests": Queue(), "bytes": Queue(), "scheduler": Queue()}
    tasks = iter(range(0, scans, per_task))
    waiting: list[tuple[float, int, Iterator[float]]] = []
    clock = _Clock()
    for worker in range(min(cluster.workers, -(-scans // per_task))):
        steps = _steps(clock, tasks, seconds, per_task, queues, costs, cluster)
        heapq.heappush(waiting, (next(steps), worker, steps))
    while waiting:
        clock.now, worker, steps = heapq.heappop(waiting)
        then = next(steps, None)
        if then is not None:
            heapq.heappush(waiting, (then, worker, steps))
    return Load(seconds=clock.now, queues=queues, working=sum(seconds), workers=cluster.workers)


@dataclass
class _Clock:
    """The time of a simulation in seconds, from 0 on."""

    now: float = 0.0


def _steps(
    clock: _Clock,
    tasks: Iterator[int],
    seconds: Sequence[float],
    per_task: int,
    queues: dict[str, Queue],
    costs: Costs,
    cluster: Cluster,
) -> Iterator[float]:
    """What a worker does: yields the time of its next step, and goes on when that has come."""
    asking = costs.requests / 2 / cluster.requests  # half to read, half to write
    moving = costs.megabytes / 2 / cluster.megabytes
    yield clock.now
    for start in tasks:
        yield queues["scheduler"].serve(clock.now, costs.task)
        for of_scan in seconds[start : start + per_task]:
            yield queues["file requests"].serve(clock.now, asking)
            yield queues["bytes"].serve(clock.now, moving)
            yield clock.now + of_scan
            yield queues["file requests"].serve(clock.now, asking)
            yield queues["bytes"].serve(clock.now, moving)
            queues["scheduler"].serve(clock.now, costs.messages * costs.message)


def report_often(count: int, *, observer: Observer) -> None:
    """A task that does nothing but report."""
    for number in range(count):
        observer.notify(CaseScored(case=f"case_{number}"))


def measured_scheduler(tasks: int = 300, reports: int = 300) -> tuple[float, float]:
    """Seconds of processor for a task and for a message, of the scheduler and the command."""
    import distributed
    from benchmarks import cluster_load  # by the name under which workers import it

    from tfuq.execution import Task, executor_of

    def processor_time(count: int) -> float:
        function = cluster_load.report_often
        work = [Task(name=f"{n}", function=function, arguments=(count,)) for n in range(tasks)]
        executor = executor_of(f"dask:{cluster.scheduler_address}")
        begin = time.process_time()
        executor.run(work, SILENT).require_done()
        return time.process_time() - begin

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster:
        processor_time(0)  # imports
        empty = processor_time(0)
        reporting = processor_time(reports)
    return empty / tasks, (reporting - empty) / (tasks * reports)


def manifest_line(cases: int) -> str:
    """What a manifest of so many cases takes, in words."""
    from tfuq.data.case import Case
    from tfuq.runs.results import Manifest, read_manifest

    manifest = Manifest(
        run="runs/a", method="hybrid", samples=20, seed=0, weights_digest=["0"], tfuq_version="0"
    )
    seconds = {"read": 0.1234, "network": 1.2345, "measures": 0.1234, "write": 0.1234}
    for number in range(cases):
        image = Path(f"/cohort/images/case_{number:07d}.nii.gz")
        manifest.add(Case(f"case_{number:07d}", (image,)), seconds)
    with tempfile.TemporaryDirectory() as name:
        manifest.write(Path(name))
        size = sum(path.stat().st_size for path in Path(name).glob("*.json"))
        del manifest
        before = psutil.Process().memory_info().rss
        begin = time.process_time()
        kept = read_manifest(Path(name))
        taken = time.process_time() - begin
        memory = psutil.Process().memory_info().rss - before
    return (
        f"manifest of {len(kept.cases):,} cases: {size / 2**20:.1f} MiB, read in {taken:.2f} s of "
        f"processor, {memory / 2**20:.0f} MiB of memory"
    )


def print_load(scans: int, load: Load) -> None:
    """Print a line of the table."""
    described = "  ".join(f"{name} {share:4.0%}" for name, share in load.shares().items())
    hours = load.seconds / HOUR
    waits = max(load.queues.values(), key=lambda queue: queue.longest)
    print(
        f"{load.workers:>7} workers: {hours:8.2f} h  {scans / hours:>10,.0f} scans/h  {described}  "
        f"longest wait {waits.longest:.3g} s  limit: {load.limit()}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scans", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[50, 200, 800, 3200])
    parser.add_argument("--per-task", type=int, help="scans of a task [default: all of a worker]")
    parser.add_argument("--seconds", type=float, default=20.0, help="of a worker for a scan")
    parser.add_argument("--requests", type=float, default=210, help="of files for a scan")
    parser.add_argument("--megabytes", type=float, default=60.0, help="read and written of a scan")
    parser.add_argument("--messages", type=float, default=2, help="to the scheduler about a scan")
    parser.add_argument("--task-ms", type=float, default=6.0, help="of the scheduler for a task")
    parser.add_argument("--message-ms", type=float, default=0.02, help="of it for a message")
    parser.add_argument("--fs-requests", type=float, default=20_000, help="served in a second")
    parser.add_argument("--fs-megabytes", type=float, default=5_000, help="moved in a second")
    parser.add_argument("--measure", action="store_true", help="measure Dask here, and end")
    given = parser.parse_args()
    if given.measure:
        task, message = measured_scheduler()
        print(f"a task {task * 1e3:.2f} ms, a message {message * 1e3:.3f} ms of processor")
        print("\n".join(map(manifest_line, MANIFESTS)))
        return
    costs = Costs(
        seconds=given.seconds,
        requests=given.requests,
        megabytes=given.megabytes,
        messages=given.messages,
        task=given.task_ms / 1e3,
        message=given.message_ms / 1e3,
    )
    for workers in given.workers:
        cluster = Cluster(workers=workers, requests=given.fs_requests, megabytes=given.fs_megabytes)
        per_task = given.per_task or -(-given.scans // workers)
        print_load(given.scans, simulate(given.scans, per_task, costs, cluster))


if __name__ == "__main__":
    main()
