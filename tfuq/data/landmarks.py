"""Examples of landmark regression: whole images with the positions of their landmarks.

Positions are ``(x, y)``, column and row, pixel centres at whole numbers, y down; a missing landmark is NaN. An image that is
resized keeps its field of view, so position x of a row of W pixels is (x + ½)·w/W − ½ of one of w.
"""

from __future__ import annotations

import numpy as np

from tfuq.config import Config
from tfuq.data.augmentation import augment_landmarks
from tfuq.data.cases import UNNAMED_RATER, Case, naming, read_case_image
from tfuq.data.dataset import Example, Examples, TrainingSet
from tfuq.data.preprocessing import Preprocessor
from tfuq.errors import DataError

Size = tuple[int, int]  # rows, columns


def rescale_points(points: np.ndarray, source: Size, target: Size) -> np.ndarray:
    """``points [..., 2]`` of an image of ``source`` size as those of the same image at ``target`` size."""
    return (points + 0.5) * stretch(source, target) - 0.5


def stretch(source: Size, target: Size) -> np.ndarray:
    """Target pixels per source pixel along x and y."""
    return np.array([target[1] / source[1], target[0] / source[0]])


def reference_points(config: Config, case: Case, size: Size) -> np.ndarray:
    """The configured rater's landmarks ``[L, 2]`` in pixels of the image, whose ``size`` is given.

    Raises:
        DataError: no annotation, one of another number of landmarks, or a landmark outside the image.
    """
    return rater_points(config, case, size, config.data.annotations.rater)


def rater_points(config: Config, case: Case, size: Size, rater: str) -> np.ndarray:
    """As `reference_points`, of a rater by name or the ``mean`` of all; a table's rater serves by any name."""
    raters = case.truth
    if not isinstance(raters, dict) or not raters:
        raise DataError(f"case '{case.id}' has no landmarks; they are needed to train or score")
    if rater == "mean":
        points = np.mean(list(raters.values()), axis=0)
    elif UNNAMED_RATER in raters:
        points = raters[UNNAMED_RATER]
    elif rater in raters:
        points = raters[rater]
    else:
        raise DataError(f"case '{case.id}': no annotation by '{rater}'; it has {', '.join(raters)}")
    return _in_image(config, case, np.asarray(points, float), size)


def _in_image(config: Config, case: Case, points: np.ndarray, size: Size) -> np.ndarray:
    names, written = config.data.landmarks, config.data.annotations
    if len(points) != len(names):
        raise DataError(
            f"case '{case.id}': has {len(points)} landmarks, data.landmarks names {len(names)}; correct one of them"
        )
    annotated = (written.image_size[1], written.image_size[0]) if written.image_size else size
    if written.y_up:
        points = np.stack([points[:, 0], annotated[0] - points[:, 1]], -1)
    points = rescale_points(points, annotated, size)
    outside = ((points < -0.5) | (points > np.array(size[::-1]) - 0.5)).any(-1)
    if outside.any():
        first = int(np.argmax(outside))
        x, y = points[first]
        raise DataError(
            f"case '{case.id}': landmark '{names[first]}' at ({x:.1f}, {y:.1f}) is outside its image of {size[1]}×{size[0]} pixels; "
            "correct it, or data.annotations.image_size and y_up"
        )
    return points


def pixel_mm(config: Config, size: Size) -> np.ndarray | None:
    """Width and height of an image's pixel in mm, for an image of ``size``; None where the configuration does not say."""
    written = config.data.annotations
    if written.pixel_mm is None:
        return None
    annotated = (written.image_size[1], written.image_size[0]) if written.image_size else size
    return written.pixel_mm / stretch(annotated, size)


def image_diagonal(size: Size, mm: np.ndarray | None) -> float:
    """The diagonal of an image of ``size`` in mm, of pixels as `pixel_mm` gives them, or in pixels where that is None."""
    return float(np.linalg.norm(np.array(size[::-1]) * (1.0 if mm is None else mm)))


def load_examples(config: Config, preprocessor: Preprocessor, case: Case) -> Examples:
    """Read and preprocess a case: one image and its landmarks ``[1, L, 2]`` in the network's pixels."""
    image = read_case_image(case)
    size = image.shape[:2]
    points = rescale_points(reference_points(config, case, size), size, tuple(config.network.patch_size))
    with naming(case):
        prepared = preprocessor.image(image).array[:, :, 0]
    return Examples(prepared[None], points[None].astype(np.float32))


class LandmarkSet(TrainingSet):
    """Images ``[rows, columns, C]`` with their landmarks ``[L, 2]`` float32."""

    def _load(self, case: Case) -> Examples:
        return load_examples(self._config, self._preprocessor, case)

    def _count(self, examples: Examples) -> None:
        """Nothing is counted."""

    def _terms_of(self, examples: Examples) -> list[int]:
        """Those of the landmarks that are there, as the loss takes no other."""
        present = np.isfinite(examples.targets).all(-1).sum(-1)
        return [int(count) * self._terms_per_landmark for count in present]

    @property
    def terms_per_example(self) -> int:
        """Heatmap pixels where their errors are averaged, landmarks where each is a distribution over pixels."""
        return len(self._config.data.landmarks) * self._terms_per_landmark

    @property
    def _terms_per_landmark(self) -> int:
        if self._config.training.loss.name == "heatmap-cross-entropy":
            return 1
        return int(np.prod(self._config.network.patch_size))

    @property
    def class_weights(self) -> list[float]:
        """None: landmarks have no classes."""
        return []

    def _draw(self, image: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> Example:
        image, points = augment_landmarks(image, target, self._config.augmentation, rng)
        return np.ascontiguousarray(image, np.float32), np.ascontiguousarray(points, np.float32)
