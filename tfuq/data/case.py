"""A case: the files of one subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tfuq.data.readers.suffixes import is_plain_image
from tfuq.data.units import PLAIN_IMAGE, SCAN, SIZED_IMAGE, Unit
from tfuq.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    from tfuq.config import Config

UNNAMED_RATER = "table"  # who wrote a table of landmarks
Part = Literal["train", "validation", "test"]  # what a data set itself sets a case aside for


@dataclass(frozen=True)
class Case:
    """One subject.

    Its reference, where there is one, is ``label``, ``raters`` or ``truth``.

    Attributes:
        id: Unique in its data set.
        images: A file per channel; the folder of a DICOM series is as a file.
        label: A label file.
        mask: A file of where to look, which stands in for what the label says of that.
        truth: The name or number of a class, or landmarks ``[L, 2]`` as written, by rater.
        part: What the data set itself sets the case aside for.
        row: The number of its image, where a file holds many.
        raters: A label file by each of several raters.
        pixel_mm: The width of a pixel of its plain images in mm, where that is known.
        label_tolerance: How far values of its labels may lie from a whole number to be rounded.
        classes: The names of its classes, by which the regions of a structure set are found.
        structure_names: The class of regions that have other names.
        channels: The names of the image's channels in their order; none where they are not told.
        series: The UID of its DICOM series, where the folder holds several.
        ignore_label: The value of its labels that says that nothing is known of a voxel.
        is_additional: Whether it joins the training cases, whatever the split is.
    """

    id: str
    images: tuple[Path, ...]
    label: Path | None = None
    mask: Path | None = None
    truth: int | str | dict[str, np.ndarray] | None = field(default=None, compare=False)
    part: Part | None = None
    row: int | None = None
    raters: Mapping[str, Path] = field(default_factory=dict, compare=False)
    pixel_mm: float | None = None
    label_tolerance: float = 0.0
    classes: tuple[str, ...] = ()
    structure_names: Mapping[str, str] = field(default_factory=dict, compare=False)
    channels: tuple[str, ...] = field(default=(), compare=False)
    series: str | None = None
    ignore_label: int | None = None
    is_additional: bool = field(default=False, compare=False)

    @property
    def unit(self) -> Unit:
        """The unit of lengths and sizes on the grid of its images."""
        if not any(map(is_plain_image, self.images)):
            return SCAN
        if self.pixel_mm is None:
            return PLAIN_IMAGE
        return SIZED_IMAGE

    @property
    def has_reference(self) -> bool:
        """Whether it can be trained on or scored."""
        return self.label is not None or self.truth is not None or bool(self.raters)

    def by(self, rater: str) -> Case:
        """The case with one rater's label alone.

        Raises:
            DataError: There is none by that rater.
        """
        if rater not in self.raters:
            raters = ", ".join(self.raters) or "none"
            raise DataError(
                f"case '{self.id}' has no label by '{rater}'; it has {raters}: "
                "add the file, leave the case out, "
                "or set data.train_on to another rater, majority or random"
            )
        return replace(self, label=self.raters[rater], raters={})


@contextmanager
def naming(case: Case) -> Iterator[None]:
    """Within the block, errors that do not know their file begin with the case's."""
    try:
        yield
    except DataError as error:
        source = str(case.images[0] if case.images else case.id)
        if case.row is not None:
            source += f": image {case.row}"
        raise DataError(f"{source}: {error}") from error


def training_views(config: Config, case: Case) -> list[Case]:
    """The case with each reference that an example may be trained on.

    Of several raters this is what ``data.train_on`` says; each of them for ``random``.

    Raises:
        DataError: The rater to train on has not labelled it.
    """
    chosen = config.data.train_on
    if not case.raters or chosen in (None, "majority"):
        return [case]
    if chosen == "random":
        return [case.by(rater) for rater in case.raters]
    return [case.by(chosen)]
