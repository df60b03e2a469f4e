"""Data in a configuration: where it is, and what it means."""

from __future__ import annotations

import itertools
import re
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field, NonNegativeInt

from tfuq.config.names import (
    ChannelName,
    ClassName,
    ClassNames,
    FilePattern,
    FilePatterns,
    FolderName,
    LabelFolder,
)
from tfuq.config.section import Count, Positive, Section, Width, check_each
from tfuq.config.split import SplitConfig
from tfuq.errors import nearest


def value_range(key: int | str) -> range:
    """The label values that a key of ``label_values`` stands for.

    Args:
        key: one value, or a range such as ``1000-2999``.

    Raises:
        ValueError: neither a value nor a range.
    """
    if not isinstance(key, str):
        return range(key, key + 1)
    match = re.fullmatch(r"(\d{1,18})-(\d{1,18})", key)
    if match:
        first = int(match[1])
        last = int(match[2])
        if first <= last:
            return range(first, last + 1)
    raise ValueError(
        f"label_values: '{key}' is neither a whole number nor a range such as 1000-2999"
    )


class AnnotationsConfig(Section):
    """How landmark positions are written.

    ``rater``: whose positions. ``image_size``: ``[width, height]`` of the image that they are on;
    null for that of each image. ``pixel_mm``: width of a pixel of that image in mm. ``y_up``:
    whether y points up.
    """

    rater: Literal["senior", "junior", "mean"] = "senior"
    image_size: Annotated[list[Count], Field(min_length=2, max_length=2)] | None = None
    pixel_mm: Positive | None = None
    y_up: bool = False


class AdditionalConfig(Section):
    """A folder of further training cases.

    ``root``: the folder, in the layout ``folder``. ``label_folder``: the folder of labels in it.
    """

    root: Annotated[str, Field(min_length=1)]
    label_folder: LabelFolder = "label"


_LAYOUT_OPTIONS = {
    "folder": ("label_folder", "rater_folders", "channels"),
    "files": ("image_files", "label_files"),
    "image-table": ("table",),
    "landmark-table": ("table", "landmarks"),
    "cephalometric2015": ("landmarks",),
    "cephalogram-phantom": ("landmarks",),
}


class DataConfig(Section):
    """Where the cases are, what their labels mean, and which case serves what.

    ``source``, ``licence``: where the data come from and under which terms, for whoever reads the
    report.

    ``classes``: what segmentation and classification tell apart. ``landmarks``: names of the points
    to find. ``regions``: unions of classes, which are measured and scored as classes are.

    ``table``: the CSV file of the table layouts, relative to ``root``.

    ``channels``, of the layout ``folder``: names of the channels in their order, where each has a
    file of its own: ``image/CASE_T1.nii.gz`` (also ``CASE-T1``, ``CASE/T1.nii``) for ``T1``. The
    folder of a DICOM series, ``image/CASE_T1/`` or ``image/CASE/T1/``, is as a file. If null, there
    is a file per case, or nnU-Net's numbers ``CASE_0000.nii.gz`` where labels are named ``CASE``.

    ``image_files``, ``label_files``, of the layout ``files``: patterns of their paths, in which
    ``{case}`` stands for the name of the case: ``scans/{case}.nii.gz`` and
    ``scans/{case}_seg.nii.gz``. Of several channels, ``image_files`` has one for each by its name.
    ``{rater}`` in ``label_files`` stands for the name of one of several raters.

    ``rater_folders``: a pattern, such as ``rater-*``, of folders with a label of each case by one
    rater. ``train_on`` is then ``majority`` (also where it is null), ``random`` (each example has
    one of its raters at random) or a rater's folder. Validation and promises compare with the
    majority vote, in which a tie goes to the class of the lower number: of two raters, it is the
    intersection of their structures. Scores compare with the majority too, but of exactly two
    raters are the mean over both.

    ``pixel_mm``, for segmentation: width and height of a pixel of the plain images (PNG, TIFF, BMP,
    JPEG) in mm. Without it, their distances and areas are in pixels. Scans say it themselves.

    ``lesions``, for segmentation: the classes and regions that are lesions, whose detection is
    told: how many are found, and how many false ones. If null, ``tfuq score`` tells them from the
    references: a structure that consists of the same one or two main parts in nine of ten
    references is an organ, and all others are lesions. An empty list is none.

    ``label_tolerance``: values of label files that lie so near to a whole number are rounded, such
    as 0.9999 by 0.001. Others are refused.

    ``structure_names``: the class of each region (ROI) of a structure set (DICOM RTSTRUCT) that is
    not named as its class, such as ``{GTV-1: tumour}``; several of one class are one structure.
    Upper and lower case are alike where that leaves no choice. A structure set has no values:
    ``label_values`` says nothing of it, and ``crop_to_labels`` names the numbers of its classes.

    ``ignore_label``: the value of label files that says that nothing is known of a voxel, as
    nnU-Net's label ``ignore`` does. Such a voxel is no term of the loss and of no score, and
    ``ignore_label`` is never predicted.

    ``additional``, for segmentation: folders of further cases to train on, such as those that
    ``tfuq review --export-labels`` wrote and a human has corrected. Their labelled cases join the
    training cases of ``split``, and no case of another part moves. A case of theirs takes the place
    of one of the same id that has no label.

    Of layout ``nnunet``, ``classes``, ``label_values``, ``regions`` and ``ignore_label`` are those
    of its ``dataset.json`` where they are left out, and are checked against it where they are not.
    """

    layout: str
    root: str
    source: str = ""
    licence: str = ""
    classes: Annotated[list[ClassName], Field(max_length=255)] = []
    landmarks: Annotated[list[ClassName], Field(max_length=1000)] = []
    regions: Annotated[dict[ClassName, ClassNames], Field(max_length=100)] = {}
    annotations: AnnotationsConfig = AnnotationsConfig()
    lesions: Annotated[list[ClassName], Field(max_length=255)] | None = None
    pixel_mm: Width | None = None
    label_tolerance: Annotated[float, Field(ge=0.0, le=0.25)] = 0.0
    table: str | None = None
    channels: Annotated[list[ChannelName], Field(min_length=1, max_length=1000)] | None = None
    label_folder: LabelFolder | None = None
    rater_folders: FolderName | None = None
    image_files: FilePattern | FilePatterns | None = None
    label_files: FilePattern | None = None
    train_on: Annotated[str, Field(min_length=1)] | None = None
    label_values: dict[int | str, NonNegativeInt] | None = None
    structure_names: Annotated[dict[str, ClassName], Field(max_length=1000)] = {}
    ignore_label: NonNegativeInt | None = None
    split: SplitConfig = SplitConfig()
    additional: Annotated[list[AdditionalConfig], Field(max_length=1000)] = []

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> DataConfig:
        check_each(
            self._check_classes,
            self._check_label_values,
            self._check_structure_names,
            self._check_folders,
            self._check_patterns,
            self._check_table,
            self._check_regions,
            self._check_lesions,
        )
        return self

    def _check_classes(self) -> None:
        if len(set(self.classes)) < len(self.classes) or "all" in self.classes:
            raise ValueError(
                f"classes {self.classes} must differ, and 'all' is the name of their mean"
            )

    def _check_label_values(self) -> None:
        label_values = self.label_values or {}
        beyond = sorted(k for k in label_values.values() if k >= len(self.classes))
        if beyond:
            raise ValueError(
                f"label_values maps to class {beyond[0]}, "
                f"but classes has 0 to {len(self.classes) - 1}"
            )
        ranges = sorted((value_range(key) for key in label_values), key=lambda values: values[0])
        for lower, upper in itertools.pairwise(ranges):
            if lower[-1] >= upper[0]:
                raise ValueError("label_values names a value twice; its ranges must not overlap")
        self._check_ignored(ranges or [range(len(self.classes))])

    def _check_ignored(self, declared: list[range]) -> None:
        if self.ignore_label is None:
            return
        if any(self.ignore_label in values for values in declared):
            raise ValueError(
                f"ignore_label {self.ignore_label} is the value of a class too, by label_values or "
                "the order of classes; take it out there, or correct ignore_label"
            )
        if self.has_raters:
            raise ValueError(
                "ignore_label serves one label of each case, and there are several raters; "
                "remove ignore_label, or take the labels of one rater"
            )

    def _check_structure_names(self) -> None:
        foreground = self.classes[1:]
        for roi, name in self.structure_names.items():
            if name not in foreground:
                hint = nearest(name, foreground)
                raise ValueError(
                    f"structure_names: '{name}' of '{roi}' is no class other than the first{hint}"
                )

    def _check_folders(self) -> None:
        if self.label_folder and self.layout != "folder":
            raise ValueError(
                f"label_folder belongs to the layout 'folder', and layout is '{self.layout}'"
            )
        if self.rater_folders and (self.layout != "folder" or self.label_folder):
            raise ValueError(
                "rater_folders belongs to the layout 'folder', and takes the place of "
                "label_folder; keep one"
            )
        if self.channels and self.layout != "folder":
            raise ValueError(
                f"channels belongs to the layout 'folder', and layout is '{self.layout}'; remove it"
            )
        if self.channels and len(set(self.channels)) < len(self.channels):
            raise ValueError(f"channels {self.channels} must differ")
        if self.train_on and not self.has_raters:
            remedy = f"layout '{self.layout}' has none: remove it"
            if self.layout == "folder":
                remedy = "set data.rater_folders, or remove train_on"
            if self.layout == "files":
                remedy = "write {rater} into data.label_files, or remove train_on"
            raise ValueError(
                "train_on chooses among several raters, whose folders rater_folders names; "
                f"{remedy}"
            )

    def _check_patterns(self) -> None:
        if bool(self.image_files) != (self.layout == "files"):
            raise ValueError(
                f"image_files is for the layout files, which needs it; layout is '{self.layout}'"
            )
        if self.label_files and self.layout != "files":
            raise ValueError(
                f"label_files belongs to the layout 'files', and layout is '{self.layout}'"
            )
        patterns = self.image_files or ""
        if not isinstance(patterns, str):
            patterns = " ".join(patterns.values())
        if "{rater}" in patterns:
            raise ValueError("image_files: {rater} is of labels alone; take it out")

    def _check_table(self) -> None:
        if bool(self.table) != self.layout.endswith("-table"):
            raise ValueError(
                "table is for the layouts image-table and landmark-table, which need it; "
                f"layout is '{self.layout}'"
            )

    def _check_regions(self) -> None:
        foreground = self.classes[1:]
        for region, members in self.regions.items():
            if region in (*self.classes, "all"):
                raise ValueError(
                    f"regions: '{region}' is the name of a class already, or 'all'; "
                    "give the region another"
                )
            unknown = [name for name in members if name not in foreground]
            if unknown:
                hint = nearest(unknown[0], foreground)
                raise ValueError(
                    f"regions: '{unknown[0]}' of '{region}' is no class other than the first{hint}"
                )

    def _check_lesions(self) -> None:
        for name in self.lesions or ():
            if name not in self.structures:
                hint = nearest(name, list(self.structures))
                raise ValueError(
                    f"lesions: '{name}' is no region and no class other than the first{hint}"
                )

    @property
    def has_raters(self) -> bool:
        """Whether a case has labels of several raters."""
        return bool(self.rater_folders) or "{rater}" in (self.label_files or "")

    @property
    def structures(self) -> dict[str, list[int]]:
        """What is measured and scored, as the classes that it consists of.

        Each class but the first, then each region.
        """
        structures = {name: [k] for k, name in enumerate(self.classes[1:], start=1)}
        for region, names in self.regions.items():
            structures[region] = [self.classes.index(name) for name in names]
        return structures

    @property
    def layout_options(self) -> dict[str, Any]:
        """What the layout needs to know, other than its root."""
        options = {}
        for name in _LAYOUT_OPTIONS.get(self.layout, ()):
            value = getattr(self, name)
            if value:
                options[name] = value
        return options
