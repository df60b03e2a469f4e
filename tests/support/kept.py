"""Make ``tests/data/kept.zip``: runs, predictions and an export as this version writes them, for later versions to open.

    python -m tests.support.kept FILE.zip

The archive in the repository was made by the commit before the code was given air (0a25051). Each kind of task has a folder with
``inputs``, ``runs`` and, for each method, ``predictions`` of the inputs; ``export`` is a SavedModel of volumes and ``served.npz`` its
answer. ``processor`` says on which kind of processor they were made, as only that one rounds alike.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from click.testing import CliRunner
from PIL import Image

from tests.conftest import settings, task_settings, write_decathlon
from tfuq.config import Config
from tfuq.data.phantoms import synthesize
from tfuq.serving.description import read_export, version_folder
from tfuq.serving.loading import LoadedExport
from tfuq_cli.main import main

KEPT = Path(__file__).parents[1] / "data" / "kept.zip"
SAMPLES = 3
SEED = 5
TRAINED_AS = {
    "volumes": ("hybrid", "vi", "latent-vi"),
    "slices": ("hybrid", "vi"),
    "classification": ("hybrid", "vi"),
    "landmarks": ("hybrid", "vi"),
}
PREDICTED_BY = {
    "hybrid": ("deterministic", "mc-dropout", "ensemble", "hybrid"),
    "vi": ("vi",),
    "latent-vi": ("latent-vi",),
}
EXPORTED = ("volumes", "hybrid")
_SMALL = {"widths": [2, 4]}


def processor() -> str:
    """The kind of processor and the count of its cores, as far as rounding goes."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    flags = next((line for line in lines if line.startswith("flags")), "")
    known = {flag for flag in flags.split() if flag.startswith(("avx", "amx", "fma"))}
    return " ".join([platform.machine(), f"cores:{os.cpu_count()}", *sorted(known)])


def ask(*words: object) -> None:
    """Run a command of tfuq, which must succeed."""
    result = CliRunner().invoke(main, [str(word) for word in words])
    if result.exit_code:
        raise RuntimeError(f"{words}: {result.output}")


def predict(run: Path, method: str, inputs: Path, out: Path) -> None:
    """Predict the inputs of a kind by one method."""
    counted = () if method in ("deterministic", "ensemble") else ("--samples", SAMPLES)
    options = ("--method", method, "--input", inputs, "--out", out, "--seed", SEED, *counted)
    ask("predict", run, *options)


def serve(folder: Path) -> dict[str, np.ndarray]:
    """What an export answers to two images of its patch."""
    version = version_folder(folder)
    described = read_export(version)
    rng = np.random.default_rng(0)
    shape = (2, *described.patch_size, described.channels)
    inputs = {
        "image": rng.normal(size=shape).astype(np.float32),
        "seed": np.array([SEED, 0], np.int32),
        "num_samples": np.array(SAMPLES, np.int32),
    }
    with LoadedExport(version) as loaded:
        return loaded.call("serving_default", inputs)


def _volumes(rank: int) -> Callable[[str], Config]:
    def make(method: str) -> Config:
        root = write_decathlon(Path("data") / f"balls-{rank}")
        return settings(root, method, rank, network=_SMALL)

    return make


def _task(task: str, phantom: str, cases: int, **changes: dict) -> Callable[[str], Config]:
    def make(method: str) -> Config:
        root = Path("data") / phantom
        if not root.exists():
            synthesize(phantom, root, cases=cases, seed=0)
        return task_settings(task, root, method, **changes)

    return make


_CONFIGURED = {
    "volumes": _volumes(3),
    "slices": _volumes(2),
    "classification": _task("classification", "digits", 60),
    "landmarks": _task("landmarks", "cephalogram", 8, network=_SMALL),
}


def _inputs(kind: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    if kind == "classification":
        _write_digits(folder)
        return
    found = (
        Path("data/cephalogram").rglob("*.bmp")
        if kind == "landmarks"
        else Path("data/balls-3").rglob("imagesTr/*")
    )
    for path in sorted(found)[:1]:
        shutil.copy(path, folder)


def _write_digits(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(2):
        pixels = rng.integers(0, 255, (28, 28)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"digit-{number}.png")


def write(folder: Path) -> None:
    """Write everything below ``folder``; runs in the working directory, where it leaves its data."""
    for kind, methods in TRAINED_AS.items():
        place = folder / kind
        for trained_as in methods:
            config = Path(f"{kind}-{trained_as}.yaml")
            config.write_text(_CONFIGURED[kind](trained_as).dump())
            ask("train", config, "--run", place / "runs" / trained_as)
        _inputs(kind, place / "inputs")
        for trained_as in methods:
            for method in PREDICTED_BY[trained_as]:
                run = place / "runs" / trained_as
                predict(run, method, place / "inputs", place / "predictions" / method)
    kind, method = EXPORTED
    ask("export", folder / kind / "runs" / method, "--to", folder / "export")
    np.savez_compressed(folder / "served.npz", **serve(folder / "export"))
    (folder / "processor").write_text(processor() + "\n")


if __name__ == "__main__":
    target = Path(sys.argv[1]).absolute()
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        write(Path("kept").absolute())
        shutil.make_archive(str(target.with_suffix("")), "zip", "kept")
