"""Figures of a study of shift: quantities against severity, and one case at rising severity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfuq.config import Config
from tfuq.report.canvas import GREY, ORANGE, SEQUENTIAL, WRONG, YELLOW, file_names, new_figure, panels, save
from tfuq.report.ranking import LINES
from tfuq.report.segmentation import upright

Key = tuple[str, float]  # method and severity
QUANTITIES = {  # of the table, those that a plot shows, and their units
    "dice": "Dice", "accuracy": "accuracy", "radial_error_mm": "radial error (mm)", "radial_error_px": "radial error (pixels)",
    "ece": "expected calibration error",
    "predictive_entropy": "predictive entropy (nat)", "image_predictive_entropy": "predictive entropy of the image (nat)",
    "expected_entropy": "expected entropy (nat)", "image_expected_entropy": "expected entropy of the image (nat)",
    "mutual_information": "mutual information (nat)", "image_mutual_information": "mutual information of the image (nat)",
    "variation_ratio": "variation ratio", "image_variation_ratio": "variation ratio of the image",
    "pairwise_dice": "pairwise Dice", "coefficient_of_variation": "coefficient of variation",
    "max_activation": "maximum activation", "variance": "variance (pixels²)", "mean_radial_spread": "mean radial spread (pixels)",
    "aleatoric_variance": "aleatoric variance (pixels²)",
}  # fmt: skip
_MOST_SHOWN = 6
_STRIP_MAPS = ("predictive_entropy", "mutual_information", "variation_ratio")


def write_figures(
    folder: Path,
    config: Config,
    rows: Sequence[dict],
    correlations: Sequence[dict],
    examples: dict[Key, dict[str, np.ndarray]],
    ratios: dict[Key, list[int] | None],
    meaning: str,
) -> list[Path]:
    """Draw everything and say what was written.

    Args:
        folder: where to.
        config: of the run.
        rows, correlations: of `tfuq.scoring.shift`.
        examples: arrays of the first case by method and severity.
        ratios: how many wrong voxels have which variation ratio, likewise; None where that does not exist.
        meaning: the perturbation, and what its severity is.
    """
    written = [save(against_severity(rows, correlations, meaning), folder / "severity.png")]
    for method, part in file_names(method for method, _ in examples).items():
        shown = _rising([severity for name, severity in examples if name == method])
        arrays = {severity: examples[method, severity] for severity in shown}
        for name, figure in _of_method(config, arrays, {severity: ratios[method, severity] for severity in shown}, meaning):
            written.append(save(figure, folder / f"{name}-{part}.png"))
    return written


def _rising(severities: Sequence[float]) -> list[float]:
    """A few severities from one end to the other, the ends among them."""
    ordered = sorted(severities)
    return [ordered[i] for i in np.unique(np.rint(np.linspace(0, len(ordered) - 1, _MOST_SHOWN)).astype(int))]


def _of_method(config: Config, arrays: dict, ratios: dict, meaning: str) -> Iterator[tuple[str, Figure]]:
    if config.task == "segmentation":
        yield "strip", volume_strip(arrays, len(config.data.classes), meaning)
        yield "difference", differences(arrays, ratios, meaning)
    elif config.task == "classification":
        yield "strip", class_strip(arrays, config.data.classes, meaning)
    else:
        yield "strip", landmark_strip(arrays, meaning)


def against_severity(rows: Sequence[dict], correlations: Sequence[dict], meaning: str) -> Figure:
    """A panel for quality and for each uncertainty, a line for each method with its Spearman and Pearson correlation."""
    names = [name for name in QUANTITIES if any(row.get(name) is not None for row in rows)]
    found = {(row["method"], row["quantity"]): row for row in correlations}
    samples = {row["method"]: row["samples"] for row in rows}
    figure, drawn = panels(len(names))
    for axes, name in zip(drawn, names, strict=True):
        for method, (colour, style) in zip(dict.fromkeys(row["method"] for row in rows), cycle(LINES), strict=False):
            points = [(row["severity"], row[name]) for row in rows if row["method"] == method and row.get(name) is not None]
            if points:
                label = f"{method}, T = {samples[method]}{_correlation(found.get((method, name)))}"
                axes.plot(*zip(*points, strict=True), style, color=colour, marker="o", markersize=3, linewidth=1.2, label=label)
        axes.set(xlabel="severity", ylabel=QUANTITIES[name])
        axes.legend(fontsize=6)
    figure.suptitle(meaning, fontsize=9)
    return figure


def _correlation(row: dict | None) -> str:
    return "" if row is None or row["spearman"] is None else f" (ρ {row['spearman']:.2f}, r {row['pearson']:.2f})"


def _grid(arrays: dict[float, dict], rows: int, meaning: str) -> tuple[Figure, np.ndarray]:
    """Axes ``[rows, severities]`` with the severities as titles."""
    figure = new_figure(2.2 * len(arrays) + 0.8, 2.3 * rows + 0.4)
    axes = figure.subplots(rows, len(arrays), squeeze=False)
    for severity, top in zip(arrays, axes[0], strict=True):
        top.set_title(f"{severity:g}", fontsize=9)
    figure.suptitle(meaning, fontsize=9)
    return figure, axes


def volume_strip(arrays: dict[float, dict[str, np.ndarray]], classes: int, meaning: str) -> Figure:
    """A slice at each severity: image, truth, prediction and maps, each map on one scale."""
    maps = [name for name in _STRIP_MAPS if all(name in found for found in arrays.values())]
    names = ["image", "truth", "label", *maps]
    labels = {"cmap": colors.ListedColormap(matplotlib.colormaps["viridis"](np.linspace(0, 1, classes))), "vmin": 0}
    figure, axes = _grid(arrays, len(names), meaning)
    for name, line in zip(names, axes, strict=True):
        top = max(float(found[name].max()) for found in arrays.values()) or 1.0
        style = {"cmap": SEQUENTIAL, "vmin": 0, "vmax": top} if name in maps else labels | {"vmax": classes - 1}
        for found, panel in zip(arrays.values(), line, strict=True):
            shown = _plane(panel, found, found[name], {"cmap": "gray"} if name == "image" else style)
        _row_title(line[0], "prediction" if name == "label" else name)
        if name in maps:
            unit = "share of samples" if name == "variation_ratio" else "nat"
            figure.colorbar(shown, ax=line, fraction=0.02).set_label(unit, fontsize=8)
    return figure


def _plane(panel: Axes, found: dict[str, np.ndarray], plane: np.ndarray, style: dict):
    turned, aspect = upright(plane, found["affine"], int(found["axis"]))
    panel.set(xticks=[], yticks=[])
    return panel.imshow(turned, aspect=aspect, **style)


def _row_title(axes: Axes, name: str) -> None:
    axes.set_ylabel(name.replace("_", " "), fontsize=8)


def differences(arrays: dict[float, dict[str, np.ndarray]], ratios: dict[float, list[int] | None], meaning: str) -> Figure:
    """Where a slice's truth and prediction differ, and the histogram of the variation ratio inside the differing region of all
    cases; of a single sample, the maps alone."""
    has_ratios = all(counts is not None for counts in ratios.values())
    figure, axes = _grid(arrays, 2 if has_ratios else 1, meaning)
    for (severity, found), panel in zip(arrays.items(), axes[0], strict=True):
        differs = (found["truth"] != found["label"]).astype(int)
        _plane(panel, found, differs, {"cmap": colors.ListedColormap(["white", WRONG]), "vmin": 0, "vmax": 1})
        panel.set_xlabel(f"{differs.mean():.2%} differ", fontsize=8)
        if has_ratios:
            _ratio_histogram(axes[1, list(arrays).index(severity)], np.array(ratios[severity]))
    _row_title(axes[0, 0], "truth ≠ prediction")
    if has_ratios:
        _row_title(axes[1, 0], "share of differing voxels")
    return figure


def _ratio_histogram(axes: Axes, counts: np.ndarray) -> None:
    axes.stairs(counts / max(counts.sum(), 1), np.linspace(0, 1, len(counts) + 1), color=WRONG, fill=True)
    axes.set(ylim=(0, 1), xlim=(0, 1))
    axes.set_xlabel(f"variation ratio\n({counts.sum():,} voxels)", fontsize=8)
    axes.tick_params(labelsize=6)


def class_strip(arrays: dict[float, dict[str, np.ndarray]], classes: Sequence[str], meaning: str) -> Figure:
    """A picture at each severity with the shares of the samples that chose each class, or its probabilities."""
    figure, axes = _grid(arrays, 2, meaning)
    for found, (panel, bars) in zip(arrays.values(), axes.T, strict=True):
        _picture(panel, found["image"])
        panel.set_xlabel(f"{classes[int(found['probability'].argmax())]}, truth {classes[int(found['truth'][0])]}", fontsize=8)
        bars.bar(range(len(classes)), found["votes"], color=GREY)
        bars.set(ylim=(0, 1), xlabel="class")
        bars.tick_params(labelsize=6)
    _row_title(axes[1, 0], "share of samples")
    return figure


def landmark_strip(arrays: dict[float, dict[str, np.ndarray]], meaning: str) -> Figure:
    """A picture at each severity with where its landmarks are and where each sample found them."""
    figure, axes = _grid(arrays, 1, meaning)
    for found, panel in zip(arrays.values(), axes[0], strict=True):
        _picture(panel, found["image"])
        panel.plot(*found["found"].reshape(-1, 2).T, ".", color=YELLOW, markersize=2, label="samples")
        panel.plot(*found["points"].T, "+", color=ORANGE, markersize=5, label="truth")
        rows, columns = found["image"].shape[:2]
        panel.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=7)
    return figure


def _picture(panel: Axes, image: np.ndarray) -> None:
    grey = image[..., 0] if image.shape[-1] != 3 else (image - image.min()) / (np.ptp(image) or 1)
    panel.imshow(grey, cmap="gray")
    panel.set(xticks=[], yticks=[])
