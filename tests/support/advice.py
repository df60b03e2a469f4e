"""Refusals and remarks that propose a setting, each with the configuration that it is provoked by and the one that obeys it."""

from __future__ import annotations

import copy
import csv
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydantic
from PIL import Image

from tests.conftest import settings, task_settings, write_decathlon
from tests.support.data_files import write_nifti_file, write_picture
from tests.support.rater_discs import RATERS, write_rater_discs
from tfuq.config import OF_LABELS, Config
from tfuq.data import checks
from tfuq.data.augmentation import check_perturbations
from tfuq.data.cases import read_case_image, read_label
from tfuq.data.layouts import cases_of
from tfuq.data.phantoms import synthesize
from tfuq.data.splits import split_cases
from tfuq.errors import TfuqError
from tfuq.tasks import task_of

TASKS = ("segmentation", "classification", "landmarks")
REMOVED = object()  # in place of a value: the key is left out
Changes = Mapping[str, Any]  # values by dotted key


@dataclass(frozen=True, kw_only=True)
class Advice:
    """A text of tfuq that proposes something.

    Attributes:
        words: What the text has, as a pattern.
        broken: What is changed in a configuration that works, so that the text comes.
        mended: What is changed in the broken one, as the text proposes.
        task: Of the configuration.
        root: The data set, a name of `ROOTS`.
        work: What says the text: it raises it, or returns it among others.
        rank: The number of axes of the network's patch, of segmentation.
    """

    words: str
    broken: Changes
    mended: Changes
    task: str = "segmentation"
    root: str = "balls"
    work: Callable[[Config], Any] = lambda config: None
    rank: int = 3


def changed(tree: dict[str, Any], changes: Changes) -> dict[str, Any]:
    """The tree of a configuration with other values."""
    for key, value in changes.items():
        *parents, last = key.split(".")
        section = tree
        for parent in parents:
            section = section.setdefault(parent, {})
        if value is REMOVED:
            section.pop(last, None)
        else:
            section[last] = copy.deepcopy(value)
    return tree


def lines_of(advice: Advice, root: Path, *, is_mended: bool) -> list[str]:
    """What is said: the lines that the work returns, or its refusal."""
    make = functools.partial(settings, rank=advice.rank)
    if advice.task != "segmentation":
        make = functools.partial(task_settings, advice.task)
    tree = changed(make(root).model_dump(), advice.broken)
    if is_mended:
        tree = changed(tree, advice.mended)
    try:
        return advice.work(Config.model_validate(tree)) or []
    except (TfuqError, pydantic.ValidationError) as error:
        return [f"refused: {error}"]


def listing(config: Config, folder: str = "") -> None:
    cases_of(config.data.model_copy(update={"root": str(Path(config.data.root) / folder)}))


def splitting(config: Config) -> None:
    split_cases(cases_of(config.data), config.data.split)


def perturbing(config: Config) -> None:
    check_perturbations(config.augmentation, config.task)


def checking(config: Config) -> list[str]:
    """All that ``tfuq data check`` says."""
    reports = checks.check_data(config)
    lines = [*checks.left_out(config), *checks.remarks(config, reports)]
    lines += [report.problem for report in reports if report.problem]
    return lines + checks.absent_classes(config, reports)


def reading(config: Config) -> None:
    """Read the label of every case."""
    for case in cases_of(config.data):
        read_label(config, case, read_case_image(case))


def preparing(config: Config) -> None:
    """Make the training examples."""
    parts = split_cases(cases_of(config.data), config.data.split)
    task_of(config).training_set(config, parts["train"], None)


def write_pictures(root: Path) -> Path:
    """A folder per class in parts, one of which is to validate on."""
    for number, part in enumerate(["train", "train", "val", "val", "test"]):
        for name in ("cat", "dog"):
            write_picture(root / part / name / f"{number}{name}.png", 2 * number + (name == "cat"))
    with (root / "table.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "label"])
        rows.writerows(
            [f"train/{name}/{n}{name}.png", name] for name in ("cat", "dog") for n in (0, 1)
        )
    (root / "marks.csv").write_text(
        "file,landmark,x,y\ntrain/cat/0cat.png,tip,3,4\ntrain/dog/0dog.png,tip,3,4\n"
    )
    return root


def write_pair(root: Path) -> Path:
    """A picture with a label in NIfTI, whose pixels are 0.5 mm wide, and one with a picture."""
    for folder in ("image", "mask"):
        (root / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    affine = np.array([[0, -0.5, 0, 0], [-0.5, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    label = (rng.random((8, 9)) > 0.5).astype(np.uint8)
    for name in "ab":
        pixels = rng.integers(0, 255, (8, 9), np.uint8)
        Image.fromarray(pixels).save(root / "image" / f"{name}.png")
    Image.fromarray(label).save(root / "mask" / "a.png")
    write_nifti_file(root / "mask" / "b.nii", label[:, :, None], affine)
    return root


def write_mixed(root: Path) -> Path:
    """A picture beside a slice in NIfTI."""
    for folder in ("image", "label"):
        (root / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    label = (rng.random((8, 9)) > 0.5).astype(np.uint8)
    pixels = rng.integers(0, 255, (8, 9), np.uint8)
    for folder, array in (("image", pixels), ("label", label)):
        Image.fromarray(array).save(root / folder / "a.png")
        write_nifti_file(root / folder / "b.nii", array[::-1, ::-1], np.diag([0.5, 0.5, 1, 1]))
    return root


def write_two_raters(root: Path) -> Path:
    write_rater_discs(root)
    (root / RATERS[2]).rename(root / "not-used")
    return root


def write_spacings(root: Path) -> Path:
    """Volumes of other spacings and intensities."""
    for index, (size, gain) in enumerate([(1.0, 1.0), (1.0, 900.0), (3.0, 1.0)]):
        affine = np.diag([size, size, size, 1])
        for folder in ("image", "label"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        image = gain * np.arange(512, dtype=np.float32).reshape(8, 8, 8) + index
        write_nifti_file(root / "image" / f"{index}.nii", image, affine)
        label = np.resize([0, 1, 2], (8, 8, 8)).astype(np.uint8)
        write_nifti_file(root / "label" / f"{index}.nii", label, affine)
    return root


def write_channels(root: Path) -> Path:
    """Channels that end names of files, and channels in a folder of a case."""
    for name in ("flat/image/a_T1.nii", "flat/image/a_T2.nii", "by-case/image/b/IR.nii"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


ROOTS: dict[str, Callable[[Path], Path]] = {
    "balls": write_decathlon,
    "digits": lambda root: synthesize("digits", root, cases=60, seed=0) or root,
    "heads": lambda root: synthesize("cephalogram", root, cases=8, seed=0) or root,
    "pictures": write_pictures,
    "pair": write_pair,
    "mixed": write_mixed,
    "raters": write_two_raters,
    "spacings": write_spacings,
    "channels": write_channels,
}
_FOLDER = {"data.layout": "folder"}
_FILES = {"data.layout": "files", "data.image_files": "{case}.png"}
_ALL_TRAINED = {"data.split": {"train": 1}}
_RATERS = {
    "data.layout": "folder",
    "data.rater_folders": "rater-*",
    "data.label_values": {0: 0, 1: 1},
    "data.split": {"train": 2, "validation": 1, "test": 1},
}
_PICTURES = {"data.layout": "image-folders", "data.classes": ["cat", "dog"]}
_PAIR = {**_FOLDER, **_ALL_TRAINED, "data.label_folder": "mask", "data.label_values": {0: 0, 1: 1}}
_MARKS = {"data.layout": "landmark-table", "data.table": "marks.csv", "data.annotations": {}}
_NO_DROPOUT = {"network.level_dropout": {}, "network.upsample_dropout": 0.0}
_VOLUME_STEPS = {
    "orientation": "RAS",
    "crop_to_labels": [1],
    "crop_margin": 2,
    "spacing": [1, 1, 1],
    "size": [8, 8, 8],
    "slice_axis": 2,
    "min_slice_area": 3,
}


def _dropout_rows() -> list[Advice]:
    rows = []
    for task, network in (
        ("segmentation", "unet"),
        ("segmentation", "vnet"),
        ("segmentation", "fcn"),
        ("segmentation", "residual-unet"),
        ("classification", "lenet"),
        ("classification", "resnet"),
        ("landmarks", "unet"),
        ("landmarks", "fcn"),
    ):
        broken = {**_NO_DROPOUT, "network.name": network, "method": "mc-dropout"}
        if network in ("fcn", "lenet", "resnet"):
            broken["network.upsample_dropout"] = REMOVED
        if network == "resnet":
            broken["network.dense_widths"] = REMOVED
        if network == "vnet":
            broken["network.kernel_size"] = 3
        for mended in ({"network.level_dropout": {1: 0.3}}, {"network.dropout_after_each": 0.2}):
            rows.append(
                Advice(
                    words="needs dropout in the network: set network.level_dropout or",
                    task=task,
                    root="balls",
                    broken=broken,
                    mended=mended,
                )
            )
    return rows


def _step_rows() -> list[Advice]:
    rows = []
    for task in ("classification", "landmarks"):
        for key, value in _VOLUME_STEPS.items():
            rows.append(
                Advice(
                    words=rf"preprocessing.{key} serves segmentation alone: remove it",
                    task=task,
                    broken={f"preprocessing.{key}": value},
                    mended={f"preprocessing.{key}": REMOVED},
                )
            )
    return rows


def _rows_of_sections() -> list[Advice]:
    """What a configuration alone is refused for."""
    weighted = {"name": "weighted-cross-entropy", "class_weights": [1.0, 2.0]}
    cycles = {
        "ensemble.diversity": "snapshots",
        "training.schedule": "cyclical",
        "training.epochs": 8,
    }
    snapshots = cycles | {"method": "hybrid", "ensemble.members": 2}
    raters_and_crop = {**_RATERS, "preprocessing.crop_to_labels": [1]}
    return [
        Advice(
            words="set data.rater_folders, or remove train_on",
            broken={**_FOLDER, "data.train_on": "random"},
            mended={"data.rater_folders": "rater-*"},
        ),
        Advice(
            words="set data.rater_folders, or remove train_on",
            broken={**_FOLDER, "data.train_on": "random"},
            mended={"data.train_on": REMOVED},
        ),
        *(
            Advice(
                words=r"write \{rater\} into data.label_files, or remove train_on",
                broken={**_FILES, "data.train_on": "random"},
                mended=mended,
            )
            for mended in (
                {"data.label_files": "{rater}/{case}.png"},
                {"data.train_on": REMOVED},
            )
        ),
        Advice(
            words="layout 'idx' has none: remove it",
            task="classification",
            broken={"data.train_on": "random"},
            mended={"data.train_on": REMOVED},
        ),
        Advice(
            words="channels belongs to the layout 'folder'.*remove it",
            broken={"data.channels": ["T1"]},
            mended={"data.channels": REMOVED},
        ),
        Advice(
            words="set network.output: softmax",
            broken={"network.output": "sigmoid"},
            mended={"network.output": "softmax"},
        ),
        Advice(
            words="class_weights has 2 entries for 3 classes; give one each",
            broken={"training.loss": weighted},
            mended={"training.loss.class_weights": [1.0, 2.0, 3.0]},
        ),
        Advice(
            words="class_weights has 2 entries for 3 classes; give one each, or remove it",
            broken={"training.loss": weighted},
            mended={"training.loss.class_weights": REMOVED},
        ),
        Advice(
            words="ensemble.diversity folds needs two members or more, and method mc-dropout has 1",
            broken={"method": "mc-dropout", "ensemble.diversity": "folds"},
            mended={"method": "hybrid"},
        ),
        Advice(
            words="snapshots keeps weights at the ends of cycles.*set training.schedule: cyclical",
            broken=snapshots | {"training.schedule": "constant"},
            mended={"training.schedule": "cyclical"},
        ),
        Advice(
            words="2 members of 2 whole cycles.*set training.epochs: 8",
            broken=snapshots | {"training.epochs": 7},
            mended={"training.epochs": 8},
        ),
        Advice(
            words="overrides serves diversity overrides, not seeds: remove it, or set diversity",
            broken={"method": "hybrid", "ensemble.overrides": [{}]},
            mended={"ensemble.diversity": "overrides"},
        ),
        Advice(
            words="diversity overrides needs ensemble.overrides.*set diversity: seeds",
            broken={"method": "hybrid", "ensemble.diversity": "overrides"},
            mended={"ensemble.overrides": [{"network.activation": "elu"}, {}]},
        ),
        Advice(
            words="diversity overrides needs ensemble.overrides.*set diversity: seeds",
            broken={"method": "hybrid", "ensemble.diversity": "overrides"},
            mended={"ensemble.diversity": "seeds"},
        ),
        Advice(
            words="'network.patch_size' is the same for all members.*remove it",
            broken={
                "method": "hybrid",
                "ensemble.diversity": "overrides",
                "ensemble.overrides": [{"network.patch_size": [8, 8, 8]}, {}],
            },
            mended={"ensemble.overrides": [{}, {}]},
        ),
        Advice(
            words="ensemble.overrides has 2 entries for 1 member.s.; remove some, or raise",
            broken={
                "method": "vi",
                "ensemble.diversity": "overrides",
                "ensemble.overrides": [{}, {}],
            },
            mended={"variational.members": 2},
        ),
        Advice(
            words="heatmap-cross-entropy makes other heatmaps than heatmap-mse.*remove it",
            task="landmarks",
            broken={
                "method": "hybrid",
                "ensemble.diversity": "overrides",
                "ensemble.overrides": [{"training.loss.name": "heatmap-cross-entropy"}],
            },
            mended={"ensemble.overrides": [{}]},
        ),
        Advice(
            words="trains all cycles to their ends, and training.early_stopping_epochs.*leave it out",
            broken=snapshots | {"training.early_stopping_epochs": 3},
            mended={"training.early_stopping_epochs": REMOVED},
        ),
        Advice(
            words="width_warmup_epochs 4 holds the widths of the first snapshot, of epoch 4; lower it",
            broken=cycles
            | {"method": "vi", "variational.members": 2, "variational.width_warmup_epochs": 4},
            mended={"variational.width_warmup_epochs": 3},
        ),
        Advice(
            words="training.early_stopping_epochs ends a training whose last.*leave it out",
            broken={"method": "swag", "training.early_stopping_epochs": 3},
            mended={"training.early_stopping_epochs": REMOVED},
        ),
        Advice(
            words="snapshots takes members of one training.*set ensemble.diversity: seeds",
            broken=cycles | {"method": "swag", "swag.members": 2},
            mended={"ensemble.diversity": "seeds"},
        ),
        Advice(
            words="subset bootstrap and diversity folds both say.*remove one of both",
            broken={
                "method": "hybrid",
                "ensemble": {"members": 2, "diversity": "folds", "subset": "bootstrap"},
            },
            mended={"ensemble.subset": REMOVED},
        ),
        Advice(
            words="normalization batch has the means.*set network.normalization: group",
            broken={"method": "swag", "network.normalization": "batch"},
            mended={"network.normalization": "group"},
        ),
        Advice(
            words="upsampling transposed has point weights.*set network.upsampling: nearest",
            broken={"method": "swag", "network.upsampling": "transposed"},
            mended={"network.upsampling": "nearest"},
        ),
        Advice(
            words="training.ema averages weights before method swag.*set training.ema: null",
            broken={"method": "swag", "training.ema": 0.9},
            mended={"training.ema": None},
        ),
        Advice(
            words="method swag takes weights 1 time.*set swag.per_epoch to 2 or more",
            broken={"method": "swag", "swag.per_epoch": 1, "training.epochs": 1},
            mended={"swag.per_epoch": 2},
        ),
        Advice(
            words="data.split.file needs fold, the number of one of its folds",
            broken={"data.split": {"train": 1, "file": "splits_final.json"}},
            mended={"data.split": {"train": 1}},
        ),
        Advice(
            words="data.split.fold takes one fold, and ensemble.diversity folds takes them all",
            broken={"method": "hybrid", "ensemble.diversity": "folds", "data.split": {"fold": 0}},
            mended={"data.split": {"train": 1}},
        ),
        Advice(
            words="folds keeps each fold unseen, and training.early_stopping_epochs .* leave them out",
            broken={
                "method": "hybrid",
                "ensemble.diversity": "folds",
                "training.early_stopping_epochs": 2,
            },
            mended={"training.early_stopping_epochs": REMOVED},
        ),
        Advice(
            words="ensemble.diversity repulsive serves methods with point weights.*train ensemble",
            broken={
                "method": "vi",
                "variational.members": 2,
                "ensemble.diversity": "repulsive",
            },
            mended={"method": "ensemble"},
        ),
        Advice(
            words="remove training.weight_decay",
            broken={
                "method": "ensemble",
                "ensemble.diversity": "anchored",
                "training.weight_decay": 0.1,
            },
            mended={"training.weight_decay": REMOVED},
        ),
        Advice(
            words="trains all on the same batches; remove ensemble.subset",
            broken={
                "method": "ensemble",
                "ensemble.diversity": "repulsive",
                "ensemble.subset": "bootstrap",
            },
            mended={"ensemble.subset": REMOVED},
        ),
        Advice(
            words="heatmap-mse are none; set training.loss.name: heatmap-cross-entropy",
            task="landmarks",
            broken={
                "method": "ensemble",
                "ensemble.diversity": "negative-correlation",
                "training.loss.name": "heatmap-mse",
            },
            mended={"training.loss": {"name": "heatmap-cross-entropy"}},
        ),
        *(
            Advice(
                words="prior_scale serves diversity anchored.*remove it, or set diversity: anchored",
                broken={"method": "ensemble", "ensemble.prior_scale": 0.1},
                mended=mended,
            )
            for mended in (
                {"ensemble.prior_scale": REMOVED},
                {"ensemble.diversity": "anchored"},
            )
        ),
        *(
            Advice(
                words="strength serves diversity .*remove it, or set diversity: repulsive",
                broken={"method": "ensemble", "ensemble.strength": 0.1},
                mended=mended,
            )
            for mended in (
                {"ensemble.strength": REMOVED},
                {"ensemble.diversity": "repulsive"},
            )
        ),
        Advice(
            words="variational.warm_start and training.initial_weights both say where weights start",
            broken={
                "method": "vi",
                "variational.warm_start": "runs/x",
                "training.initial_weights": "runs/y",
            },
            mended={"variational.warm_start": REMOVED},
        ),
        Advice(
            words="variational.warm_start serves method vi alone.*set training.initial_weights",
            broken={"method": "latent-vi", "variational.warm_start": "runs/x"},
            mended={"variational.warm_start": REMOVED, "training.initial_weights": "runs/x"},
        ),
        *(
            Advice(
                words="training.frozen keeps layers as they start, .* or remove training.frozen",
                broken={"training.frozen": ["encoder*"]},
                mended=mended,
            )
            for mended in (
                {"training.initial_weights": "runs/x"},
                {"training.frozen": REMOVED},
            )
        ),
        *(
            Advice(
                words=f"{key} {value} serves layers with point weights, .* latent.backbone: point",
                broken={"method": "latent-vi", "latent.backbone": "variational", key: value},
                mended=mended,
            )
            for key, value in (
                ("training.precision", "mixed"),
                ("network.upsampling", "transposed"),
            )
            for mended in ({key: REMOVED}, {"latent.backbone": "point"})
        ),
        *(
            Advice(
                words=f"method {method} serves segmentation, and task is .*; set method: ensemble",
                task=task,
                broken={"method": method},
                mended={"method": "ensemble"},
            )
            for method in OF_LABELS
            for task in ("classification", "landmarks")
        ),
        Advice(
            words="network.heteroscedastic gives logits a variance, as method .* remove it",
            broken={"method": "stochastic-segmentation", "network.heteroscedastic": True},
            mended={"network.heteroscedastic": REMOVED},
        ),
        Advice(
            words="variational.width_warmup_epochs 9 leaves none of training.epochs .*; lower it",
            broken={"method": "vi", "training.epochs": 2, "variational.width_warmup_epochs": 9},
            mended={"variational.width_warmup_epochs": 1},
        ),
        Advice(
            words="network.noise_draws serves logits of classes: remove it",
            task="landmarks",
            broken={"network.noise_draws": 7, "network.heteroscedastic": True},
            mended={"network.noise_draws": REMOVED},
        ),
        *(
            Advice(
                words="deep_supervision needs 3 widths .* remove it, or add a width",
                broken={"network.name": "residual-unet", "network.deep_supervision": True},
                mended=mended,
            )
            for mended in (
                {"network.deep_supervision": REMOVED},
                {"network.widths": [2, 4, 8]},
            )
        ),
        *(
            Advice(
                words="scale_probability serves scale, and none is above 0: remove it, or set scale",
                broken={"augmentation.scale_probability": 0.5},
                mended=mended,
            )
            for mended in (
                {"augmentation.scale_probability": REMOVED},
                {"augmentation.scale": 0.2},
            )
        ),
        Advice(
            words=r"range \[2.0, 1.0\] must begin with its lower end: exchange both",
            broken={"augmentation.perturbations": {"blur": {"range": [2.0, 1.0]}}},
            mended={"augmentation.perturbations": {"blur": {"range": [1.0, 2.0]}}},
        ),
        Advice(
            words="augmentation.plane_axis serves networks of three axes, .* remove it",
            rank=2,
            broken={"augmentation.scale": 0.2, "augmentation.plane_axis": 2},
            mended={"augmentation.plane_axis": REMOVED},
        ),
        *(
            Advice(
                words="momentum does not serve the optimizer adam: remove it, or set optimizer",
                broken={"training.momentum": 0.9},
                mended=mended,
            )
            for mended in ({"training.momentum": REMOVED}, {"training.optimizer": "sgd"})
        ),
        Advice(
            words="training.optimizer sgd serves .* set training.optimizer: adam",
            broken={"method": "vi", "training.optimizer": "sgd"},
            mended={"training.optimizer": "adam"},
        ),
        *(
            Advice(
                words="heatmap_amplitude serves the loss heatmap-mse, .* remove it, or set name",
                task="landmarks",
                broken={
                    "training.loss.name": "heatmap-cross-entropy",
                    "training.loss.heatmap_amplitude": 1000.0,
                },
                mended=mended,
            )
            for mended in (
                {"training.loss.heatmap_amplitude": REMOVED},
                {"training.loss.name": "heatmap-mse"},
            )
        ),
        Advice(
            words="network.upsampling transposed serves layers with point weights, .* remove it",
            broken={"method": "vi", "network.upsampling": "transposed"},
            mended={"network.upsampling": REMOVED},
        ),
        Advice(
            words="prediction.heatmap_peak serves landmarks, .* remove it",
            broken={"prediction.heatmap_peak": "smoothed"},
            mended={"prediction.heatmap_peak": REMOVED},
        ),
        Advice(
            words="data.pixel_mm .* remove it, and set data.annotations.pixel_mm",
            task="landmarks",
            broken={"data.pixel_mm": 0.3},
            mended={"data.pixel_mm": REMOVED, "data.annotations.pixel_mm": 0.3},
        ),
        Advice(
            words="data.pixel_mm serves segmentation alone, and task is classification: remove it",
            task="classification",
            broken={"data.pixel_mm": 0.3},
            mended={"data.pixel_mm": REMOVED},
        ),
        Advice(
            words="data.regions serves segmentation alone, and task is classification: remove it",
            task="classification",
            broken={"data.regions": {"odd": ["1", "3"]}},
            mended={"data.regions": REMOVED},
        ),
        Advice(
            words="data.lesions serves segmentation alone, and task is classification: remove it",
            task="classification",
            broken={"data.lesions": ["1"]},
            mended={"data.lesions": REMOVED},
        ),
        Advice(
            words=r"network.patch_size has 3 entries; give two, as in \[64, 64\]",
            task="landmarks",
            broken={"network.patch_size": [32, 32, 32]},
            mended={"network.patch_size": [64, 64]},
        ),
        *(
            Advice(
                words="crop_to_labels needs one label .* remove it, or take the labels of one rater",
                rank=2,
                broken=raters_and_crop,
                mended={key: REMOVED},
            )
            for key in ("data.rater_folders", "preprocessing.crop_to_labels")
        ),
        Advice(
            words="training.precision mixed serves layers with point weights, .* remove it",
            broken={"method": "vi", "training.precision": "mixed"},
            mended={"training.precision": REMOVED},
        ),
        Advice(
            words="prediction.skip_empty serves networks of three axes, .* remove it",
            rank=2,
            broken={"prediction.skip_empty": 0.0},
            mended={"prediction.skip_empty": REMOVED},
        ),
        *(
            Advice(
                words=f"prediction.combine weighted weighs members .*{reason}; set "
                "prediction.combine: mean",
                broken={"prediction.combine": "weighted", **trained},
                mended={"prediction.combine": "mean"},
            )
            for reason, trained in (
                ("trains one", {}),
                ("swag validates no Gaussian", {"method": "swag", "swag.members": 2}),
            )
        ),
        Advice(
            words="prediction.tta flips mirrors images, .* set prediction.tta: affine",
            broken={"prediction.tta": "flips", "data.classes": ["rest", "left", "right"]},
            mended={"prediction.tta": "affine"},
        ),
        Advice(
            words="of 3 entries is of volumes: set preprocessing.slice_axis: null",
            broken={"preprocessing.slice_axis": 1},
            mended={"preprocessing.slice_axis": None},
        ),
        Advice(
            words="of 2 entries is of slices: set preprocessing.slice_axis, as in 2",
            rank=2,
            broken={"preprocessing.slice_axis": None},
            mended={"preprocessing.slice_axis": 2},
        ),
        Advice(
            words="crop_to_labels: 7 is no value that a label may have by data.label_values",
            broken={"preprocessing.crop_to_labels": [7]},
            mended={"data.label_values": {0: 0, 1: 1, 7: 2}},
        ),
        Advice(
            words="augmentation.perturbations: .* serves .*, not landmarks; remove it",
            task="landmarks",
            broken={"augmentation.perturbations": {"rotation-3d": 5.0}},
            mended={"augmentation.perturbations": {}},
            work=perturbing,
        ),
    ]


def _rows_of_data() -> list[Advice]:
    """What data are refused for, or remarked on."""
    return [
        Advice(
            words="set data.pixel_mm to the width in mm of the plain image's pixels",
            root="pair",
            rank=2,
            broken=_PAIR,
            mended={"data.pixel_mm": 0.5},
            work=reading,
        ),
        Advice(
            words="set data.pixel_mm, or convert the files",
            root="mixed",
            rank=2,
            broken={**_FOLDER, **_ALL_TRAINED},
            mended={"data.pixel_mm": 0.5},
            work=checking,
        ),
        Advice(
            words="data.additional serves segmentation, and task is classification",
            task="classification",
            broken={"data.additional": [{"root": "x"}]},
            mended={"data.additional": REMOVED},
        ),
        Advice(
            words="data.pixel_mm has no effect",
            broken={"data.pixel_mm": 0.5},
            mended={"data.pixel_mm": REMOVED},
            work=checking,
        ),
        Advice(
            words="a_T2.nii: its name ends in none .* or name its channel in data.channels",
            root="channels",
            broken={**_FOLDER, "data.channels": ["T1"]},
            mended={"data.channels": ["T1", "T2"]},
            work=functools.partial(listing, folder="flat"),
        ),
        Advice(
            words=r"its files \(IR.nii\) are none .* name them in data.channels",
            root="channels",
            broken={**_FOLDER, "data.channels": ["T1"]},
            mended={"data.channels": ["IR"]},
            work=functools.partial(listing, folder="by-case"),
        ),
        Advice(
            words=r"class 'none' .* the classes by data.classes: \[rest, ball, core\]",
            broken={"data.classes": ["rest", "ball", "core", "none"]},
            mended={"data.classes": ["rest", "ball", "core"]},
            work=checking,
        ),
        Advice(
            words="class 'core' has no voxel .* correct data.label_values",
            broken={"data.label_values": {0: 0, 1: 1, 2: 1}},
            mended={"data.label_values": {0: 0, 1: 1, 2: 2}},
            work=checking,
        ),
        Advice(
            words="class 'bird' has no image in any training case; .* take it out of data.classes",
            task="classification",
            root="pictures",
            broken={
                **_PICTURES,
                "data.classes": ["cat", "dog", "bird"],
                "data.split": {"train": 4, "validation": 4, "test": 2},
            },
            mended={"data.classes": ["cat", "dog"]},
            work=checking,
        ),
        *(
            Advice(
                words="name its value there too, or set a larger preprocessing.crop_margin, as in",
                broken={"preprocessing.crop_to_labels": [2]},
                mended=mended,
                work=checking,
            )
            for mended in (
                {"preprocessing.crop_to_labels": [1, 2]},
                {"preprocessing.crop_margin": 18},
            )
        ),
        Advice(
            words=r"set a finer preprocessing.spacing, as in \[",
            broken={"preprocessing.spacing": [9.0, 9.0, 9.0]},
            mended={"preprocessing.spacing": [1.0, 1.0, 1.0]},
            work=checking,
        ),
        Advice(
            words=r"set a larger preprocessing.size, as in \[18, 17, 15\]",
            broken={"preprocessing.size": [3, 3, 3]},
            mended={"preprocessing.size": [18, 17, 15]},
            work=checking,
        ),
        Advice(
            words=r"set preprocessing.spacing, as in \[1.0, 1.0, 1.0\]",
            root="spacings",
            broken={**_FOLDER, **_ALL_TRAINED},
            mended={"preprocessing.spacing": [1.0, 1.0, 1.0]},
            work=checking,
        ),
        Advice(
            words="set preprocessing.normalization: zscore",
            root="spacings",
            broken={**_FOLDER, **_ALL_TRAINED, "preprocessing.normalization": "none"},
            mended={"preprocessing.normalization": "zscore"},
            work=checking,
        ),
        Advice(
            words="data.train_on: random draws one of them",
            root="raters",
            rank=2,
            broken=_RATERS,
            mended={"data.train_on": "random"},
            work=checking,
        ),
        Advice(
            words="no such data folder; set data.root",
            broken={"data.root": "/nowhere"},
            mended={"data.root": "ROOT"},
            work=listing,
        ),
        Advice(
            words="no cases in the iseg2017 layout; check data.layout and data.root",
            broken={"data.layout": "iseg2017"},
            mended={"data.layout": "decathlon"},
            work=listing,
        ),
        Advice(
            words="data.table names a CSV file below data.root",
            task="classification",
            root="pictures",
            broken={**_PICTURES, "data.layout": "image-table", "data.table": "absent.csv"},
            mended={"data.table": "table.csv"},
            work=listing,
        ),
        Advice(
            words="set data.split.validation: 4",
            task="classification",
            root="pictures",
            broken={**_PICTURES, "data.split": {"train": 2, "validation": 0, "test": 1}},
            mended={"data.split.validation": 4},
            work=checking,
        ),
        Advice(
            words="landmark 'tip' is not among data.landmarks; did you mean 'tips'",
            task="landmarks",
            root="pictures",
            broken={**_MARKS, "data.landmarks": ["tips"]},
            mended={"data.landmarks": ["tip"]},
            work=listing,
        ),
        Advice(
            words="or what data.label_folder or data.rater_folders names",
            root="pair",
            rank=2,
            broken={**_PAIR, "data.label_folder": REMOVED},
            mended={"data.label_folder": "mask"},
            work=splitting,
        ),
        Advice(
            words="a channel is constant after preprocessing.window",
            broken={"preprocessing.window": [9000.0, 9900.0]},
            mended={"preprocessing.window": [-50.0, 300.0]},
            work=preparing,
        ),
        Advice(
            words="is not among the declared .* add it to data.classes",
            task="classification",
            root="pictures",
            broken={
                **_PICTURES,
                "data.classes": ["dog", "bird"],
                "data.split": {"train": 4, "validation": 0, "test": 0},
            },
            mended={"data.classes": ["dog", "bird", "cat"]},
            work=preparing,
        ),
        Advice(
            words="outside its image .* or data.annotations.image_size and y_up",
            task="landmarks",
            root="heads",
            broken={"data.annotations.image_size": [40, 50]},
            mended={"data.annotations.image_size": [288, 360]},
            work=preparing,
        ),
        Advice(
            words="no training slice has enough labelled area; lower preprocessing.min_slice_area",
            rank=2,
            broken={"preprocessing.min_slice_area": 10_000},
            mended={"preprocessing.min_slice_area": 5},
            work=preparing,
        ),
        Advice(
            words="so there is nothing to learn; correct data.label_values",
            broken={"data.label_values": {0: 0, 1: 0, 2: 0}},
            mended={"data.label_values": {0: 0, 1: 1, 2: 2}},
            work=preparing,
        ),
        Advice(
            words="data.split asks for more cases than the 6 .* lower the numbers",
            broken={"data.split": {"train": 5, "validation": 1, "test": 1}},
            mended={"data.split.train": 4},
            work=splitting,
        ),
        Advice(
            words="data.split.train: no labelled case 'ball_00'; did you mean 'ball_00",
            broken={"data.split": {"train": ["ball_00"], "validation": [], "test": []}},
            mended={"data.split.train": ["ball_000"]},
            work=splitting,
        ),
        Advice(
            words="'ball_000' is in both train and test; keep it in one",
            broken={"data.split": {"train": ["ball_000"], "validation": [], "test": ["ball_000"]}},
            mended={"data.split.test": []},
            work=splitting,
        ),
        Advice(
            words="data.split.train is empty; list at least one case",
            broken={"data.split": {"train": [], "validation": [], "test": ["ball_000"]}},
            mended={"data.split.train": ["ball_001"]},
            work=splitting,
        ),
        *_rows_of_shares(),
    ]


def _rows_of_shares() -> list[Advice]:
    """What a split by shares or by subjects is refused for."""
    listed = {"train": ["ball_000"], "validation": [], "test": ["ball_001"]}
    return [
        Advice(
            words="data.split leaves none of the 6 cases .* lower its numbers",
            broken={"data.split": {"test": 6}},
            mended={"data.split.test": 2},
            work=splitting,
        ),
        Advice(
            words="data.split.calibration 1 leaves none .* or give data.split.test a number",
            broken={"data.split": {"calibration": 1}},
            mended={"data.split.test": 2},
            work=splitting,
        ),
        Advice(
            words="data.split.subject 'sub-.' is not in the case id 'ball_000'; correct it",
            broken={"data.split": {"subject": "sub-."}},
            mended={"data.split.subject": r"ball_(\d+)"},
            work=splitting,
        ),
        Advice(
            words="data.split: subject 'ball_00' has cases in test and train .* in one part",
            broken={"data.split": {**listed, "subject": "ball_00"}},
            mended={"data.split.test": []},
            work=splitting,
        ),
    ]


ROWS = [*_rows_of_sections(), *_dropout_rows(), *_step_rows(), *_rows_of_data()]
