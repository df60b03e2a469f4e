"""The figure of a case with landmarks: truth, samples and their ellipses on the image."""

from __future__ import annotations

import matplotlib.patheffects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from tfuq.measures.landmark import prediction_ellipse
from tfuq.report.plotting import ORANGE, SKY, VERMILION, YELLOW, new_figure, stretched

_WIDTH = 6.0  # inches of the image
_MARGIN = 0.3  # inches beside the image
_LIST_WIDTH = 2.4  # inches of a list of names beside the image
_SHORT_NAME = 3  # characters
_OUTLINE = [matplotlib.patheffects.withStroke(linewidth=1.5, foreground="black")]


def overlay(
    image: np.ndarray,
    truth: np.ndarray | None,
    position: np.ndarray,
    samples: np.ndarray,
    covariance: np.ndarray,
    names: list[str],
) -> Figure:
    """Plot landmarks on their image.

    Truth are crosses, means are stars, samples are dots, and ellipses would hold 95 % of further
    samples.

    Args:
        image: ``[H, W, 1 or 3]``, shown from its darkest to its brightest value.
        truth: ``[L, 2]`` in the image's pixels (x, y), NaN where missing; None without any.
        position: Mean positions ``[L, 2]``.
        samples: Positions of each sample ``[T, L, 2]``.
        covariance: Population covariance ``[L, 2, 2]`` of the samples' x and y in square pixels;
            NaN where there is none.
        names: Of the landmarks. Long ones are listed beside the image under numbers.
    """
    height, width = image.shape[:2]
    has_list = max(map(len, names)) > _SHORT_NAME
    margin = _MARGIN
    if has_list:
        margin = _LIST_WIDTH
    figure = new_figure(_WIDTH + margin, _WIDTH * height / width + 0.5)
    axes = figure.add_subplot()
    axes.imshow(stretched(image).squeeze(), cmap="gray")
    _plot_positions(axes, truth, position, samples, covariance)
    if has_list:
        numbers = range(1, len(names) + 1)
        _label(axes, position, list(map(str, numbers)))
        _list_names(axes, names)
    else:
        _label(axes, position, names)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    axes.axis("off")
    figure.legend(loc="outside lower center", ncols=4, fontsize=7)
    return figure


def _plot_positions(
    axes: Axes,
    truth: np.ndarray | None,
    position: np.ndarray,
    samples: np.ndarray,
    covariance: np.ndarray,
) -> None:
    x, y = samples.reshape(-1, 2).T
    axes.plot(x, y, ".", color=SKY, markersize=2.5, alpha=0.6, label="sample")
    for ellipse in _ellipses(position, covariance, len(samples)):
        axes.add_patch(ellipse)
    if truth is not None:
        x, y = truth.T
        axes.plot(x, y, "+", color=ORANGE, markersize=12, markeredgewidth=1.6, label="truth")
    x, y = position.T
    axes.plot(
        x,
        y,
        "*",
        color=YELLOW,
        markersize=6,
        markeredgecolor="black",
        markeredgewidth=0.5,
        label="mean of the samples",
    )


def _ellipses(position: np.ndarray, covariance: np.ndarray, samples: int) -> list[Ellipse]:
    """The 95 % ellipse of each landmark that has one; the first names itself in the legend."""
    ellipses: list[Ellipse] = []
    for centre, matrix in zip(position, covariance, strict=True):
        if not np.isfinite(matrix).all():
            continue
        shape = prediction_ellipse(matrix, samples)
        if shape is None:
            continue
        ellipse = Ellipse(
            centre,
            2 * shape.long,
            2 * shape.short,
            angle=shape.degrees,
            fill=False,
            color=VERMILION,
            label=None if ellipses else "95 % of further samples",
        )
        ellipses.append(ellipse)
    return ellipses


def _label(axes: Axes, position: np.ndarray, labels: list[str]) -> None:
    for (x, y), label in zip(position, labels, strict=True):
        axes.annotate(
            label,
            (x, y),
            (5, 4),
            textcoords="offset points",
            fontsize=7,
            color="white",
            path_effects=_OUTLINE,
        )


def _list_names(axes: Axes, names: list[str]) -> None:
    """List the names beside the image under their numbers."""
    lines = [f"{number}  {name}" for number, name in enumerate(names, start=1)]
    axes.text(1.02, 0.98, "\n".join(lines), transform=axes.transAxes, va="top", fontsize=7)
