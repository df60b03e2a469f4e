"""What every score is: its unit, its bounds, and which way is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tfuq.config.registry import Registry
from tfuq.measures.catalogue import OF_VOXELS, names_of
from tfuq.scoring.metric_titles import symbol_of, title_of

Orientation = Literal["higher", "lower", "nearer zero"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What a score means.

    Attributes:
        name: of the score's column.
        unit: "1" of plain numbers.
        low: the lowest value that it can have; None where there is none.
        high: the highest value that it can have; None where there is none.
        better: which way is; None of a quantity that is neither good nor bad.
        depends_on_samples: whether it changes with the number of samples T alone. Methods of
            different T are not compared by it.
    """

    name: str
    unit: str
    low: float | None
    high: float | None
    better: Orientation | None
    depends_on_samples: bool = False

    @property
    def title(self) -> str:
        """What people call it."""
        return title_of(self.name)

    @property
    def symbol(self) -> str | None:
        """The abbreviation that papers print; None where there is none in use."""
        return symbol_of(self.name)


def _share(name: str, better: Orientation = "higher") -> Metric:
    return Metric(name=name, unit="1", low=0, high=1, better=better)


def _correlation(name: str) -> Metric:
    return Metric(name=name, unit="1", low=-1, high=1, better="higher")


def _brier(name: str) -> Metric:
    return Metric(name=name, unit="1", low=0, high=2, better="lower")


def _likelihood(name: str) -> Metric:
    return Metric(name=name, unit="nat", low=0, high=None, better="lower")


def _length(name: str, unit: str) -> Metric:
    return Metric(name=name, unit=unit, low=0, high=None, better="lower")


def _size_difference(name: str, unit: str) -> Metric:
    return Metric(name=name, unit=unit, low=None, high=None, better="nearer zero")


def _size_score(name: str, unit: str) -> Metric:
    return Metric(name=name, unit=unit, low=None, high=None, better="lower")


_ALL = (
    _share("dice"),
    _share("iou"),
    _share("precision"),
    _share("recall"),
    _share("voxel_accuracy"),
    _share("missed", better="lower"),
    _share("invented", better="lower"),
    _size_difference("volume_difference_mm3", "mm³"),
    _size_score("volume_crps_mm3", "mm³"),
    _size_score("area_crps_mm2", "mm²"),
    _size_score("area_crps_px2", "pixel²"),
    _length("hd95_mm", "mm"),
    _length("average_surface_distance_mm", "mm"),
    _share("nsd"),
    _size_difference("area_difference_mm2", "mm²"),
    _size_difference("area_difference_px2", "pixel²"),
    _length("hd95_px", "pixel"),
    _length("average_surface_distance_px", "pixel"),
    _share("accuracy"),
    _share("balanced_accuracy"),
    _share("precision_macro"),
    _share("recall_macro"),
    _share("f1_macro"),
    _share("precision_weighted"),
    _share("recall_weighted"),
    _share("f1_weighted"),
    _share("auroc_macro"),
    _length("radial_error_mm", "mm"),
    _length("radial_error_px", "pixel"),
    _likelihood("nll"),
    _brier("brier"),
    _share("ece", better="lower"),
    _share("ece_classwise", better="lower"),
    _share("ece_adaptive", better="lower"),
    _share("mce", better="lower"),
    _likelihood("nll_boundary"),
    _brier("brier_boundary"),
    _share("ece_boundary", better="lower"),
    *(_share(f"auroc_{name}") for name in names_of(OF_VOXELS)),
    Metric(
        name="ged",
        unit="1",
        low=0,
        high=2,
        better="lower",
        depends_on_samples=True,
    ),
    Metric(name="ged_unbiased", unit="1", low=-1, high=2, better="lower"),
    _share("dice_raters"),
    Metric(name="rater_dice", unit="1", low=0, high=1, better=None),
    Metric(
        name="volumes_covered",
        unit="1",
        low=0,
        high=1,
        better="higher",
        depends_on_samples=True,
    ),
    *(_correlation(f"ncc_{name}") for name in names_of(OF_VOXELS)),
)
METRICS = {metric.name: metric for metric in _ALL}
# Those of the samples that a prediction kept, which a prediction does where it is asked to.
OF_KEPT_SAMPLES = ("ged", "ged_unbiased", "volumes_covered")
_OF_LANDMARKS = ("radial_error_mm", "radial_error_px")
_OF_CLASSIFICATION = (
    "accuracy",
    "balanced_accuracy",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "precision_weighted",
    "recall_weighted",
    "f1_weighted",
    "auroc_macro",
)
_OF_BOTH_CLASS_TASKS = ("nll", "brier", "ece", "ece_classwise", "ece_adaptive", "mce")
METRICS_OF_TASKS: Registry[Sequence[str]] = Registry("task of metrics")
METRICS_OF_TASKS.register("landmarks")(_OF_LANDMARKS)
METRICS_OF_TASKS.register("classification")(_OF_CLASSIFICATION + _OF_BOTH_CLASS_TASKS)
METRICS_OF_TASKS.register("segmentation")(
    [name for name in METRICS if name not in _OF_LANDMARKS + _OF_CLASSIFICATION]
)
LEVELS = ("case", "structure", "component", "landmark")  # what measures are ranked over


def metrics_of(task: str) -> list[str]:
    """The names of the metrics that a task's scores may have."""
    return list(METRICS_OF_TASKS[task])
