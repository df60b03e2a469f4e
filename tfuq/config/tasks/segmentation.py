"""Segmentation: what a configuration of it must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfuq.config.data import value_range
from tfuq.config.network import DENSE_NETWORKS
from tfuq.config.section import check_each
from tfuq.config.tasks.rules import CROSS_ENTROPIES, TASKS, TaskRules

if TYPE_CHECKING:
    from tfuq.config.schema import Config


def _check(config: Config) -> None:
    check_each(
        lambda: _check_cropped_raters(config),
        lambda: _check_rank(config),
        lambda: _check_cropped_values(config),
    )


def _check_cropped_raters(config: Config) -> None:
    preprocessing = config.preprocessing
    if config.data.has_raters and preprocessing.crop_to_labels:
        raise ValueError(
            "preprocessing.crop_to_labels needs one label of each case, and "
            "there are several raters; remove it, or take the labels of one rater"
        )


def _check_rank(config: Config) -> None:
    has_slices = config.preprocessing.slice_axis is not None
    if (config.network.rank == 2) != has_slices:
        remedy = "is of volumes: set preprocessing.slice_axis: null, or give two entries"
        if config.network.rank == 2:
            remedy = "is of slices: set preprocessing.slice_axis, as in 2, or give three entries"
        raise ValueError(f"a patch_size of {config.network.rank} entries {remedy}")


def _check_cropped_values(config: Config) -> None:
    for value in config.preprocessing.crop_to_labels or ():
        if not _is_label_value(config, value):
            raise ValueError(
                f"preprocessing.crop_to_labels: {value} is no value that a label may have by "
                "data.label_values"
            )


def _is_label_value(config: Config, value: int) -> bool:
    """Whether the label files may have a value."""
    if value == config.data.ignore_label:
        return True
    keys = config.data.label_values or range(len(config.data.classes))
    return any(value in value_range(key) for key in keys)


TASKS.register("segmentation")(
    TaskRules(
        losses=("dice-ce", "soft-dice", *CROSS_ENTROPIES),
        networks=DENSE_NETWORKS,
        names="classes",
        fewest=2,
        quality="dice",
        score="dice",
        has_volumes=True,
        parts=lambda config: config.data.structures,
        check=_check,
    )
)
