"""How far the training of a member has come, and how good its epochs were."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from tfuq.config import Config, TrainingConfig

EpochRow = dict[str, int | float]  # a row of history.csv
NLL = "val_nll"  # mean −log p of the true class over validation voxels, or images, in nat


@dataclass(kw_only=True)
class Progress:
    """How far the training of a member has come.

    With the arrays of `tfuq.training.state.MemberState` it is the whole state of a training.

    Attributes:
        epoch: How many epochs are finished.
        best: The monitored figure of the best epoch; None before the first one, or without one.
        best_epoch: The number of the best epoch, from 1 on.
        history: A row for each epoch.
    """

    epoch: Annotated[int, Field(ge=0, le=10**6)] = 0
    best: float | None = None
    best_epoch: Annotated[int, Field(ge=0, le=10**6)] = 0
    history: list[EpochRow] = field(default_factory=list)


def monitored(training: TrainingConfig, row: EpochRow) -> float | None:
    """The figure of an epoch that is minimized; None without validation cases."""
    name = f"val_{training.monitor}"
    if training.monitor == "loss" or name not in row:
        return row.get("val_loss")
    if training.monitor == "radial_error":
        return row[name]
    return -row[name]


def monitored_or_loss(training: TrainingConfig, history: list[EpochRow]) -> list[float]:
    """The monitored figure of each epoch; the training loss where an epoch has none."""
    values = []
    for row in history:
        value = monitored(training, row)
        if value is None:
            value = row["loss"]
        values.append(value)
    return values


def kept_row(config: Config, history: list[EpochRow]) -> EpochRow:
    """The row of the epoch whose weights a member keeps.

    That is the best one by the monitored figure after the widths were inferred, the first of
    equals; the last of a training without such a figure, or that keeps its last epoch.

    Args:
        config: Of the member, see `tfuq.config.member_config`.
        history: A row for each epoch, one or more.
    """
    kept = history[-1]
    if config.keeps_last_epoch:
        return kept
    best: float | None = None
    for row in history:
        value = monitored(config.training, row)
        if value is None or row["epoch"] <= config.width_warmup_epochs:
            continue
        if best is None or value < best:
            best = value
            kept = row
    return kept
