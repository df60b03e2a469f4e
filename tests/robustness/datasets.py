"""Small data sets in every layout, each beside a configuration that ``tfuq data check`` reads them by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.conftest import settings, task_settings, write_decathlon
from tfuq import config as configuration
from tfuq.config import Config
from tfuq.data.phantoms import synthesize

_SPLIT = {"train": 1, "validation": 1, "test": 1}
_RATERS = ("rater-01", "rater-02")
_SHAPE = (20, 18)


def _balls(root: Path) -> Config:
    return settings(write_decathlon(root, cases=3, shape=(9, 10, 8)), data={"split": _SPLIT})


def _discs(root: Path) -> Config:
    """Pictures, with labels by two raters."""
    rng = np.random.default_rng(3)
    for number in range(3):
        distance = np.hypot(*(np.indices(_SHAPE) - rng.uniform(8, 10, (2, 1, 1))))
        pixels = (180 * (distance < 5) + rng.integers(0, 60, _SHAPE)).astype(np.uint8)
        _save(pixels, root / "image" / f"d{number}.tif")
        for rater, radius in zip(_RATERS, (4, 6), strict=True):
            _save((distance < radius).astype(np.uint8), root / rater / f"d{number}.png")
    data = {
        "layout": "folder",
        "rater_folders": "rater-*",
        "label_values": {0: 0, 1: 1},
        "split": _SPLIT,
    }
    return settings(root, rank=2, data=data)


def _digits(root: Path) -> Config:
    synthesize("digits", root, cases=60, seed=0)
    return task_settings("classification", root)


def _pictures(root: Path) -> Config:
    rng = np.random.default_rng(0)
    for number, name in enumerate(("cat", "dog") * 3):
        _save(rng.integers(0, 255, (*_SHAPE, 3)).astype(np.uint8), root / name / f"{number}.jpg")
    data = {
        "layout": "image-folders",
        "classes": ["cat", "dog"],
        "split": {"train": 3, "validation": 1, "test": 2},
    }
    return task_settings("classification", root, data=data)


def _labelled(root: Path) -> Config:
    rng = np.random.default_rng(0)
    for number in range(8):
        _save(rng.integers(0, 255, _SHAPE).astype(np.uint8), root / f"{number}.bmp")
    rows = [
        f"{number}.bmp,{('cat', 'dog')[number % 2]},{'test' if number > 6 else 'train'}"
        for number in range(8)
    ]
    (root / "labels.csv").write_text("\n".join(["file,label,part", *rows, ""]))
    data = {"layout": "image-table", "table": "labels.csv", "classes": ["cat", "dog"]}
    return task_settings(
        "classification", root, data=data | {"split": {"train": 6, "validation": 1, "test": 1}}
    )


def _heads(root: Path) -> Config:
    synthesize("cephalogram", root, cases=3, seed=0)
    return task_settings("landmarks", root, data={"split": _SPLIT})


def _marks(root: Path) -> Config:
    rng = np.random.default_rng(0)
    for number in range(3):
        _save(rng.integers(0, 255, _SHAPE).astype(np.uint8), root / "image" / f"{number}.png")
    rows = [
        f"{number}.png,{mark},{number + 2},{number + 3.5}"
        for number in range(3)
        for mark in ("root", "tip")
    ]
    (root / "marks.csv").write_text("\n".join(["file,landmark,x,y", *rows, ""]))
    data = {
        "layout": "landmark-table",
        "table": "marks.csv",
        "landmarks": ["root", "tip"],
        "split": _SPLIT,
    }
    return task_settings("landmarks", root, data=data | {"annotations": {}})


def _shipped(name: str, phantom: str, **options: object) -> Callable[[Path], Config]:
    def make(root: Path) -> Config:
        synthesize(phantom, root, cases=6, seed=0, **options)
        split = "data.split={train: 4, validation: 1, test: 1}"
        return configuration.load(
            name, (f"data.root={root}", split, "data.layout=" + _LAYOUTS[name])
        )

    return make


def _save(pixels: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


_LAYOUTS = {"brats2018": "brats2018", "iseg2017": "iseg2017", "msd_liver_tumour": "decathlon"}
_MAKERS: dict[str, Callable[[Path], Config]] = {
    "decathlon": _balls,
    "folder": _discs,
    "idx": _digits,
    "image-folders": _pictures,
    "image-table": _labelled,
    "cephalometric2015": _heads,
    "landmark-table": _marks,
    "brats2018": _shipped("brats2018", "brats-phantom", shape=(16, 16, 16)),
    "iseg2017": _shipped("iseg2017", "brain-iseg2017"),
    "within a mask": _shipped("msd_liver_tumour", "liver-phantom", shape=(20, 20, 16)),
}
SETS = tuple(_MAKERS)


def make_set(folder: Path, name: str) -> Path:
    """Make a data set, and the configuration beside it.

    Args:
        folder: Where to; made.
        name: One of `SETS`.

    Returns:
        The folder.
    """
    config = _MAKERS[name](folder / "data")
    (folder / "config.yaml").write_text(config.dump())
    return folder
