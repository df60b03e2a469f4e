"""A T1-weighted MR that is cut around one hippocampus, in the Decathlon's layout.

It is made of simple shapes: a curved tube of grey matter within white matter, with cortex below,
fluid at its side and behind it, and the midbrain beyond. It has the size and the grey values that
the model of the hippocampus was trained on, and borders that raters draw differently.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import special

from tfuq.data.phantoms import decathlon
from tfuq.data.phantoms.ambiguity import LabelledPhantom, draw_label, smooth_field

SHAPE = (36, 50, 36)  # right, front, top; voxels of 1 mm
RATERS = 3
STRUCTURES = ("background", "anterior", "posterior")
# Signal of the tissues.
_FLUID = 150.0
_GREY = 560.0
_AMYGDALA = 800.0
_MIDBRAIN = 850.0
_WHITE = 1050.0
_NOISE = 45.0
_BIAS = 0.06
# Of the tube, in voxels: where it ends, its middle at the tail and at the head, and its radii.
_ENDS = (7.0, 40.0)
_TAIL = (13.0, 26.0)
_HEAD = (18.0, 10.5)
_TAIL_RADII = (3.5, 2.6)
_HEAD_RADII = (6.5, 5.0)
_SPLIT = 0.64  # of the way from tail to head: where anterior begins
_MIDBRAIN_DISTANCE = 6.0
_DECATHLON = decathlon.DecathlonSet(
    title="Hippocampus phantom", modalities=["MRI"], classes=STRUCTURES, affine=np.eye(4)
)


@dataclass(frozen=True, kw_only=True)
class _Tube:
    """Where each voxel lies about the tube, in voxels.

    Attributes:
        along: From 0 at the tail to 1 at the head, and on beyond both.
        aside: How far to the right of its middle.
        above: How far above its middle.
        widths: Its radius to the side.
        heights: Its radius upwards.
    """

    along: np.ndarray
    aside: np.ndarray
    above: np.ndarray
    widths: np.ndarray
    heights: np.ndarray

    def depth(self) -> np.ndarray:
        """The depth below its surface, negative outside."""
        length = _ENDS[1] - _ENDS[0]
        from_middle = np.abs(self.along - 0.5) * length
        beyond = np.maximum(from_middle - length / 2 + self.heights, 0) / self.heights
        distance = np.sqrt(
            (self.aside / self.widths) ** 2 + (self.above / self.heights) ** 2 + beyond**2
        )
        depth: np.ndarray = (1 - distance) * (self.widths + self.heights) / 2
        return depth


def hippocampus_phantom(rng: np.random.Generator) -> LabelledPhantom:
    """Draw a hippocampus, its image, and what several raters make of it.

    Args:
        rng: The source of randomness.
    """
    tube = _tube(rng)
    depth = tube.depth() + 0.5 * smooth_field(rng, SHAPE, 2.5)
    ambiguity = rng.uniform(0.4, 0.7)
    is_anterior = tube.along > _SPLIT + rng.uniform(-0.06, 0.06)
    raters = []
    for _ in range(RATERS):
        inside = draw_label(rng, depth, (0.0,), ambiguity)
        raters.append(np.where(is_anterior, inside, 2 * inside).astype(np.uint8))
    inside = special.ndtr(depth / ambiguity)
    probabilities = np.stack([1 - inside, inside * is_anterior, inside * ~is_anterior], -1)
    return LabelledPhantom(
        image=_image(rng, inside, _surroundings(rng, tube)),
        probabilities=probabilities.astype(np.float32),
        raters=np.array(raters),
    )


def _tube(rng: np.random.Generator) -> _Tube:
    right, front, top = np.indices(SHAPE).astype(float)
    shift = rng.uniform(-1.5, 1.5, 3)
    size = rng.uniform(0.9, 1.1, 2)
    along = (front - shift[1] - _ENDS[0]) / (_ENDS[1] - _ENDS[0])
    inside = np.clip(along, 0, 1)
    middle_right = _between(inside, _TAIL[0], _HEAD[0]) + shift[0]
    middle_top = _between(inside, _TAIL[1], _HEAD[1]) + shift[2]
    return _Tube(
        along=along,
        aside=right - middle_right,
        above=top - middle_top,
        widths=_between(inside, _TAIL_RADII[0], _HEAD_RADII[0]) * size[0],
        heights=_between(inside, _TAIL_RADII[1], _HEAD_RADII[1]) * size[1],
    )


def _between(share: np.ndarray, first: float, last: float) -> np.ndarray:
    value: np.ndarray = first + share * (last - first)
    return value


def _surroundings(rng: np.random.Generator, tube: _Tube) -> np.ndarray:
    """The signal about the tube; later tissues cover earlier ones."""
    folds = 1.5 * smooth_field(rng, SHAPE, 3.0)
    signal = np.full(SHAPE, _WHITE)
    below = -tube.above - tube.heights + folds
    signal[below > 3.0] = _GREY  # the cortex, with a sulcus
    signal[(below > 7.0) & (below < 8.5)] = _FLUID
    above = tube.above - tube.heights + folds
    is_amygdala = (tube.along > 0.8) & (above > 1.0)
    signal[is_amygdala & (signal == _WHITE)] = _AMYGDALA
    beside = tube.aside - tube.widths + folds
    is_low = above < 1.5
    signal[(beside > 1.0) & is_low] = _FLUID
    signal[beside > _MIDBRAIN_DISTANCE] = _MIDBRAIN
    is_horn = (above > 0.3) & (above < 1.8) & (tube.aside < -0.3 * tube.widths)
    signal[is_horn & (tube.along > 0.3) & (tube.along < 0.9)] = _FLUID
    is_ventricle = (tube.along < 0.05) & (tube.above > -1.0 + folds)
    signal[is_ventricle] = _FLUID
    return signal


def _image(rng: np.random.Generator, inside: np.ndarray, around: np.ndarray) -> np.ndarray:
    clean = inside * _GREY + (1 - inside) * around
    biased = clean * (1 + _BIAS * smooth_field(rng, SHAPE, 10.0))
    rounded: np.ndarray = np.rint(np.maximum(biased + rng.normal(0, _NOISE, SHAPE), 0))
    return rounded.astype(np.int16)


def write_hippocampus_phantom(folder: Path, cases: int, seed: int) -> None:
    """Write the layout of the Medical Decathlon's Task04.

    Args:
        folder: The folder of the data set.
        cases: How many cases to write.
        seed: The same seed writes the same bytes.
    """
    phantoms = (
        (f"made_{number:03d}", hippocampus_phantom(np.random.default_rng([seed, number])))
        for number in range(1, cases + 1)
    )
    _DECATHLON.write(folder, phantoms)
