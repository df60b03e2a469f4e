"""The share of a machine that each of several processes has: cores, a GPU, threads, memory."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tfuq.data.budget import limit_memory, memory_limit

_THREADS = "TF_NUM_INTRAOP_THREADS"
_GPUS = "CUDA_VISIBLE_DEVICES"
_DEVICES = Path("/dev")


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one process may use.

    Attributes:
        cores: Numbers of its cores; empty where the system does not bind processes to cores.
        threads: How many threads TensorFlow computes with. It is that of a process alone on the
            machine, because TensorFlow cuts its sums by it: results are the same to the last bit.
        gpu: The GPU as ``CUDA_VISIBLE_DEVICES`` names it; None where there is none.
        memory: Bytes that it may take; None where no limit was set.
    """

    cores: tuple[int, ...]
    threads: str
    gpu: str | None
    memory: int | None

    def apply(self) -> None:
        """Let this process use no more; TensorFlow must not have been imported."""
        os.environ[_THREADS] = self.threads
        if self.gpu is not None:
            os.environ[_GPUS] = self.gpu
        if self.memory is not None:
            limit_memory(str(self.memory))
        if self.cores:
            psutil.Process().cpu_affinity(list(self.cores))


def shares_of(count: int) -> list[Share]:
    """Share this machine among processes.

    Args:
        count: How many processes there are. Where there are more of them than cores or GPUs,
            several have the same one.

    Returns:
        The share of each.
    """
    cores = _cores()
    gpus = visible_gpus()
    threads = os.environ.get(_THREADS) or str(len(cores) or os.cpu_count() or 1)
    memory = memory_limit()
    if memory is not None:
        memory //= count
    shares = []
    for index in range(count):
        gpu = None
        if gpus:
            gpu = gpus[index % len(gpus)]
        shares.append(
            Share(cores=_part(cores, index, count), threads=threads, gpu=gpu, memory=memory)
        )
    return shares


def _cores() -> list[int]:
    """The cores that this process may use; none where the system does not tell."""
    process = psutil.Process()
    if not hasattr(process, "cpu_affinity"):
        return []
    return sorted(process.cpu_affinity())


def _part(cores: Sequence[int], index: int, count: int) -> tuple[int, ...]:
    """The cores of one process of many."""
    if not cores:
        return ()
    if count >= len(cores):
        return (cores[index % len(cores)],)
    begin = len(cores) * index // count
    end = len(cores) * (index + 1) // count
    return tuple(cores[begin:end])


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, without TensorFlow, which would begin to use them."""
    named = os.environ.get(_GPUS)
    if named is not None:
        gpus = []
        for name in named.split(","):
            if name.strip() in ("", "-1"):
                break  # CUDA sees none from here on
            gpus.append(name.strip())
        return gpus
    numbers = []
    for path in _DEVICES.glob("nvidia*"):
        match = re.fullmatch(r"nvidia(\d+)", path.name)
        if match:
            numbers.append(int(match[1]))
    return [str(index) for index in range(len(numbers))]
