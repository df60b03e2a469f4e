"""What people call each score: its title in tables, and the abbreviation that papers print.

`tfuq.scoring.metrics` says what a score means. The two are apart only for the length of the file.
"""

from __future__ import annotations

from tfuq.measures.catalogue import OF_VOXELS

_GROUPS: dict[str, dict[str, str]] = {
    "Agreement with the reference": {
        "dice": "Dice similarity",
        "iou": "intersection over union",
        "precision": "precision",
        "recall": "recall",
        "voxel_accuracy": "accuracy of voxels",
        "nsd": "normalized surface Dice",
        "missed": "missed structures",
        "invented": "invented structures",
        "dice_raters": "Dice similarity, mean over raters",
        "rater_dice": "Dice similarity of raters to each other",
        "accuracy": "accuracy",
        "balanced_accuracy": "balanced accuracy",
        "precision_macro": "precision, mean over classes",
        "recall_macro": "recall, mean over classes",
        "f1_macro": "F1, mean over classes",
        "precision_weighted": "precision, weighted by cases",
        "recall_weighted": "recall, weighted by cases",
        "f1_weighted": "F1, weighted by cases",
        "auroc_macro": "area under the ROC curve, mean over classes",
    },
    "Distances and sizes": {
        "volume_difference_mm3": "volume difference",
        "volume_crps_mm3": "continuous ranked probability score of the volume",
        "area_crps_mm2": "continuous ranked probability score of the area",
        "area_crps_px2": "continuous ranked probability score of the area",
        "area_difference_mm2": "area difference",
        "area_difference_px2": "area difference",
        "hd95_mm": "95 % Hausdorff distance",
        "hd95_px": "95 % Hausdorff distance",
        "average_surface_distance_mm": "average surface distance",
        "average_surface_distance_px": "average surface distance",
        "radial_error_mm": "radial error",
        "radial_error_px": "radial error",
    },
    "Probabilities": {
        "nll": "negative log-likelihood",
        "brier": "Brier score",
        "ece": "calibration error",
        "ece_classwise": "calibration error, mean over classes",
        "ece_adaptive": "calibration error, bins of equal counts",
        "mce": "largest calibration error of a bin",
        "nll_boundary": "negative log-likelihood at boundaries",
        "brier_boundary": "Brier score at boundaries",
        "ece_boundary": "calibration error at boundaries",
    },
    "Uncertainty": {
        "ged": "generalized energy distance",
        "ged_unbiased": "generalized energy distance, unbiased",
        "volumes_covered": "raters' volumes within the interval",
    },
}
_SYMBOLS = {
    "dice": "DSC",
    "iou": "IoU",
    "nsd": "NSD",
    "hd95_mm": "HD95",
    "hd95_px": "HD95",
    "average_surface_distance_mm": "ASD",
    "average_surface_distance_px": "ASD",
    "volume_difference_mm3": "ΔV",
    "volume_crps_mm3": "CRPS",
    "area_crps_mm2": "CRPS",
    "area_crps_px2": "CRPS",
    "area_difference_mm2": "ΔA",
    "area_difference_px2": "ΔA",
    "radial_error_mm": "RE",
    "radial_error_px": "RE",
    "auroc_macro": "AUROC",
    "nll": "NLL",
    "nll_boundary": "NLL",
    "brier": "BS",
    "brier_boundary": "BS",
    "ece": "ECE",
    "ece_classwise": "cwECE",
    "ece_adaptive": "ACE",
    "ece_boundary": "ECE",
    "mce": "MCE",
    "ged": "GED",
    "ged_unbiased": "GED",
}
_OF_MAPS = _GROUPS["Uncertainty"]
for _measure in OF_VOXELS:
    _OF_MAPS[f"auroc_{_measure.name}"] = f"wrong voxels found by {_measure.title}"
    _SYMBOLS[f"auroc_{_measure.name}"] = "AUROC"
    _OF_MAPS[f"ncc_{_measure.name}"] = f"correlation of {_measure.title} with raters' variance"
    _SYMBOLS[f"ncc_{_measure.name}"] = "NCC"
_TITLES = {name: title for titles in _GROUPS.values() for name, title in titles.items()}
_GROUP_OF = {name: group for group, titles in _GROUPS.items() for name in titles}


def title_of(name: str) -> str:
    """What people call a score.

    Args:
        name: of the score's column.
    """
    return _TITLES[name]


def group_of(name: str) -> str:
    """What a score is about, as tables are divided.

    Args:
        name: of the score's column.
    """
    return _GROUP_OF[name]


def symbol_of(name: str) -> str | None:
    """The abbreviation that papers print; None where there is none in use.

    Args:
        name: of the score's column.
    """
    return _SYMBOLS.get(name)
