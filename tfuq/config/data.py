"""What a configuration may say of data: where it is, what it means, what is done with it before a network sees it."""

from __future__ import annotations

import itertools
import re
from typing import Annotated, Literal

import pydantic
from pydantic import Field, NonNegativeInt, PositiveInt

from tfuq.config.section import Count, Intensity, Positive, Section, Seed, Size, Width
from tfuq.errors import nearest

ClassName = Annotated[str, Field(min_length=1, max_length=100)]


class SplitConfig(Section):
    """Train / validation / test / calibration, as numbers of cases drawn by ``seed`` or as lists of case ids.

    ``calibration``: cases for ``tfuq calibrate`` alone, which nothing is trained or chosen on. They are taken from the cases that
    the other parts leave, so that no case of another part moves; where none is left, lower ``test`` by as many, whose last cases
    then become the calibration cases.

    ``use``: train on the first so many of the training cases, in the order drawn or listed. Validation and test cases stay the
    same, and each smaller training set lies within the larger.
    """

    seed: Seed = 0
    train: PositiveInt | list[str] = 1
    validation: NonNegativeInt | list[str] = 0
    test: NonNegativeInt | list[str] = 0
    calibration: NonNegativeInt | list[str] = 0
    use: PositiveInt | None = None

    @pydantic.model_validator(mode="after")
    def _one_kind(self):
        asked = [self.train, self.validation, self.test, *([self.calibration] if self.calibration else [])]
        if len({isinstance(part, list) for part in asked}) == 2:
            raise ValueError("train, validation, test and calibration must all be numbers of cases or all be lists of case ids")
        drawn = len(self.train) if isinstance(self.train, list) else self.train
        if self.use and self.use > drawn:
            raise ValueError(f"use {self.use} is more than the {drawn} case(s) of train; lower it, or raise train")
        return self


def value_range(key: int | str) -> range:
    """The label values that a key of ``label_values`` stands for: one, or all of a range such as ``1000-2999``.

    Raises:
        ValueError: neither a value nor a range.
    """
    match = re.fullmatch(r"(\d{1,6})-(\d{1,6})", key) if isinstance(key, str) else None
    if match and int(match[1]) <= int(match[2]):
        return range(int(match[1]), int(match[2]) + 1)
    if isinstance(key, str):
        raise ValueError(f"label_values: '{key}' is neither a whole number nor a range such as 1000-2999")
    return range(key, key + 1)


class AnnotationsConfig(Section):
    """How landmark positions are written: whose, on an image of which size ``[width, height]`` (that of each image for
    null), how many millimetres a pixel of that image is wide, and whether y points up."""

    rater: Literal["senior", "junior", "mean"] = "senior"
    image_size: Annotated[list[Count], Field(min_length=2, max_length=2)] | None = None
    pixel_mm: Positive | None = None
    y_up: bool = False


_LAYOUT_OPTIONS = {
    "folder": ("label_folder", "rater_folders"),
    "image-table": ("table",),
    "landmark-table": ("table", "landmarks"),
    "cephalometric2015": ("landmarks",),
    "cephalogram-phantom": ("landmarks",),
}


class DataConfig(Section):
    """Where the cases are, what their labels mean, and which case serves what.

    ``classes`` are what segmentation and classification tell apart, ``landmarks`` the names of the points to find.
    ``regions`` are unions of classes, which are measured and scored beside them.
    ``table`` is the CSV file of the table layouts, relative to ``root``. ``rater_folders`` is a pattern, such as ``rater-*``, of
    folders with a label of each case by one rater; ``train_on`` is then ``majority`` (also where it is null), ``random`` (each
    example draws one of its raters) or a rater's folder. Validation and promises compare with the majority vote, in which a tie
    goes to the class of the lower number: of two raters, it is the intersection of their structures. Scores compare with the
    majority too, but of exactly two raters are the mean over both.
    ``pixel_mm``, for segmentation: how many millimetres a pixel of the plain images (PNG, TIFF, BMP, JPEG) is wide and high.
    Without it, their distances and areas are in pixels. NIfTI files say it themselves.
    """

    layout: str
    root: str
    source: str
    licence: str
    classes: Annotated[list[ClassName], Field(max_length=255)] = []
    landmarks: Annotated[list[ClassName], Field(max_length=1000)] = []
    regions: Annotated[dict[ClassName, Annotated[list[ClassName], Field(min_length=1)]], Field(max_length=100)] = {}
    annotations: AnnotationsConfig = AnnotationsConfig()
    pixel_mm: Width | None = None
    table: str | None = None
    label_folder: Annotated[str, Field(pattern=r"^[^/\\]+$")] | None = None
    rater_folders: Annotated[str, Field(pattern=r"^[^/\\]+$")] | None = None
    train_on: Annotated[str, Field(min_length=1)] | None = None
    label_values: dict[int | str, NonNegativeInt] | None = None
    split: SplitConfig = SplitConfig()

    @pydantic.model_validator(mode="after")
    def _classes_exist(self):
        if len(set(self.classes)) < len(self.classes) or "all" in self.classes:
            raise ValueError(f"classes {self.classes} must differ, and 'all' is the name of their mean")
        beyond = sorted(c for c in (self.label_values or {}).values() if c >= len(self.classes))
        if beyond:
            raise ValueError(f"label_values maps to class {beyond[0]}, but classes has 0 to {len(self.classes) - 1}")
        ranges = sorted((value_range(key) for key in self.label_values or {}), key=min)
        if any(last[-1] >= first[0] for last, first in itertools.pairwise(ranges)):
            raise ValueError("label_values names a value twice; its ranges must not overlap")
        if self.label_folder and self.layout != "folder":
            raise ValueError(f"label_folder belongs to the layout 'folder', and layout is '{self.layout}'")
        if self.rater_folders and (self.layout != "folder" or self.label_folder):
            raise ValueError("rater_folders belongs to the layout 'folder', and takes the place of label_folder; keep one")
        if self.train_on and not self.rater_folders:
            raise ValueError(
                "train_on chooses among several raters, whose folders rater_folders must name; set it, or remove both"
            )
        if bool(self.table) != self.layout.endswith("-table"):
            raise ValueError(
                f"table is for the layouts image-table and landmark-table, which need it; layout is '{self.layout}'"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _regions_are_of_classes(self):
        for region, members in self.regions.items():
            if region in (*self.classes, "all"):
                raise ValueError(f"regions: '{region}' is the name of a class already, or 'all'; give the region another")
            unknown = [name for name in members if name not in self.classes[1:]]
            if unknown:
                hint = nearest(unknown[0], self.classes[1:])
                raise ValueError(f"regions: '{unknown[0]}' of '{region}' is no class other than the first{hint}")
        return self

    @property
    def structures(self) -> dict[str, list[int]]:
        """What is measured and scored: each class but the first, then each region, as the classes it consists of."""
        single = {name: [k] for k, name in enumerate(self.classes[1:], start=1)}
        return single | {region: [self.classes.index(name) for name in names] for region, names in self.regions.items()}

    @property
    def layout_options(self) -> dict:
        """What the layout is told beside its root."""
        values = {name: getattr(self, name) for name in _LAYOUT_OPTIONS.get(self.layout, ())}
        return {name: value for name, value in values.items() if value}


class PreprocessingConfig(Section):
    """Steps from a case's own grid to the network's, in this order; a null one is left out.

    ``spacing`` is in mm; of plain images without ``data.pixel_mm``, in pixels of the image.

    ``crop_to_labels``: values of the label file that make a case's mask, such as an organ, of which the box is kept; a case to
    predict may bring a mask of its own instead (``tfuq predict --mask``). ``anti_aliasing`` smooths an image before it is
    resampled to fewer voxels. ``outside_labels`` is what voxels outside the mask become, after the window: a value below the
    window's keeps them apart.
    """

    crop_to_labels: list[PositiveInt] | None = None
    crop_margin: Annotated[int, Field(ge=0, le=8192)] = 0
    spacing: Annotated[list[Positive], Field(min_length=3, max_length=3)] | None = None
    size: Annotated[list[Size], Field(min_length=3, max_length=3)] | None = None
    anti_aliasing: bool = False
    window: Annotated[list[Intensity], Field(min_length=2, max_length=2)] | None = None
    outside_labels: Intensity | None = None
    normalization: Literal["zscore", "zscore-training", "none"] = "zscore"
    slice_axis: Literal[0, 1, 2] | None = None
    min_slice_area: NonNegativeInt = 0

    @pydantic.model_validator(mode="after")
    def _consistent(self):
        if self.spacing and self.size:
            raise ValueError("spacing and size both resample: keep one and set the other to null")
        if self.window and self.window[0] >= self.window[1]:
            raise ValueError(f"window {self.window} must have its lower bound below its upper")
        if self.outside_labels is not None and not self.crop_to_labels:
            raise ValueError("outside_labels needs crop_to_labels, whose values say what is inside; set both, or neither")
        return self


class AugmentationConfig(Section):
    """Random changes of training examples; zero turns one off.

    ``perturbations``: those of ``tfuq shift`` by name, each with the largest severity to draw; of one whose severity has a sign,
    in either direction. Theirs are voxels of equal sides.
    """

    flip_axes: list[Literal[0, 1, 2]] = []
    rotation_degrees: Annotated[float, Field(ge=0.0, le=180.0)] = 0.0
    scale: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    shift: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    elastic: Annotated[float, Field(ge=0.0, le=1e4)] = 0.0
    elastic_smoothness: Positive = 8.0
    intensity: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    noise: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    perturbations: dict[str, Positive] = {}
