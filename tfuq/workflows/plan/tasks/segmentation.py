"""The plan of a segmentation: scans in 3D or by slices, or pictures."""

from __future__ import annotations

import numpy as np

from tfuq.config import Config, sides_of
from tfuq.data.cases import read_label
from tfuq.data.orientation import CLOSEST
from tfuq.workflows.plan.fingerprint import Fingerprint
from tfuq.workflows.plan.geometry import (
    differ,
    has_few_slices,
    levels_of,
    patch_of,
    target_spacing,
    whole_steps,
)
from tfuq.workflows.plan.settings import Settings
from tfuq.workflows.plan.sizing import Limits, Size
from tfuq.workflows.plan.tasks.base import PLANNERS, Planner
from tfuq.workflows.plan.tasks.common import (
    picture_sides,
    put_network,
    put_optimization,
    put_samples,
)

_MOST_PATCHES = 64  # of which a volume may be; of more it is seen coarser
_COARSER = 1.05
_MOST_FILTERS = {2: 512, 3: 320}
_DIGITS = 4
_RARE = 0.01  # share of voxels of structures that patches are aimed at


def _limits(fingerprint: Fingerprint) -> Limits:
    size = fingerprint.size
    if not fingerprint.is_picture:
        size = _extent(fingerprint, target_spacing(fingerprint.spacings, fingerprint.shapes))
    if fingerprint.is_picture or has_few_slices(size):
        return Limits(
            smallest=Size(width=8, elements=128.0**2, batch=8),
            largest=Size(width=32, elements=512.0**2, batch=32),
        ).within(np.sort(size)[1:].prod())
    return Limits(
        smallest=Size(width=8, elements=64.0**3, batch=2),
        largest=Size(width=32, elements=128.0**3, batch=4),
    ).within(size.prod())


def _extent(fingerprint: Fingerprint, spacing: np.ndarray) -> np.ndarray:
    """The median of voxels along each axis at a spacing, not rounded."""
    widths: np.ndarray = np.median(fingerprint.shapes * fingerprint.spacings, axis=0)
    extent: np.ndarray = widths / spacing
    return extent


def _draft(config: Config, fingerprint: Fingerprint, size: Size) -> Settings:
    settings = Settings()
    if fingerprint.is_picture:
        image, spacing = _put_picture(settings, fingerprint, size)
    else:
        image, spacing = _put_scan(settings, fingerprint, size)
    patch = patch_of(image, spacing, size.elements)
    levels = levels_of(patch, spacing)
    whole = whole_steps(patch, image, levels)
    if fingerprint.is_picture:
        settings.put("preprocessing", "size", [*whole, 1], "what the network sees")
    _put_augmentation(settings, config, fingerprint, rank=len(patch))
    put_network(settings, size, whole, levels, _MOST_FILTERS[len(patch)])
    if len(levels.kernels) > 2:
        settings.put("network", "deep_supervision", True, "coarse maps learn from the loss itself")
    put_optimization(settings, size)
    settings.put("training", "loss", {"name": "dice-ce", "dice_weight": 0.5}, _balance(fingerprint))
    settings.put("training", "foreground_share", _foreground_share(fingerprint))
    put_samples(settings)
    return settings


def _put_picture(
    settings: Settings, fingerprint: Fingerprint, size: Size
) -> tuple[np.ndarray, np.ndarray]:
    """Decide what a picture is made into; its size and spacing then.

    Pictures are resized, as their structures are large and sizes differ.
    """
    settings.put("preprocessing", "slice_axis", 2, "a picture is one slice")
    settings.put("preprocessing", "anti_aliasing", True)
    settings.put("preprocessing", "normalization", "zscore")
    return np.floor(picture_sides(fingerprint, size)), np.ones(2)


def _put_scan(
    settings: Settings, fingerprint: Fingerprint, size: Size
) -> tuple[np.ndarray, np.ndarray]:
    """Decide what a scan is made into; its size and spacing then."""
    spacing = _put_spacing(settings, fingerprint, size)
    extent = _extent(fingerprint, spacing)
    _put_intensities(settings, fingerprint)
    if has_few_slices(extent):
        axis = int(extent.argmin())
        settings.put("preprocessing", "slice_axis", axis, "few slices: one is seen at a time")
        extent = np.delete(extent, axis)
        spacing = np.delete(spacing, axis)
    return np.ceil(extent), spacing


def _put_spacing(settings: Settings, fingerprint: Fingerprint, size: Size) -> np.ndarray:
    """Choose the spacing: the scans' own, or coarser where they are very many patches."""
    spacing = target_spacing(fingerprint.spacings, fingerprint.shapes)
    reason = ""
    if differ(fingerprint.spacings):
        reason = "the median, in mm; of thick slices, that of the thinner ones"
    is_coarser = False
    if not has_few_slices(_extent(fingerprint, spacing)):
        while np.prod(_extent(fingerprint, spacing)) > _MOST_PATCHES * size.elements:
            spacing = _coarser(spacing)
            is_coarser = True
    if is_coarser:
        settings.put("preprocessing", "anti_aliasing", True)
        reason = (
            f"coarser than the scans, which would be more than {_MOST_PATCHES} patches; with more "
            "--memory and --time it is finer"
        )
    if reason:
        settings.put("preprocessing", "spacing", _rounded(spacing), reason)
    return spacing


def _coarser(spacing: np.ndarray) -> np.ndarray:
    """Widen the finest axes, so that voxels become cubes."""
    is_fine = spacing <= spacing.min() * _COARSER
    return np.where(is_fine, spacing * _COARSER, spacing)


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), _DIGITS) for value in values]


def _put_intensities(settings: Settings, fingerprint: Fingerprint) -> None:
    if not fingerprint.is_ct:
        reason = "by each scan, as intensities have no unit"
        settings.put("preprocessing", "normalization", "zscore", reason)
        return
    low, high = fingerprint.quantiles[0]
    if low < high:
        reason = (
            "99 % of the structures' values; it is taken for a CT, as air is about -1000: if it is "
            "none, remove the window and set normalization: zscore"
        )
        settings.put("preprocessing", "window", [float(round(low)), float(round(high))], reason)
    reason = "one scale for all scans, as Hounsfield units mean the same in each"
    settings.put("preprocessing", "normalization", "zscore-training", reason)


def _put_augmentation(
    settings: Settings, config: Config, fingerprint: Fingerprint, *, rank: int
) -> None:
    if not fingerprint.is_picture:
        _put_mirroring(settings, config.data.classes, _directions(settings, fingerprint))
    settings.put("augmentation", "rotation_degrees", 30.0 if rank == 3 else 15.0)
    settings.put("augmentation", "rotation_probability", 0.3)
    settings.put("augmentation", "scale", 0.25)
    settings.put("augmentation", "scale_probability", 0.3)
    if rank == 3:
        _put_plane(settings, fingerprint)
    settings.put("augmentation", "perturbations", dict(_PERTURBATIONS))


def _directions(settings: Settings, fingerprint: Fingerprint) -> str:
    """Where the axes of a patch point to, such as ``RAS``, or ``RS`` of slices from the front."""
    directions = list(fingerprint.orientation or CLOSEST)
    slice_axis = settings.sections["preprocessing"].get("slice_axis")
    if slice_axis is not None:
        del directions[slice_axis]
    return "".join(directions)


def _put_mirroring(settings: Settings, names: list[str], directions: str) -> None:
    """Mirror the axes of which no class is one side."""
    sided = "".join(sides_of(names))
    axes = [axis for axis, letter in enumerate(directions) if letter not in sided]
    reason = "no class is named by a side; if some are sides, such as left and right, remove it"
    if sided:
        reason = "not the axes of which names of classes say a side, such as left or front"
    if axes:
        settings.put("augmentation", "flip_axes", axes, reason)
    else:
        settings.reasons["augmentation.rotation_degrees"] = f"no mirroring: {reason}"


def _put_plane(settings: Settings, fingerprint: Fingerprint) -> None:
    """Volumes of thick slices turn within their slices."""
    spacing = target_spacing(fingerprint.spacings, fingerprint.shapes)
    axis = int(spacing.argmax())
    if spacing[axis] > 3 * np.delete(spacing, axis).max():
        reason = "slices are thick: volumes turn within them"
        settings.put("augmentation", "plane_axis", axis, reason)


_PERTURBATIONS = {
    "noise": {"probability": 0.1, "range": [0.0, 0.3]},
    "blur": {"probability": 0.2, "range": [0.5, 1.0]},
    "gain": {"probability": 0.15, "range": [-0.25, 0.25]},
    "mean-contrast": {"probability": 0.15, "range": [-0.25, 0.25]},
    "downsampling": {"probability": 0.25, "range": [0.0, 1.0]},
    "contrast": {"probability": 0.3, "range": [-0.4, 0.4]},
    "inverted-contrast": {"probability": 0.1, "range": [-0.4, 0.4]},
}


def _balance(fingerprint: Fingerprint) -> str:
    structures = fingerprint.class_shares[1:]
    if not structures:
        return "Dice for structures of any size, cross-entropy for true probabilities"
    return (
        f"the rarest class has {100 * min(structures):.2g} % of the voxels: Dice counts structures "
        "alike, cross-entropy makes probabilities true"
    )


def _foreground_share(fingerprint: Fingerprint) -> float:
    """How many patches are aimed at a structure: more where structures are rare."""
    structures = fingerprint.class_shares[1:]
    if structures and sum(structures) < _RARE:
        return 0.67
    return 0.33


PLANNERS.register("segmentation")(Planner(labels=read_label, rank=3, limits=_limits, draft=_draft))
