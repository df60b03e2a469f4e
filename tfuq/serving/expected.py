"""What a reply to a request must be: by the export's description, before a server is believed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tfuq.config import Config
from tfuq.errors import RunError
from tfuq.heteroscedastic import LOG_VARIANCE_BOUNDS
from tfuq.serving.description import Export

ROUNDING = 1e-4  # of means over many samples in single precision
Pair = tuple[float, float]
Bounds = Pair | tuple[Pair, ...]
_ANY = (-math.inf, math.inf)
_HALF_PIXEL = 0.5  # the border of an image lies beyond the centre of its last pixel


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
    bounds: Bounds = _ANY
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


Expected = Mapping[str, Output]


def expected_outputs(
    export: Export,
    config: Config,
    signature: str,
    inputs: Mapping[str, np.ndarray],
) -> dict[str, Output]:
    """What the reply to a request must be.

    Args:
        export: The description of what is served.
        config: The configuration of the run that was exported.
        signature: The name of the signature that is asked.
        inputs: The request. Its ``image`` is ``[N, *S, C]``.

    Returns:
        What each output must be, by name.

    Raises:
        RunError: The description has no such signature, or an output that this version of tfuq does
            not know.
    """
    request = _Request(export=export, config=config, signature=signature, inputs=inputs)
    known = _OUTPUTS_OF[export.task](request)
    names = export.signatures.get(signature, [])
    if not names:
        raise _not_described(export, f"signature {signature} is not in its description")
    for name in names:
        if name not in known:
            output = f"output '{name}' of {signature}"
            problem = f"{output} is none that this version of tfuq knows"
            raise _not_described(export, problem)
    return {name: known[name] for name in names}


def _not_described(export: Export, problem: str) -> RunError:
    return RunError(f"export {export.name}: {problem}; export again with this version of tfuq")


@dataclass(frozen=True, kw_only=True)
class _Request:
    export: Export
    config: Config
    signature: str
    inputs: Mapping[str, np.ndarray]

    @property
    def images(self) -> int:
        images: int = self.inputs["image"].shape[0]
        return images

    @property
    def space(self) -> tuple[int, ...]:
        return self.inputs["image"].shape[1:-1]

    @property
    def classes(self) -> int:
        return len(self.export.classes)

    @property
    def samples(self) -> int:
        if self.signature == "deterministic":
            return 1
        asked = self.inputs.get("num_samples", self.export.samples)
        return min(max(int(asked), 1), self.export.max_samples)


def _numbers(shape: tuple[int, ...], bounds: Bounds, *, adds_to_one: bool = False) -> Output:
    return Output(np.float32, shape, bounds, adds_to_one=adds_to_one)


def _of_classes(request: _Request, shape: tuple[int, ...]) -> dict[str, Output]:
    """Outputs that segmentation has for each voxel and classification for each image."""
    classes = request.classes
    entropy = (0.0, math.log(classes))
    return {
        "probability": _numbers((*shape, classes), (0.0, 1.0), adds_to_one=True),
        "predictive_entropy": _numbers(shape, entropy),
        "expected_entropy": _numbers(shape, entropy),
        "mutual_information": _numbers(shape, entropy),
        "variation_ratio": _numbers(shape, (0.0, 1.0 - 1.0 / classes)),
        "standard_deviation": _numbers(shape, (0.0, 0.5)),
    }


def _of_segmentation(request: _Request) -> dict[str, Output]:
    shape = (request.images, *request.space)
    entropy_term = (0.0, 1.0 / math.e)  # −p log p
    regions = len(request.config.data.regions)
    packed_size = -(-math.prod(request.space) // 8)
    masks = (request.images, request.samples, request.classes - 1, packed_size)
    return _of_classes(request, shape) | {
        "label": Output(np.uint8, shape, (0, request.classes - 1)),
        "variance": _numbers((*shape, request.classes), (0.0, 0.25)),
        "entropy_terms": _numbers((*shape, request.classes), entropy_term),
        "region_entropy_terms": _numbers((*shape, regions), entropy_term),
        "masks": Output(np.uint8, masks, (0, 255)),
    }


def _of_classification(request: _Request) -> dict[str, Output]:
    shape = (request.images,)
    return _of_classes(request, shape) | {
        "label": Output(object, shape, texts=tuple(request.export.classes)),
        "votes": _numbers((*shape, request.classes), (0.0, 1.0), adds_to_one=True),
    }


def _of_landmarks(request: _Request) -> dict[str, Output]:
    height, width = request.space
    across = _pixels(width)
    down = _pixels(height)
    columns = [across, down, _ANY]
    if request.config.network.heteroscedastic:
        columns.append(LOG_VARIANCE_BOUNDS)
    landmarks = len(request.export.landmarks)
    shape = (request.images, landmarks)
    samples = (request.images, request.samples, landmarks, len(columns))
    # The variance of what lies within a range is at most a quarter of its square (Popoviciu 1935).
    both = (0.0, (width**2 + height**2) / 4)
    least, greatest = LOG_VARIANCE_BOUNDS
    predicted = (2.0 * math.exp(least), 2.0 * math.exp(greatest))
    bounds = {
        "x": across,
        "y": down,
        "max_activation": _ANY,
        "covariance_xx": (0.0, width**2 / 4),
        "covariance_xy": (-width * height / 4, width * height / 4),
        "covariance_yy": (0.0, height**2 / 4),
        "variance": both,
        "mean_radial_spread": (0.0, math.hypot(width, height)),
        "aleatoric_variance": predicted,
        "epistemic_variance": both,
        "total_variance": (predicted[0], predicted[1] + both[1]),
    }
    known = {name: _numbers(shape, pair) for name, pair in bounds.items()}
    return known | {"landmarks": _numbers(samples, tuple(columns))}


def _pixels(size: int) -> Pair:
    """Positions along an axis of an image."""
    return -_HALF_PIXEL, size - _HALF_PIXEL


_OUTPUTS_OF: dict[str, Callable[[_Request], dict[str, Output]]] = {
    "segmentation": _of_segmentation,
    "classification": _of_classification,
    "landmarks": _of_landmarks,
}
