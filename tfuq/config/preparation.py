"""How data are prepared for a network, in a configuration."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, Discriminator, Field, NonNegativeInt, PositiveInt, Tag

from tfuq.config.section import Fraction, Intensity, Positive, Section, Size, check_each

_DIRECTIONS = ("LR", "PA", "IS")  # left or right, back or front, foot or head


def orientation_name(name: str) -> str:
    """The name of an orientation, such as ``RAS``.

    Raises:
        ValueError: It does not name each of the three directions once.
    """
    kinds = [kind for letter in name for kind in _DIRECTIONS if letter in kind]
    if len(name) != 3 or sorted(kinds) != sorted(_DIRECTIONS):
        raise ValueError(
            f"'{name}' must have a letter each of {', '.join(_DIRECTIONS)} in any order, as in RAS"
        )
    return name


class PreprocessingConfig(Section):
    """Steps from a case's own grid to the network's, in this order; a null one is left out.

    ``orientation``: where the axes point in what the network sees, as in ``RAS`` (right, front,
    head). Every scan is brought to it, and what is predicted back to the scan's own axes, exactly.
    ``spacing``, ``size`` and ``slice_axis`` are of these axes. If null, it is that of the training
    cases where all have one, else RAS; the run's ``environment.json`` has it.

    ``spacing`` is in mm; of plain images without ``data.pixel_mm``, in pixels of the image.

    ``crop_to_labels``: values of the label file that make a case's mask, such as an organ. The
    mask's box is kept. A case to predict may have a mask of its own instead (``tfuq predict
    --mask``). ``anti_aliasing`` smooths an image before it is resampled to fewer voxels.
    ``outside_labels`` is the value of voxels outside the mask, after the window: a value below the
    window's keeps them apart.
    """

    orientation: Annotated[str, AfterValidator(orientation_name)] | None = None
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
    def _consistent(self) -> PreprocessingConfig:
        if self.spacing and self.size:
            raise ValueError("spacing and size both resample: keep one and set the other to null")
        if self.window and self.window[0] >= self.window[1]:
            raise ValueError(f"window {self.window} must have its lower bound below its upper")
        if self.outside_labels is not None and not self.crop_to_labels:
            raise ValueError(
                "outside_labels needs crop_to_labels, whose values say what is inside; "
                "set both, or neither"
            )
        return self


class OccasionConfig(Section):
    """How often a perturbation is drawn, and between which severities."""

    probability: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    range: Annotated[list[Intensity], Field(min_length=2, max_length=2)]

    @pydantic.model_validator(mode="after")
    def _ordered(self) -> OccasionConfig:
        low, high = self.range
        if low > high:
            raise ValueError(f"range {self.range} must begin with its lower end: exchange both")
        return self


# Names of the forms of a value, which errors do not show (see `tfuq.config.faults`).
_NUMBER = "float"
_SECTION = "dict[section]"


def _form_of(value: Any) -> str:
    """Which of its forms a value is meant to have: its faults are those of this form."""
    if isinstance(value, (dict, OccasionConfig)):
        return _SECTION
    return _NUMBER


Occasion = Annotated[
    Annotated[Positive, Tag(_NUMBER)] | Annotated[OccasionConfig, Tag(_SECTION)],
    Discriminator(_form_of),
]


class AugmentationConfig(Section):
    """Random changes of training examples; zero turns one off.

    ``rotation_degrees``, ``scale`` and ``elastic`` are drawn for an example with their
    ``rotation_probability`` and so on. ``plane_axis``: an axis along which volumes stay where they
    are: they are turned, scaled and distorted within the planes across it, as fits thick slices.

    ``perturbations``: those of ``tfuq shift`` by name, each with its largest severity. The severity
    of an example is random below it; where severities have a sign, in either direction. A section
    of a ``probability`` and a ``range`` of severities in place of the largest severity perturbs
    some examples. Voxels count as cubes.
    """

    flip_axes: list[Literal[0, 1, 2]] = []
    rotation_degrees: Annotated[float, Field(ge=0.0, le=180.0)] = 0.0
    rotation_probability: Fraction = 1.0
    scale: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    scale_probability: Fraction = 1.0
    shift: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    elastic: Annotated[float, Field(ge=0.0, le=1e4)] = 0.0
    elastic_probability: Fraction = 1.0
    elastic_smoothness: Positive = 8.0
    plane_axis: Literal[0, 1, 2] | None = None
    intensity: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    noise: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    perturbations: dict[str, Occasion] = {}

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> AugmentationConfig:
        check_each(
            lambda: self._require_used("rotation_probability", "rotation_degrees"),
            lambda: self._require_used("scale_probability", "scale"),
            lambda: self._require_used("elastic_probability", "elastic"),
            lambda: self._require_used("plane_axis", "rotation_degrees", "scale", "elastic"),
        )
        return self

    def _require_used(self, key: str, *movements: str) -> None:
        """Refuse a key that says how something is drawn which is turned off."""
        if not self.is_default(key) and not any(getattr(self, name) for name in movements):
            raise ValueError(
                f"{key} serves {' and '.join(movements)}, and none is above 0: remove it, or set "
                f"{movements[0]}"
            )
