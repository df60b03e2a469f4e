"""Settings of network and training that suit the size of the images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfuq.config.registry import Registry
from tfuq.data.cases import Case, read_case_image
from tfuq.data.readers.suffixes import is_plain_image
from tfuq.data.volume import Volume

_MOST_READ = 12  # images whose size is looked at
_FEW_SLICES = 16  # a volume of fewer is worked on slice by slice
_LONGEST_2D = 256  # pixels of the network's image
_LONGEST_CLASSIFIED = 128
_LONGEST_LANDMARKS = 192
_LONGEST_3D = 64  # voxels of a patch
_UNEQUAL = 1.05  # largest spacing of a data set over its smallest that is taken as one


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Sections of a configuration.

    Attributes:
        sections: Keys and values by section.
        reasons: Why a key is as it is, by ``section.key``.
    """

    sections: dict[str, dict[str, Any]]
    reasons: dict[str, str]


SUITED: Registry[Callable[[Sequence[Case], Sequence[Volume]], Settings]] = Registry(
    "task of settings"
)


def settings_for(task: str, cases: Sequence[Case]) -> Settings:
    """Settings that train on two cores in minutes to an hour.

    Args:
        task: The task.
        cases: All cases; some of their images are read.

    Raises:
        DataError: An image cannot be read.
    """
    positions = np.linspace(0, len(cases) - 1, min(len(cases), _MOST_READ)).round().astype(int)
    chosen = [cases[position] for position in positions]
    return SUITED[task](chosen, [read_case_image(case) for case in chosen])


@SUITED.register("classification")
def _for_classes(_cases: Sequence[Case], images: Sequence[Volume]) -> Settings:
    network = {
        "name": "resnet",
        "patch_size": _patch(_median_size(images)[:2], _LONGEST_CLASSIFIED, step=4),
        "widths": [16, 32, 64],
        "normalization": "group",
        "level_dropout": {2: 0.1, 3: 0.3},
    }
    training = {"epochs": 20, "batch_size": 32, "learning_rate": 0.002, "schedule": "cosine"}
    return Settings(
        sections={"network": network, "training": training, "prediction": {"samples": 20}},
        reasons={"network.patch_size": _size_text(images)},
    )


@SUITED.register("landmarks")
def _for_landmarks(_cases: Sequence[Case], images: Sequence[Volume]) -> Settings:
    return _of_pictures(images, _LONGEST_LANDMARKS, epochs=40)


@SUITED.register("segmentation")
def _for_structures(cases: Sequence[Case], images: Sequence[Volume]) -> Settings:
    if is_plain_image(cases[0].images[0]):
        return _resized(_of_pictures(images, _LONGEST_2D, epochs=20))
    return _of_scans(images)


def _median_size(images: Sequence[Volume]) -> np.ndarray:
    size: np.ndarray = np.median([image.shape for image in images], axis=0)
    return size


def _size_text(images: Sequence[Volume]) -> str:
    return "median size " + "×".join(f"{length:.0f}" for length in _median_size(images))


def _of_pictures(images: Sequence[Volume], longest: int, *, epochs: int) -> Settings:
    network = {
        "name": "unet",
        "patch_size": _patch(_median_size(images)[:2], longest, step=8),
        "widths": [8, 16, 32, 64],
        "normalization": "instance",
        "level_dropout": {3: 0.2, 4: 0.4},
    }
    training = {"epochs": epochs, "batch_size": 8, "learning_rate": 0.003, "schedule": "cosine"}
    return Settings(
        sections={
            "preprocessing": {"anti_aliasing": True},
            "augmentation": {"rotation_degrees": 10.0, "scale": 0.1, "intensity": 0.2},
            "network": network,
            "training": training,
            "prediction": {"samples": 20},
        },
        reasons={"network.patch_size": _size_text(images)},
    )


def _resized(settings: Settings) -> Settings:
    """The same for segmentation, where images are resized by preprocessing."""
    patch = settings.sections["network"]["patch_size"]
    preprocessing = {"size": [*patch, 1], "slice_axis": 2, "anti_aliasing": True}
    reasons = {
        "preprocessing.size": "what the network sees; results are on each image's own grid",
        "preprocessing.slice_axis": "a plain image is one slice",
    }
    return Settings(
        sections={**settings.sections, "preprocessing": preprocessing},
        reasons={**settings.reasons, **reasons},
    )


def _of_scans(images: Sequence[Volume]) -> Settings:
    preprocessing: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    spacings = np.array([image.spacing for image in images])
    sizes = np.array([image.shape for image in images], float)
    if (spacings.max(0) > _UNEQUAL * spacings.min(0)).any():
        spacing = np.median(spacings, axis=0)
        sizes = sizes * spacings / spacing
        preprocessing["spacing"] = [round(float(width), 4) for width in spacing]
        reasons["preprocessing.spacing"] = "the median, in mm, as the scans differ"
    size = np.median(sizes, axis=0)
    rank = 3
    if size.min() < _FEW_SLICES:
        preprocessing["slice_axis"] = int(size.argmin())
        reasons["preprocessing.slice_axis"] = "few slices: the network sees one at a time"
        size = np.delete(size, size.argmin())
        rank = 2
    longest = _LONGEST_3D if rank == 3 else _LONGEST_2D // 2
    patch = [int(min(-(-length // 8) * 8, longest)) for length in size]
    network = {
        "name": "unet",
        "patch_size": patch,
        "widths": [8, 16, 32] if rank == 3 else [8, 16, 32, 64],
        "normalization": "instance",
        "level_dropout": {2: 0.1, 3: 0.3} if rank == 3 else {3: 0.2, 4: 0.4},
    }
    reasons["network.patch_size"] = _size_text(images)
    augmentation = {"rotation_degrees": 10.0, "scale": 0.1, "intensity": 0.1}
    training = {
        "epochs": 16,
        "batch_size": 2 if rank == 3 else 8,
        "learning_rate": 0.002,
        "schedule": "cosine",
    }
    return Settings(
        sections={
            "preprocessing": preprocessing,
            "augmentation": augmentation,
            "network": network,
            "training": training,
            "prediction": {"samples": 20},
        },
        reasons=reasons,
    )


def _patch(size: np.ndarray, longest: int, *, step: int) -> list[int]:
    """The size of a network's image: as the images are, but no longer, in whole steps."""
    factor = min(1.0, longest / size.max())
    return [max(round(float(length * factor / step)) * step, 4 * step) for length in size]
