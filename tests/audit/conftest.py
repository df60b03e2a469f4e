"""Runs to audit: their weights are random, and their images small."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.audit.stored import StoredRun
from tests.conftest import settings, task_settings
from tests.support.made import make_network_run

CASES = {
    "volumes": [f"ball_{number:03d}" for number in range(6)],
    "slices": [f"ball_{number:03d}" for number in range(6)],
    "pictures": [f"blob_{number}" for number in range(6)],
    "landmarks": [f"{number:03d}" for number in range(1, 5)],
    "classification": [f"t10k-{number:05d}" for number in range(10)],
}


@pytest.fixture(scope="session")
def blobs(tmp_path_factory) -> Path:
    """Grey pictures with a mask each, of different sizes."""
    root = tmp_path_factory.mktemp("blobs")
    rng = np.random.default_rng(5)
    for number, case in enumerate(CASES["pictures"]):
        shape = (40 + number, 37 - number)
        distance = np.hypot(*(np.indices(shape) - np.reshape(rng.uniform(14, 24, 2), (2, 1, 1))))
        label = distance < 9
        image = np.clip(90 * label + rng.normal(80, 25, shape), 0, 255)
        for folder, array in (("image", image), ("label", label)):
            (root / folder).mkdir(exist_ok=True)
            Image.fromarray(array.astype(np.uint8)).save(root / folder / f"{case}.png")
    return root


@pytest.fixture(scope="session")
def make_run(balls, blobs, heads, digits, tmp_path_factory) -> Callable[..., StoredRun]:
    """``make_run(kind, trained_as, cases, **sections)``: a run with so many cases to test."""
    roots = {"volumes": balls, "slices": balls, "pictures": blobs, "landmarks": heads}
    roots["classification"] = digits

    def make(kind: str, trained_as: str, cases: int = 1, **sections) -> StoredRun:
        config = _CONFIGURATIONS[kind](roots[kind], trained_as, **sections)
        path = tmp_path_factory.mktemp(f"{kind}-{trained_as}") / "run"
        statistics = {"mean": [40.0], "std": [80.0]} if kind == "classification" else None
        make_network_run(path, config, CASES[kind][:cases], statistics)
        return StoredRun(path)

    return make


def _volumes(root: Path, method: str, **sections):
    return settings(root, method, 3, **sections)


def _slices(root: Path, method: str, **sections):
    return settings(root, method, 2, **sections)


def _pictures(root: Path, method: str, **sections):
    # Odd sizes: no pixel of a picture then lies midway between two of the network's, where
    # "nearest" is open.
    data = {"layout": "folder", "label_values": {0: 0, 1: 1}}
    steps = {"slice_axis": 2, "size": [31, 23, 1], "anti_aliasing": True}
    network = {"patch_size": [16, 16], "normalization": "instance", "activation": "prelu"}
    own = {"data": data, "preprocessing": steps, "network": network}
    own |= {name: own.get(name, {}) | values for name, values in sections.items()}
    return settings(root, method, 2, **own)


def _landmarks(root: Path, method: str, **sections):
    return task_settings("landmarks", root, method, **sections)


def _classification(root: Path, method: str, **sections):
    own = {"preprocessing": {"normalization": "zscore-training"}} | sections
    return task_settings("classification", root, method, **own)


_CONFIGURATIONS = {
    "volumes": _volumes,
    "slices": _slices,
    "pictures": _pictures,
    "landmarks": _landmarks,
    "classification": _classification,
}


@dataclass(frozen=True)
class Command:
    """``tfuq`` as the command line; a command that fails, fails the test."""

    invoke: Callable

    def predict(self, run: StoredRun, *arguments) -> Path:
        """Predict, and say where."""
        self("predict", run.path, *arguments)
        folders = list((run.path / "predictions").iterdir())
        return max(folders, key=lambda folder: (folder / "manifest.json").stat().st_mtime_ns)

    def __call__(self, *arguments) -> None:
        result = self.invoke(*arguments)
        assert result.exit_code == 0, result.output


@pytest.fixture
def command(tfuq) -> Command:
    return Command(tfuq)


def sources_of(folder: Path, case: str) -> list[Path]:
    """The images that a case was predicted from, as the manifest says."""
    manifest = json.loads((folder / "manifest.json").read_text())
    return [Path(path) for path in manifest["cases"][case]["images"]]
