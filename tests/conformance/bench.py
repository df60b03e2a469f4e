"""A tiny run of every kind, and what the commands make of it: each command runs once and its result is shared by all rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from click.testing import CliRunner, Result
from PIL import Image

from tests.conftest import settings, task_settings
from tfuq.config import Config
from tfuq_cli.main import main

NUMERALS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SAMPLES, MEMBERS = 3, 2
_TINY = {
    "training": {"epochs": 1, "steps_per_epoch": 1, "batch_size": 2, "learning_rate": 0.01},
    "ensemble": {"members": MEMBERS},
    "prediction": {"samples": SAMPLES, "min_component_voxels": 1},
}


def write_discs(root: Path, count: int = 7) -> Path:
    """PNG images of 20 rows and 26 columns with a bright disc, and its label of 0 and 255 in another folder."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices((20, 26))
    for number in range(count):
        disc = np.hypot(rows - rng.uniform(8, 12), columns - rng.uniform(10, 16)) < 5
        noisy = disc * 100 + rng.integers(0, 50, disc.shape)
        for folder, array in (("image", noisy), ("label", disc * 255)):
            (root / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array.astype(np.uint8)).save(root / folder / f"disc-{number}.png")
    return root


def _split(train: int, test: int) -> dict[str, dict[str, int]]:
    return {"split": {"train": train, "validation": 1, "calibration": 1, "test": test}}


def _volumes(root: Path) -> Config:
    return settings(root, rank=3, data=_split(2, 2), network={"widths": [2, 4]}, **_TINY)


def _slices(root: Path) -> Config:
    data = {"label_values": {0: 0, 1: 1, 2: 1}, **_split(2, 2)}
    return settings(root, rank=2, data=data, network={"widths": [2, 4]}, **_TINY)


def _pictures(root: Path) -> Config:
    data = {"layout": "folder", "label_values": {0: 0, 255: 1}, **_split(3, 2)}
    return settings(root, rank=2, data=data, network={"widths": [2, 4]}, **_TINY)


def _classification(root: Path) -> Config:
    return task_settings(
        "classification", root, data={"classes": list(NUMERALS), **_split(38, 11)}, **_TINY
    )


def _landmarks(root: Path) -> Config:
    return task_settings("landmarks", root, data=_split(3, 3), network={"widths": [2, 4]}, **_TINY)


# By kind: the task, the fixture that makes the data, and the configuration.
KINDS: dict[str, tuple[str, str, Callable[[Path], Config]]] = {
    "volumes": ("segmentation", "balls", _volumes),
    "slices": ("segmentation", "balls", _slices),
    "pictures": ("segmentation", "discs", _pictures),
    "classification": ("classification", "digits", _classification),
    "landmarks": ("landmarks", "heads", _landmarks),
}


@dataclass(frozen=True)
class Place:
    """A method of a run of a kind, and where the run and what is made of it lie."""

    folder: Path
    kind: str
    trained_as: str
    method: str

    @property
    def task(self) -> str:
        """The kind's task."""
        return KINDS[self.kind][0]

    @property
    def config(self) -> Path:
        """The configuration's file."""
        return self.folder / f"{self.kind}.yaml"

    @property
    def run(self) -> Path:
        """The run's folder."""
        return self.folder / self.kind / self.trained_as

    @property
    def predictions(self) -> Path:
        """The folder of the method's predictions."""
        return self.run / "predictions" / self.method

    @property
    def scores(self) -> Path:
        """The folder of the scores of `predictions`."""
        return self.run / "scores" / self.method

    @property
    def model(self) -> Path:
        """The folder of the method's export."""
        return self.folder / "models" / f"{self.kind}-{self.trained_as}-{self.method}"

    @property
    def page(self) -> Path:
        """The file of a report."""
        return self.run / f"{self.method}.html"

    @property
    def comparison(self) -> Path:
        """The folder of a comparison."""
        return self.run / f"{self.method}-compared"

    def calibrated(self, folder: Path) -> Path:
        """The folder of the same of calibrated predictions."""
        return folder.with_name(f"{folder.name}-calibrated")


@dataclass(frozen=True)
class Step:
    """A command of the command line: its ``words``, the steps that it ``needs``, and the files and folders that it ``writes``."""

    words: Callable[[Place], tuple]
    needs: tuple[str, ...] = ()
    writes: Callable[[Place], tuple[Path, ...]] = lambda place: ()
    codes: tuple[int, ...] = (0,)


_ALPHA = 0.5  # the least that one calibration case allows
STEPS: dict[str, Step] = {
    "data check": Step(lambda p: ("data", "check", p.config)),
    "train": Step(
        lambda p: ("train", p.config, "--method", p.trained_as, "--run", p.run),
        writes=lambda p: (p.run / "members" / "0" / "done", p.run / "environment.json"),
    ),
    "predict": Step(
        lambda p: ("predict", p.run, "--method", p.method),
        needs=("train",),
        writes=lambda p: (p.predictions,),
    ),
    "calibrate": Step(
        lambda p: ("calibrate", p.run, "--method", p.method, "--alpha", _ALPHA),
        needs=("train",),
        writes=lambda p: (p.run / "calibrations" / f"{p.method}.json",),
    ),
    "predict --calibrated": Step(
        lambda p: ("predict", p.run, "--method", p.method, "--calibrated"),
        needs=("calibrate",),
        writes=lambda p: (p.calibrated(p.predictions),),
    ),
    "score": Step(
        lambda p: ("score", p.predictions, "--no-figures"),
        needs=("predict",),
        writes=lambda p: (p.scores / "summary.json", p.scores / "cases.csv"),
    ),
    "score --figures": Step(
        lambda p: ("score", p.predictions, "--figures"),
        needs=("predict",),
        writes=lambda p: (p.scores / "figures" / "training.png",),
    ),
    "score calibrated": Step(
        lambda p: ("score", p.calibrated(p.predictions), "--no-figures"),
        needs=("predict --calibrated",),
        writes=lambda p: (
            p.calibrated(p.scores) / "summary.json",
            p.calibrated(p.scores) / "cases.csv",
        ),
    ),
    "compare": Step(
        lambda p: ("compare", p.scores, p.calibrated(p.scores), "--out", p.comparison),
        needs=("score", "score calibrated"),
        writes=lambda p: (p.comparison / "comparison.md", p.comparison / "comparison.csv"),
    ),
    "report": Step(
        lambda p: ("report", p.scores, p.calibrated(p.scores), "--out", p.page),
        needs=("score", "score calibrated"),
        writes=lambda p: (p.page,),
    ),
    "doctor": Step(
        lambda p: ("doctor", p.run),
        needs=("predict",),
        codes=(0, 2),  # of a run that was hardly trained, much may be wrong
    ),
    "shift": Step(
        lambda p: (
            "shift",
            p.run,
            "--method",
            p.method,
            "--perturbation",
            "noise",
            "--severity",
            "0,1,2",
        ),
        needs=("train",),
        writes=lambda p: (
            p.run / "shift" / "noise" / "table.csv",
            p.run / "shift" / "noise" / "figures",
        ),
    ),
    "export": Step(
        lambda p: ("export", p.run, "--method", p.method, "--to", p.model),
        needs=("train",),
        writes=lambda p: (p.model / "1" / "saved_model.pb", p.model / "models.config"),
    ),
    "serve-check": Step(lambda p: ("serve-check", p.model), needs=("export",)),
}


class Bench:
    """Does steps for places, each once."""

    def __init__(self, folder: Path, data: Callable[[str], Path]):
        """``data``: from the name of a fixture to its folder."""
        self._folder, self._data = folder, data
        self._results: dict[tuple, Result] = {}

    def place(self, kind: str, trained_as: str, method: str) -> Place:
        """Where the runs of a kind lie; its configuration is written there."""
        place = Place(self._folder, kind, trained_as, method)
        if not place.config.exists():
            _, fixture, make = KINDS[kind]
            place.config.write_text(make(self._data(fixture)).dump())
        return place

    def result(self, name: str, place: Place) -> Result:
        """What a step gives, after the steps that it needs."""
        step = STEPS[name]
        for needed in step.needs:
            before = self.result(needed, place)
            assert before.exit_code == 0, f"{needed} failed: {before.output}"
        words = tuple(map(str, step.words(place)))
        if words not in self._results:
            self._results[words] = CliRunner().invoke(main, words)
        return self._results[words]
