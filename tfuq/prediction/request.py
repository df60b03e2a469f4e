"""What a prediction is asked to sample."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from tfuq.config import (
    FLIPS,
    MEAN,
    NEVER,
    Combine,
    Config,
    Precision,
    SkipEmpty,
    Split,
    Tta,
    transforms_of,
    with_tta,
)
from tfuq.errors import ConfigError, RunError, resembling
from tfuq.runs import Run

_log = logging.getLogger(__name__)

LABEL = "label"
ALL_MAPS = "all"  # in the place of the names of the maps that are written by default
PROBABILITY = "probability"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to sample, and what to keep of it.

    Attributes:
        method: The sampling method, with its test-time augmentation.
        samples: T, the number of samples that are asked for.
        seed: The seed of the samples.
        batch: How many slices or images (2D), or windows (3D), are in memory at once.
        is_calibrated: Whether the run's calibration is applied.
        keep_samples: Whether the samples of volumes are kept.
        keep_members: Whether the predictions of each ensemble member are kept apart.
        allow_missing: Whether members that have not finished training may be missing.
        member: The one ensemble member that is sampled; None for those of the method.
        is_out_of_fold: Whether it is one of the predictions of training cases, each by the member
            that left the case out.
        split: The part of the run's split whose cases are predicted; None of others.
        write_dicom: Whether labels and maps are written as DICOM too.
        written_maps: Names of the maps of volumes that are written beside the label, of which
            `ALL_MAPS` stands for those that are written where none is named; None for these.
        precision: The type that convolutions are computed in.
        skip_empty: Which windows count as empty, see `tfuq.config.learning.PredictionConfig`.
        combine: How samples become one probability, see `tfuq.config.learning.PredictionConfig`.
        with_xla: Whether XLA compiles the networks; None for where a GPU runs them.
        refuses_unlike: Whether scans are refused whose voxels or field of view are unlike those of
            the training images, as models do.
    """

    method: str
    samples: int
    seed: int
    batch: int
    is_calibrated: bool = False
    keep_samples: bool = False
    keep_members: bool = False
    allow_missing: bool = False
    member: int | None = None
    is_out_of_fold: bool = False
    split: Split | None = None
    write_dicom: bool = False
    written_maps: tuple[str, ...] | None = None
    precision: Precision = "float32"
    skip_empty: SkipEmpty = NEVER
    combine: Combine = MEAN
    with_xla: bool | None = None
    refuses_unlike: bool = False


def request_of(
    config: Config,
    method: str,
    samples: int | None,
    seed: int | None,
    batch: int | None = None,
    allow_missing: bool = False,
    precision: Precision | None = None,
    skip_empty: SkipEmpty | None = None,
    tta: Tta | None = None,
    combine: Combine | None = None,
) -> Request:
    """Make a request; the configuration has the values that are not given.

    Args:
        config: The configuration.
        method: The sampling method, without test-time augmentation.
        samples: T, the number of samples.
        seed: The seed of the samples.
        batch: How many slices, images or windows are in memory at once.
        allow_missing: Whether members that have not finished training may be missing.
        precision: The type that convolutions are computed in.
        skip_empty: Which windows count as empty.
        tta: The test-time augmentation.
        combine: How samples become one probability.
    """
    defaults = config.prediction
    if samples is None:
        samples = defaults.samples
    if seed is None:
        seed = defaults.seed
    if skip_empty is None:
        skip_empty = defaults.skip_empty
    return Request(
        method=with_tta(method, tta or defaults.tta),
        samples=samples,
        seed=seed,
        batch=batch or defaults.batch_size,
        allow_missing=allow_missing,
        precision=precision or defaults.precision,
        skip_empty=skip_empty,
        combine=combine or defaults.combine,
    )


def chosen_maps(
    request: Request, available: Sequence[str], optional: Sequence[str] = ()
) -> list[str]:
    """The maps to write beside the label, in the order of those that there are.

    Args:
        request: What is asked for.
        available: The names of the maps that are written where none is named.
        optional: Names of further maps, which are written where they are named.

    Raises:
        RunError: A map is asked for that is none of them.
    """
    if request.written_maps is None:
        return [*available]
    maps = [*available, *optional]
    for name in request.written_maps:
        if name not in (LABEL, ALL_MAPS, *maps):
            raise RunError(
                f"--maps {name}: there is no such map of these samples"
                f"{resembling(name, maps)}; name some of {', '.join((LABEL, *maps))}, or all"
            )
    named = set(request.written_maps)
    if ALL_MAPS in named:
        named |= set(available)
    return [name for name in maps if name in named]


def require_windows(config: Config, skip_empty: SkipEmpty) -> None:
    """Refuse to skip windows of a network that has none to skip.

    Args:
        config: The run's.
        skip_empty: Which windows count as empty.

    Raises:
        ConfigError: The network sees slices or whole images.
    """
    if skip_empty != NEVER and config.network.rank != 3:
        raise ConfigError(
            f"skip_empty {skip_empty}: serves networks of three axes, and this one has "
            f"{config.network.rank}; pass --skip-empty {NEVER}"
        )


def require_flips(run: Run, method: str) -> None:
    """Refuse to mirror where sides are classes, and warn where the network knows no mirrored image.

    Args:
        run: The run.
        method: The sampling method, with its test-time augmentation.

    Raises:
        RunError: Names of the run say left or the like, and it was trained without flips.
    """
    if FLIPS not in transforms_of(method) or run.config.augmentation.flip_axes:
        return
    problem = f"{run.path}: was trained without flips"
    if run.config.mirroring_swaps_sides:
        raise RunError(
            f"--tta flips: {problem}, and its names say left, front or the like, which change "
            "places in a mirror; pass --tta affine, or train with flips"
        )
    _log.warning(
        "warning: %s, so that its network may do worse with --tta flips than without; "
        "--tta affine serves it",
        problem,
    )


def members_apart(run: Run, request: Request, sampled_members: int) -> int:
    """How many members are kept apart.

    Args:
        run: The run.
        request: What is asked for.
        sampled_members: How many members have samples.

    Raises:
        RunError: There are no two members.
    """
    if not request.keep_members:
        return 0
    if sampled_members < 2:
        raise RunError(
            f"--save-members: {request.method} draws from {sampled_members} member here; "
            "it needs two or more, as of an ensemble"
        )
    return sampled_members


def with_combination(config: Config, combine: Combine) -> Config:
    """The configuration of a prediction that combines samples as it is asked to.

    Args:
        config: Of the run.
        combine: The combination.
    """
    prediction = config.prediction.model_copy(update={"combine": combine})
    return config.model_copy(update={"prediction": prediction})
