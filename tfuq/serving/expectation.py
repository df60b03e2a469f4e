"""What an output of a served network must be, and the request that asks for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tfuq.config import Config
from tfuq.measures.catalogue import OF_VOXELS
from tfuq.serving.description import Export

ROUNDING = 1e-4  # of means over many samples in single precision
Pair = tuple[float, float]
Bounds = Pair | tuple[Pair, ...]
ANY = (-math.inf, math.inf)


@dataclass(frozen=True)
class Output:
    """What one output of a signature must be.

    Attributes:
        dtype: Of its elements; ``object`` for texts.
        shape: Its axes.
        bounds: The least and the greatest value, both finite values at most `ROUNDING` beyond.
            One pair, or ``[n, 2]``: a pair for each place of the last axis.
        adds_to_one: Whether the values along the last axis add up to 1.
        texts: The texts that it may hold, where it holds texts.
    """

    dtype: type
    shape: tuple[int, ...]
    bounds: Bounds = ANY
    adds_to_one: bool = False
    texts: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)

    @property
    def most_bytes(self) -> int:
        """Bytes that its elements take at the most."""
        if self.texts:
            return self.size * max(len(text.encode()) for text in self.texts)
        return self.size * np.dtype(self.dtype).itemsize


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a signature of an export is asked."""

    export: Export
    config: Config
    signature: str
    inputs: Mapping[str, np.ndarray]

    @property
    def images(self) -> int:
        """How many images are sent."""
        images: int = self.inputs["image"].shape[0]
        return images

    @property
    def space(self) -> tuple[int, ...]:
        """Their size in pixels or voxels."""
        return self.inputs["image"].shape[1:-1]

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.export.classes)

    @property
    def samples(self) -> int:
        """How many samples are taken."""
        if self.signature == "deterministic":
            return 1
        asked = self.inputs.get("num_samples", self.export.samples)
        return min(max(int(asked), 1), self.export.max_samples)


def numbers(shape: tuple[int, ...], bounds: Bounds, *, adds_to_one: bool = False) -> Output:
    """An output of numbers in single precision; see `Output`."""
    return Output(np.float32, shape, bounds, adds_to_one=adds_to_one)


def of_classes(asked: Asked, shape: tuple[int, ...]) -> dict[str, Output]:
    """Outputs that segmentation has for each voxel and classification for each image."""
    classes = asked.classes
    maps = {measure.name: numbers(shape, measure.bounds(classes)) for measure in OF_VOXELS}
    return {
        "probability": numbers((*shape, classes), (0.0, 1.0), adds_to_one=True),
        **maps,
    }
