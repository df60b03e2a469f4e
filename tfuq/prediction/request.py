"""What a prediction is asked to sample."""

from __future__ import annotations

from dataclasses import dataclass

from tfuq.config import Config, Precision
from tfuq.errors import RunError
from tfuq.runs import Run


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to sample, and what to keep of it.

    Attributes:
        method: The sampling method.
        samples: T, the number of samples that are asked for.
        seed: The seed of the samples.
        batch: How many slices or images (2D), or windows (3D), are in memory at once.
        is_calibrated: Whether the run's calibration is applied.
        keep_samples: Whether the samples of volumes are kept.
        keep_members: Whether the predictions of each ensemble member are kept apart.
        allow_missing: Whether members that have not finished training may be missing.
        write_dicom: Whether labels and maps are written as DICOM too.
        precision: The type that convolutions are computed in.
        with_xla: Whether XLA compiles the networks; None for where a GPU runs them.
    """

    method: str
    samples: int
    seed: int
    batch: int
    is_calibrated: bool = False
    keep_samples: bool = False
    keep_members: bool = False
    allow_missing: bool = False
    write_dicom: bool = False
    precision: Precision = "float32"
    with_xla: bool | None = None


def request_of(
    config: Config,
    method: str,
    samples: int | None,
    seed: int | None,
    batch: int | None = None,
    allow_missing: bool = False,
    precision: Precision | None = None,
) -> Request:
    """Make a request; the configuration has the values that are not given.

    Args:
        config: The configuration.
        method: The sampling method.
        samples: T, the number of samples.
        seed: The seed of the samples.
        batch: How many slices, images or windows are in memory at once.
        allow_missing: Whether members that have not finished training may be missing.
        precision: The type that convolutions are computed in.
    """
    defaults = config.prediction
    if samples is None:
        samples = defaults.samples
    if seed is None:
        seed = defaults.seed
    return Request(
        method=method,
        samples=samples,
        seed=seed,
        batch=batch or defaults.batch_size,
        allow_missing=allow_missing,
        precision=precision or defaults.precision,
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
