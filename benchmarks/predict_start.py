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


def start(run: str, folder: str) -> None:
    """Run tfuq predict in this process up to its first sample."""
    from tfuq_cli import progress
    from tfuq_cli.main import main as tfuq

    imported = progress.quiet_import

    @contextmanager
    def importing() -> Iterator[None]:
        with imported():
            yield
        stop_at_first_sample()

    progress.quiet_import = importing  # the sampler can be changed once the command has imported it
    tfuq(["-q", "predict", run, "--out", folder])


def stop_at_first_sample() -> None:
    """Let each sampler end the process instead of drawing."""
    from tfuq.sampling.sampler import Sampler

    make = Sampler.__init__

    def make_stopping(sampler, *arguments, **options):
        make(sampler, *arguments, **options)
        graph = sampler.sample
        sampler.sample = lambda *_: tell(graph)

    Sampler.__init__ = make_stopping


def tell(graph) -> NoReturn:
    """Trace the sampling graph, print the times since the process began, and end."""
    graph.get_concrete_function()
    wall = time.time() - psutil.Process().create_time()
    print(f"{wall:.2f} {time.process_time():.2f}", flush=True)
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--once-into", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once_into:
        start(options.run, options.once_into)
    command = [sys.executable, "-m", "benchmarks.predict_start", options.run, "--once-into"]
    seen = []
    for _ in range(options.times):
        with tempfile.TemporaryDirectory() as folder:
            once = [*command, str(Path(folder, "predictions"))]
            answer = subprocess.run(once, capture_output=True, text=True, check=True)
        seen.append([float(seconds) for seconds in answer.stdout.split()])
        print("{:.2f} s, of a processor {:.2f} s".format(*seen[-1]))
    print("least: {:.2f} s, of a processor {:.2f} s".format(*map(min, zip(*seen, strict=True))))


if __name__ == "__main__":
    main()
