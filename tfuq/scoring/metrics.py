"""What every score is: its unit, its bounds, and which way is better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """A score's meaning; ``better`` None is a quantity that is neither good nor bad.

    One that ``depends_on_samples`` changes with the number of samples T alone, so methods of different T are not compared by it.
    """

    name: str
    unit: str
    low: float | None
    high: float | None
    better: Literal["higher", "lower", "nearer zero"] | None
    depends_on_samples: bool = False


_ALL = (
    Metric("dice", "1", 0, 1, "higher"),
    Metric("iou", "1", 0, 1, "higher"),
    Metric("precision", "1", 0, 1, "higher"),
    Metric("recall", "1", 0, 1, "higher"),
    Metric("volume_difference_mm3", "mm³", None, None, "nearer zero"),
    Metric("hd95_mm", "mm", 0, None, "lower"),
    Metric("average_surface_distance_mm", "mm", 0, None, "lower"),
    Metric("area_difference_mm2", "mm²", None, None, "nearer zero"),
    Metric("area_difference_px2", "pixel²", None, None, "nearer zero"),
    Metric("hd95_px", "pixel", 0, None, "lower"),
    Metric("average_surface_distance_px", "pixel", 0, None, "lower"),
    Metric("accuracy", "1", 0, 1, "higher"),
    Metric("balanced_accuracy", "1", 0, 1, "higher"),
    Metric("precision_macro", "1", 0, 1, "higher"),
    Metric("recall_macro", "1", 0, 1, "higher"),
    Metric("f1_macro", "1", 0, 1, "higher"),
    Metric("precision_weighted", "1", 0, 1, "higher"),
    Metric("recall_weighted", "1", 0, 1, "higher"),
    Metric("f1_weighted", "1", 0, 1, "higher"),
    Metric("radial_error_mm", "mm", 0, None, "lower"),
    Metric("radial_error_px", "pixel", 0, None, "lower"),
    Metric("nll", "nat", 0, None, "lower"),
    Metric("brier", "1", 0, 2, "lower"),
    Metric("ece", "1", 0, 1, "lower"),
    Metric("ece_classwise", "1", 0, 1, "lower"),
    Metric("ece_adaptive", "1", 0, 1, "lower"),
    Metric("mce", "1", 0, 1, "lower"),
    Metric("nll_boundary", "nat", 0, None, "lower"),
    Metric("brier_boundary", "1", 0, 2, "lower"),
    Metric("ece_boundary", "1", 0, 1, "lower"),
    Metric("auroc_predictive_entropy", "1", 0, 1, "higher"),
    Metric("auroc_expected_entropy", "1", 0, 1, "higher"),
    Metric("auroc_mutual_information", "1", 0, 1, "higher"),
    Metric("auroc_variation_ratio", "1", 0, 1, "higher"),
    Metric("auroc_standard_deviation", "1", 0, 1, "higher"),
    Metric("ged", "1", 0, 2, "lower", depends_on_samples=True),
    Metric("ged_unbiased", "1", -1, 2, "lower"),
    Metric("dice_raters", "1", 0, 1, "higher"),
    Metric("rater_dice", "1", 0, 1, None),
    Metric("volumes_covered", "1", 0, 1, "higher", depends_on_samples=True),
    Metric("ncc_predictive_entropy", "1", -1, 1, "higher"),
    Metric("ncc_expected_entropy", "1", -1, 1, "higher"),
    Metric("ncc_mutual_information", "1", -1, 1, "higher"),
    Metric("ncc_variation_ratio", "1", -1, 1, "higher"),
    Metric("ncc_standard_deviation", "1", -1, 1, "higher"),
)
METRICS = {metric.name: metric for metric in _ALL}
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
)
_OF_BOTH_CLASS_TASKS = ("nll", "brier", "ece", "ece_classwise", "ece_adaptive", "mce")
MEASURES = [name.removeprefix("auroc_") for name in METRICS if name.startswith("auroc_")]  # a single sample has the first alone
LEVELS = ("case", "structure", "component", "landmark")  # what measures are ranked over


def metrics_of(task: str) -> list[str]:
    """The names of the metrics that a task's scores may have."""
    if task == "landmarks":
        return list(_OF_LANDMARKS)
    if task == "classification":
        return [*_OF_CLASSIFICATION, *_OF_BOTH_CLASS_TASKS]
    return [name for name in METRICS if name not in _OF_LANDMARKS + _OF_CLASSIFICATION]


def highest(measure: str, classes: int) -> float:
    """The largest value that a measure of `MEASURES` can have of so many classes."""
    return {"variation_ratio": 1 - 1 / classes, "standard_deviation": 0.5}.get(measure, math.log(classes))
