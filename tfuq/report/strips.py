"""Figures of one case at rising severity of a perturbation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from tfuq.data.preprocessing import PADDING
from tfuq.report.agreement import AGREEMENT_COLOURS, AGREEMENTS
from tfuq.report.plotting import (
    GREY,
    SEQUENTIAL,
    WRONG,
    new_figure,
    plain_number,
    set_title,
    stretched,
    words,
)
from tfuq.report.slices import MEAN, class_colours, map_scale, upright

Example = dict[str, np.ndarray]  # arrays of the case by name
Examples = Mapping[float, Example] | Mapping[str, Example]  # by severity, or by method
STRIP_MAPS = ("predictive_entropy", "mutual_information", "variation_ratio")
_PLANES = ("image", "truth", "label", "agreement", MEAN)
_TITLES = {"label": "prediction"}
_COLOUR_CHANNELS = 3
_CELL = (1.8, 1.9)  # width and height in inches


def grid_of(
    examples: Examples, rows: int, meaning: str, cell: tuple[float, float] = _CELL
) -> tuple[Figure, np.ndarray]:
    """A figure with axes ``[rows, examples]``; severities or methods are titles.

    Args:
        examples: A column each.
        rows: How many.
        meaning: The title of the figure.
        cell: Width and height of each of the axes, in inches.
    """
    columns = len(examples)
    width, height = cell
    figure = new_figure(width * columns + 0.8, height * rows + 0.8)
    axes = figure.subplots(rows, columns, squeeze=False)
    headings: list[str | float] = [*examples]
    for heading, top in zip(headings, axes[0], strict=True):
        title = heading if isinstance(heading, str) else plain_number(heading)
        top.set_title(title, fontsize=10)
    set_title(figure, meaning)
    return figure, axes


def volume_strip(
    examples: Examples, classes: int, meaning: str, maps: Sequence[str] = STRIP_MAPS
) -> Figure:
    """Plot a slice at each severity, or by each method: image, truth, prediction and maps.

    What is not in every example is left out. Each map has one scale over all examples.

    Args:
        examples: Planes ``[rows, columns]`` by name, with their affine and axis.
        classes: The number of classes.
        meaning: The title: the perturbation and what its severity is, or the slice.
        maps: The names of the maps.
    """
    maps = [name for name in maps if _is_everywhere(examples, name)]
    names = [name for name in _PLANES if _is_everywhere(examples, name)]
    names += maps
    figure, axes = grid_of(examples, len(names), meaning)
    for name, line in zip(names, axes, strict=True):
        style = _strip_style(examples, name, classes)
        for example, panel in zip(examples.values(), line, strict=True):
            if name == "agreement":
                plot_plane(panel, example, example["image"], {"cmap": "gray"})
            image = plot_plane(panel, example, _shown(example, name), style)
        row_title(line[0], _TITLES.get(name, name))
        if name in (*maps, MEAN):
            unit = "probability" if name == MEAN else map_scale(name, classes)[0]
            bar = figure.colorbar(image, ax=line, fraction=0.02)
            bar.set_label(unit, fontsize=8)
    return figure


def _shown(example: Example, name: str) -> np.ndarray:
    """A plane; of the truth, nothing where it is not known."""
    if name == "truth":
        return np.ma.masked_equal(example[name], PADDING)
    return example[name]


def _is_everywhere(examples: Examples, name: str) -> bool:
    return all(name in example for example in examples.values())


def _strip_style(examples: Examples, name: str, classes: int) -> dict[str, Any]:
    """Colours of an array of the strip, and the range of values that they stand for."""
    if name == "image":
        return {"cmap": "gray"}
    if name in ("truth", "label"):
        return {"cmap": class_colours(classes), "vmin": 0, "vmax": classes - 1}
    if name == "agreement":
        return {"cmap": AGREEMENT_COLOURS, "vmin": 0, "vmax": len(AGREEMENTS) - 1}
    if name == MEAN:
        return {"cmap": SEQUENTIAL, "vmin": 0, "vmax": 1}
    top = max(float(example[name].max()) for example in examples.values())
    return {"cmap": SEQUENTIAL, "vmin": 0, "vmax": top or 1.0}


def plot_plane(axes: Axes, example: Example, plane: np.ndarray, style: dict[str, Any]) -> AxesImage:
    """Show a plane as radiologists look at it.

    Args:
        axes: Where.
        example: Has the affine and the axis of the plane.
        plane: ``[rows, columns]``.
        style: Its colours, as ``imshow`` takes them.
    """
    turned, aspect = upright(plane, example["affine"], int(example["axis"]))
    axes.set(xticks=[], yticks=[])
    return axes.imshow(turned, aspect=aspect, **style)


def row_title(axes: Axes, name: str) -> None:
    """Write a name beside the first plot of a row."""
    axes.set_ylabel(words(name), fontsize=8)


def differences(examples: Examples, ratios: Sequence[Sequence[int] | None], meaning: str) -> Figure:
    """Plot where a slice's truth and prediction differ, and the variation ratio there.

    Args:
        examples: Planes ``[rows, columns]`` by name, with their affine and axis, by severity or
            method.
        ratios: Counts of the differing voxels by variation ratio, in equal bins from 0 to 1, of
            each example. None of a single sample, whose figure has the planes alone.
        meaning: The title: the perturbation and what its severity is, or the slice.
    """
    has_ratios = None not in ratios
    rows = 2 if has_ratios else 1
    figure, axes = grid_of(examples, rows, meaning)
    for column, example in enumerate(examples.values()):
        _plot_difference(axes[0, column], example)
        if has_ratios:
            _plot_ratios(axes[1, column], np.array(ratios[column]))
    row_title(axes[0, 0], "truth ≠ prediction")
    if has_ratios:
        row_title(axes[1, 0], "share of differing voxels")
    return figure


def _plot_difference(axes: Axes, example: Example) -> None:
    truth = np.ma.masked_equal(example["truth"], PADDING)
    differs = (truth != example["label"]).astype(int)
    style = {"cmap": colors.ListedColormap(["white", WRONG]), "vmin": 0, "vmax": 1}
    plot_plane(axes, example, differs, style)
    axes.set_xlabel(f"{differs.mean():.2%} differ", fontsize=8)


def _plot_ratios(axes: Axes, counts: np.ndarray) -> None:
    edges = np.linspace(0, 1, len(counts) + 1)
    axes.stairs(counts / max(counts.sum(), 1), edges, color=WRONG, fill=True)
    axes.set(ylim=(0, 1), xlim=(0, 1))
    axes.set_xlabel(f"variation ratio\n({counts.sum():,} voxels)", fontsize=8)
    axes.tick_params(labelsize=6)


def class_strip(examples: dict[float, Example], classes: Sequence[str], meaning: str) -> Figure:
    """Plot a picture at each severity with the share of the samples that chose each class.

    Args:
        examples: The picture ``[rows, columns, C]``, probabilities and votes ``[K]``, and the
            truth ``[1]``, by severity. Votes of a single sample are its probabilities.
        classes: The names of the classes.
        meaning: The perturbation, and what its severity is.
    """
    figure, axes = grid_of(examples, 2, meaning)
    for example, (panel, bars) in zip(examples.values(), axes.T, strict=True):
        plot_picture(panel, example["image"])
        predicted = classes[int(example["probability"].argmax())]
        truth = classes[int(example["truth"][0])]
        panel.set_xlabel(f"{predicted}, truth {truth}", fontsize=8)
        bars.bar(range(len(classes)), example["votes"], color=GREY)
        bars.set(ylim=(0, 1), xlabel="class")
        bars.tick_params(labelsize=6)
    row_title(axes[1, 0], "share of samples")
    return figure


def plot_picture(axes: Axes, image: np.ndarray) -> None:
    """Show a picture ``[rows, columns, C]``: three channels as colours, else the first as grey."""
    if image.shape[-1] == _COLOUR_CHANNELS:
        axes.imshow(stretched(image), cmap="gray")
    else:
        axes.imshow(image[..., 0], cmap="gray")
    axes.set(xticks=[], yticks=[])
