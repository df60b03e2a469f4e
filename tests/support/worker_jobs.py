"""Workers that train together: processes on this machine that find each other by ``TF_CONFIG``."""

from __future__ import annotations

import json
import multiprocessing
import socket
from contextlib import ExitStack
from pathlib import Path

from tests.support import killing

_MOST_SECONDS = 600


def start_workers(count: int, *arguments, log: Path) -> list[multiprocessing.Process]:
    """Start ``tfuq train … --devices workers`` in each of some processes.

    Args:
        count: Of processes.
        arguments: Of ``tfuq train``.
        log: A folder, which gets a file of each worker's output.
    """
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(count)]
    log.mkdir(parents=True, exist_ok=True)
    processes = []
    for number in range(count):
        task = {"type": "worker", "index": number}
        described = json.dumps({"cluster": {"worker": addresses}, "task": task})
        process = killing.start(
            "train",
            *arguments,
            "--devices",
            "workers",
            log=log / f"{number}.txt",
            environment={"TF_CONFIG": described},
        )
        processes.append(process)
    return processes


def finish_workers(processes: list[multiprocessing.Process]) -> list[int]:
    """Wait for all of them; their exit codes."""
    for process in processes:
        process.join(_MOST_SECONDS)
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
    return codes


def _free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody uses at this time."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
