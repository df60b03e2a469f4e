"""Memory and pace of a training whose cases lie on disk, beside one that has them in memory.

python benchmarks/training_cache.py [--limit 500] [--epochs 4] [--folder DIR]

A phantom data set is made whose preprocessed cases take three times the limit, in megabytes. It is trained on, in a
process of its own each, with training.cache: memory, disk (made new), disk (there already) and none. What a process
takes for itself is read from the system after every step: its peak less what it had before the data were read. Pages
of mapped files are left out, as the system takes them back whenever it needs memory; the line of all resident memory
has them too. With --hard the process of disk may take no more than the limit on top of what it has before (RLIMIT_DATA):
allocating more fails. The pace is of the epochs after the first one, by the clock and by the time of processors, which
tells more on a machine that does other work too. The network is small, so that reading shows.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIDE = 96  # voxels along each axis of a case
CASE_MB = SIDE**3 * 5 / 2**20  # float32 and a label
PATCH = 32
RUNS = (("memory", "memory"), ("disk, new", "disk"), ("disk, there", "disk"), ("none", "none"))


def write_cases(root: Path, count: int) -> None:
    """A data set of layout ``folder``: balls in noise."""
    import nibabel
    import numpy as np

    rng = np.random.default_rng(0)
    axes = np.indices((SIDE,) * 3) - SIDE / 2
    for name in ("image", "label"):
        (root / name).mkdir(parents=True)
    for number in range(count):
        radius = rng.uniform(SIDE / 8, SIDE / 4)
        label = (np.linalg.norm(axes, axis=0) < radius).astype(np.uint8)
        image = (label + rng.normal(0, 0.3, label.shape)).astype(np.float32)
        for folder, array in (("image", image), ("label", label)):
            path = root / folder / f"case_{number:04d}.nii"
            nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)


def configuration(root: Path, count: int, cache: str, epochs: int):
    """A small 3D U-Net on patches."""
    from tfuq.config import Config

    return Config.model_validate(
        {
            "name": "cache",
            "method": "mc-dropout",
            "data": {
                "layout": "folder",
                "root": str(root),
                "source": "phantom",
                "licence": "none",
                "classes": ["rest", "ball"],
                "split": {"train": count - 2, "validation": 1, "test": 1},
            },
            "network": {
                "patch_size": [PATCH] * 3,
                "widths": [4, 8],
                "level_dropout": {2: 0.2},
            },
            "training": {"epochs": epochs, "batch_size": 2, "cache": cache},
        }
    )


def own_memory() -> tuple[float, float]:
    """What this process has for itself, and with mapped files, in MB."""
    fields = {}
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        fields[name] = value.split()
    return int(fields["RssAnon"][0]) / 1024, int(fields["VmRSS"][0]) / 1024


class Meter:
    """An observer that notes memory and the time of each epoch."""

    def __init__(self) -> None:
        self.peaks: list[tuple[float, float]] = []
        self.epochs: list[tuple[float, float]] = []
        self._started = self._now()

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()

    def notify(self, event) -> None:
        from tfuq.data.events import EpochEnd

        self.peaks.append(own_memory())
        if isinstance(event, EpochEnd):
            now = self._now()
            self.epochs.append((now[0] - self._started[0], now[1] - self._started[1]))
            self._started = now


def limit_data(megabytes: int) -> None:
    """Let this process allocate so much more than it has."""
    import resource

    used = 0
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData"):
            used = int(line.split()[1]) * 1024
    most = used + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def train_here(arguments: argparse.Namespace) -> dict[str, float]:
    from tfuq.training import member_training, prepare

    root = Path(arguments.folder)
    config = configuration(root / "data", arguments.cases, arguments.cache, arguments.epochs)
    # One short training with few cases, so that graphs and threads are there before the count.
    small = configuration(root / "data", 4, "memory", 1)
    with tempfile.TemporaryDirectory() as folder:
        member_training(small, Path(folder), 0, prepare(small, "cpu:1")).run(Meter())
    before, before_all = own_memory()
    if arguments.hard:
        limit_data(arguments.limit)
    started = time.perf_counter()
    meter = Meter()
    material = prepare(config, "cpu:1")
    ready = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder:
        member_training(config, Path(folder), 0, material).run(meter)
    own, everything = (max(values) for values in zip(*meter.peaks, strict=True))
    clock, processors = (sum(seconds) for seconds in zip(*meter.epochs[1:], strict=True))
    return {
        "ready": ready,
        "clock": clock / (arguments.epochs - 1),
        "processors": processors / (arguments.epochs - 1),
        "own": own - before,
        "all": everything - before_all,
    }


def in_process(arguments: argparse.Namespace, cache: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--cache", cache, "--cases", str(arguments.cases)]
    command += ["--epochs", str(arguments.epochs), "--folder", arguments.folder]
    command += ["--limit", str(arguments.limit)]
    if arguments.hard and cache == "disk":
        command.append("--hard")
    environment = os.environ | {"TFUQ_CACHE": str(Path(arguments.folder, "cache"))}
    answer = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if answer.returncode:
        sys.exit(f"training.cache {cache}: ended with {answer.returncode}\n{answer.stderr[-2000:]}")
    return json.loads(answer.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=500, help="of memory, in MB")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--folder", help="of data and cache; a temporary one if left out")
    parser.add_argument("--hard", action="store_true", help="let the system enforce the limit")
    parser.add_argument("--cases", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--cache", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.cache:
        print(json.dumps(train_here(arguments)))
        return
    arguments.cases = round(3 * arguments.limit / CASE_MB) + 2
    with tempfile.TemporaryDirectory() as temporary:
        arguments.folder = arguments.folder or temporary
        write_cases(Path(arguments.folder, "data"), arguments.cases)
        print(f"{arguments.cases} cases of {CASE_MB:.1f} MB, a limit of {arguments.limit} MB")
        first = None
        for name, cache in RUNS:
            seen = in_process(arguments, cache)
            first = first or seen
            clock, processors = (first[key] / seen[key] for key in ("clock", "processors"))
            print(
                f"{name}: ready after {seen['ready']:.1f} s, an epoch of {seen['clock']:.1f} s; "
                f"pace {clock:.2f} of memory by the clock, {processors:.2f} by processors; "
                f"{seen['own']:.0f} MB of its own, {seen['all']:.0f} MB with mapped files",
                flush=True,
            )


if __name__ == "__main__":
    main()
