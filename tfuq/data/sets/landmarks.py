"""Examples of landmark regression: whole images with the positions of their landmarks.

Positions are ``(x, y)``, column and row, pixel centres at whole numbers, y down; a missing landmark
is NaN. An image that is resized keeps its field of view, so position x of a row of W pixels is
(x + ½)·w/W − ½ of one of w.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfuq.config import Config
from tfuq.data.augmentation import augment_landmarks
from tfuq.data.cases import UNNAMED_RATER, Case, naming, read_case_image
from tfuq.data.preprocessing import Preprocessor
from tfuq.data.sets.dataset import Example, TrainingSet
from tfuq.data.sets.prepared import CaseFacts, Examples, Prepared
from tfuq.errors import DataError

Size = tuple[int, int]  # rows, columns


def rescale_points(points: np.ndarray, source: Size, target: Size) -> np.ndarray:
    """Move points of an image to those of the same image at another size.

    Args:
        points: ``[..., 2]`` in pixels of the source.
        source: The size of the image.
        target: The other size.

    Returns:
        The points ``[..., 2]`` in pixels of the target.
    """
    rescaled: np.ndarray = (points + 0.5) * stretch(source, target) - 0.5
    return rescaled


def stretch(source: Size, target: Size) -> np.ndarray:
    """Target pixels per source pixel along x and y, ``[2]``."""
    return np.array([target[1] / source[1], target[0] / source[0]])


def reference_points(config: Config, case: Case, size: Size) -> np.ndarray:
    """The landmarks of the configured rater.

    Args:
        config: The configuration.
        case: The case.
        size: The size of its image.

    Returns:
        The landmarks ``[L, 2]`` in pixels of the image.

    Raises:
        DataError: No annotation, one of another number of landmarks, or a landmark outside the
            image.
    """
    return rater_points(config, case, size, config.data.annotations.rater)


def rater_points(config: Config, case: Case, size: Size, rater: str) -> np.ndarray:
    """As `reference_points`, of any rater.

    Args:
        config: The configuration.
        case: The case.
        size: The size of its image.
        rater: The name of a rater, or ``mean`` for the mean of all. A table's rater serves by any
            name.
    """
    raters = case.truth
    if not isinstance(raters, dict) or not raters:
        raise DataError(f"case '{case.id}' has no landmarks; they are needed to train or score")
    chosen = _chosen_points(case, raters, rater)
    for written in chosen:
        _require_pixels(config, case, written)
    return _in_image(config, case, np.mean(chosen, axis=0), size)


def _chosen_points(case: Case, raters: Mapping[str, np.ndarray], rater: str) -> list[np.ndarray]:
    """The landmarks as written by each rater who counts."""
    if rater == "mean":
        return [np.asarray(points, float) for points in raters.values()]
    for name in (UNNAMED_RATER, rater):
        if name in raters:
            return [np.asarray(raters[name], float)]
    names = ", ".join(raters)
    raise DataError(
        f"case '{case.id}': no annotation by '{rater}'; it has {names}: add the file, leave "
        f"the case out, or take another, as by data.annotations.rater: {next(iter(raters))}"
    )


def _require_pixels(config: Config, case: Case, written: np.ndarray) -> None:
    """Refuse positions that mark a missing landmark or are fractions of the image.

    Args:
        config: The configuration.
        case: The case.
        written: The positions ``[L, 2]`` by one rater as they are written.
    """
    is_corner = (written == 0).all(-1)
    if is_corner.any():
        number = int(np.argmax(is_corner))
        name = dict(enumerate(config.data.landmarks)).get(number, number + 1)
        raise DataError(
            f"case '{case.id}': landmark '{name}' lies at (0, 0), the image's corner; where it is "
            "missing, leave both coordinates empty (or -1, -1); where it is the corner, write 0.01"
        )
    present = written[np.isfinite(written).all(-1)]
    is_within = ((present >= 0) & (present <= 1)).all()
    if len(present) and is_within and (len(present) > 1 or (present % 1).any()):
        raise DataError(
            f"case '{case.id}': all {len(present)} landmarks lie within 0…1, as fractions of an "
            "image do; give pixels: multiply x by the width and y by the height"
        )


def _in_image(config: Config, case: Case, points: np.ndarray, size: Size) -> np.ndarray:
    """Bring points as written into pixels of the image."""
    names = config.data.landmarks
    if len(points) != len(names):
        raise DataError(
            f"case '{case.id}': has {len(points)} landmarks, data.landmarks names {len(names)}; "
            "correct one of them"
        )
    annotated = _annotated_size(config, size)
    if config.data.annotations.y_up:
        points = np.stack([points[:, 0], annotated[0] - points[:, 1]], -1)
    points = rescale_points(points, annotated, size)
    _require_inside(config, case, points, size)
    return points


def _annotated_size(config: Config, size: Size) -> Size:
    """The size of the image that positions are written for."""
    written_size = config.data.annotations.image_size
    if written_size is None:
        return size
    width, height = written_size
    return height, width


def _require_inside(config: Config, case: Case, points: np.ndarray, size: Size) -> None:
    rows, columns = size
    most = np.array([columns, rows]) - 0.5
    is_outside = ((points < -0.5) | (points > most)).any(-1)
    if is_outside.any():
        first = int(np.argmax(is_outside))
        name = config.data.landmarks[first]
        x, y = points[first]
        raise DataError(
            f"case '{case.id}': landmark '{name}' at ({x:.1f}, {y:.1f}) is outside its image of "
            f"{columns}×{rows} pixels; "
            "correct it, or data.annotations.image_size and y_up"
        )


def pixel_mm(config: Config, size: Size) -> np.ndarray | None:
    """Width and height of an image's pixel in mm, ``[2]``.

    Args:
        config: The configuration.
        size: The size of the image.

    Returns:
        None where the configuration does not say.
    """
    written_mm = config.data.annotations.pixel_mm
    if written_mm is None:
        return None
    return written_mm / stretch(_annotated_size(config, size), size)


def image_diagonal(size: Size, mm: np.ndarray | None) -> float:
    """The diagonal of an image.

    Args:
        size: The size of the image.
        mm: Width and height of a pixel, as `pixel_mm` gives them.

    Returns:
        The diagonal in mm; in pixels where ``mm`` is None.
    """
    sides = np.array(size[::-1])
    if mm is None:
        return float(np.linalg.norm(sides * 1.0))
    return float(np.linalg.norm(sides * mm))


def load_examples(config: Config, preprocessor: Preprocessor, case: Case) -> Examples:
    """Read and preprocess a case: one image and its landmarks.

    The landmarks are ``[1, L, 2]`` in the network's pixels, float32.
    """
    image = read_case_image(case)
    size = image.shape[:2]
    rows, columns = config.network.patch_size
    points = rescale_points(reference_points(config, case, size), size, (rows, columns))
    with naming(case):
        prepared = preprocessor.image(image).array[:, :, 0]
    return Examples(prepared[None], points[None].astype(np.float32))


class LandmarkSet(TrainingSet):
    """Images ``[rows, columns, C]`` with their landmarks ``[L, 2]`` float32."""

    def _load(self, case: Case) -> Prepared:
        """A case; only the landmarks that are there count, as the loss takes no other."""
        examples = load_examples(self._config, self._preprocessor, case)
        present = np.isfinite(examples.targets).all(-1).sum(-1)
        facts = CaseFacts(rows=1, channels=examples.images.shape[-1], terms=tuple(present.tolist()))
        return Prepared(examples, facts)

    @property
    def terms_per_example(self) -> int:
        """Heatmap pixels where their errors are averaged.

        Where each landmark is a distribution over pixels, landmarks.
        """
        return len(self._config.data.landmarks) * self._terms_each

    @property
    def _terms_each(self) -> int:
        """Terms of a landmark."""
        if self._config.training.loss.name == "heatmap-cross-entropy":
            return 1
        return int(np.prod(self._config.network.patch_size))

    @property
    def class_weights(self) -> list[float]:
        """None: landmarks have no classes."""
        return []

    def _augmented(
        self, image: np.ndarray, target: np.ndarray, rng: np.random.Generator
    ) -> Example:
        image, points = augment_landmarks(image, target, self._config.augmentation, rng)
        image = np.ascontiguousarray(image, np.float32)
        points = np.ascontiguousarray(points, np.float32)
        return image, points
