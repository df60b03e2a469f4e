"""How long tfuq predict takes from its start until its sampling graph is there and the first sample is drawn.

python -m benchmarks.predict_start RUN [--times 5]

Predicts the first case of the run's test split in a process of its own, several times, and ends each as soon as the
graph is traced. Prints the wall and the processor time of each, and the least.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import psutil


def start(run: str) -> None:
    """Run tfuq predict in this process up to its first sample."""
    from tfuq_cli import progress
    from tfuq_cli.main import main as tfuq

    imported = progress.quiet_import

    @contextmanager
    def stopping_at_first_sample() -> Iterator[None]:
        with imported():
            yield
        from tfuq.sampling.sampler import Sampler

        Sampler.sample = property(
            lambda self: lambda *_: tell(self),
            lambda self, traced: vars(self).update(traced=traced),
        )

    progress.quiet_import = stopping_at_first_sample
    with tempfile.TemporaryDirectory() as folder:
        tfuq(["-q", "predict", run, "--out", str(Path(folder, "predictions"))])


def tell(sampler) -> NoReturn:
    """Trace the sampling graph, print the times since the process began, and end."""
    vars(sampler)["traced"].get_concrete_function()
    wall = time.time() - psutil.Process().create_time()
    print(f"{wall:.2f} {time.process_time():.2f}", flush=True)
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        start(options.run)
    command = [sys.executable, "-m", "benchmarks.predict_start", options.run, "--once"]
    seen = []
    for _ in range(options.times):
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        seen.append([float(seconds) for seconds in answer.stdout.split()])
        print("{:.2f} s, of a processor {:.2f} s".format(*seen[-1]))
    print("least: {:.2f} s, of a processor {:.2f} s".format(*map(min, zip(*seen, strict=True))))


if __name__ == "__main__":
    main()
