"""Figures of a classification: cases worth looking at, rejection, confusion."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from tfuq.report.canvas import BLACK, RIGHT, SEQUENTIAL, WRONG, new_figure
from tfuq.report.ranking import LINES

_MOST_LABELS, _MOST_NUMBERS = 12, 20


def extremes(
    images: np.ndarray,
    p: np.ndarray,
    votes: np.ndarray,
    truth: np.ndarray,
    measure: np.ndarray,
    names: list[str],
    count: int = 5,
) -> Figure:
    """The ``count`` most and least certain right and wrong cases, each with its image and the histogram of its sampled classes.

    Args:
        images: ``[n, H, W, 1 or 3]``, each shown from its darkest to its brightest value.
        p: mean probabilities ``[n, K]``; the prediction is the largest.
        votes: how many samples chose each class, ``[n, K]``; the variation ratio in the titles is theirs.
        truth: true classes ``[n]``.
        measure: the uncertainty ``[n]`` that orders the cases.
        names: of the classes.
    """
    right, order = p.argmax(1) == truth, np.argsort(measure, kind="stable")
    groups = []
    for what, chosen in (("wrong", order[~right[order]]), ("right", order[right[order]])):
        groups += [(f"{what}, most certain", chosen[:count]), (f"{what}, least certain", chosen[::-1][:count])]
    figure = new_figure(2.2 * count, 12)
    for part, (title, chosen) in zip(figure.subfigures(len(groups), 1), groups, strict=True):
        part.suptitle(title if len(chosen) else f"{title}: none", fontsize=10, weight="bold")
        _cases(part, [(images[i], p[i].argmax(), votes[i], truth[i]) for i in chosen], names, count)
    return figure


def _cases(part: SubFigure, cases: list[tuple], names: list[str], columns: int) -> None:
    axes = part.subplots(2, columns, height_ratios=(2.4, 1), squeeze=False)
    for column in axes.T[len(cases) :]:
        for unused in column:
            unused.axis("off")
    for (image, predicted, votes, truth), (picture, bars) in zip(cases, axes.T, strict=False):
        span = np.ptp(image) or 1
        picture.imshow(((image - image.min()) / span).squeeze(), cmap="gray")
        picture.axis("off")
        ratio = 1 - votes.max() / votes.sum()
        picture.set_title(f"var-ratio {ratio:.2f}\ntruth {names[truth]}, predicted {names[predicted]}", fontsize=7)
        _vote_bars(bars, votes, truth, names)
    axes[1, 0].set_ylabel("samples", fontsize=7)


def _vote_bars(axes: Axes, votes: np.ndarray, truth: int, names: list[str]) -> None:
    colours = [RIGHT if k == truth else WRONG for k in range(len(names))]
    axes.bar(range(len(names)), votes, color=colours)
    axes.set(xlim=(-0.6, len(names) - 0.4), ylim=(0, votes.sum()))
    if len(names) <= _MOST_LABELS:
        upright = max(map(len, names)) > 2
        axes.set_xticks(range(len(names)), labels=names, rotation=90 if upright else 0)
    axes.tick_params(labelsize=6)


def rejection(curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Accuracy among the cases kept, against their share, a line for each measure (of `scoring.classification.rejection_curve`)."""
    figure = new_figure(5, 3.6)
    axes = figure.add_subplot()
    for (name, (share, accuracy)), (colour, style) in zip(curves.items(), cycle(LINES), strict=False):
        axes.plot(share, accuracy, style, color=colour, linewidth=1.4, label=name.replace("_", " "))
    axes.set(xlabel="share of cases kept, the most certain first", ylabel="accuracy of those kept", xlim=(0, 1))
    axes.legend(fontsize=7)
    return figure


def confusion_figure(matrix: np.ndarray, names: list[str]) -> Figure:
    """Counts ``[K, K]`` by true (row) and predicted class (column); the colour is the share of the true class."""
    share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    size = np.clip(0.45 * len(names), 3, 9)
    figure = new_figure(size + 2, size + 1)
    axes = figure.add_subplot()
    bar = figure.colorbar(axes.imshow(share, cmap=SEQUENTIAL, vmin=0, vmax=1), ax=axes, fraction=0.046)
    bar.set_label("share of the true class")
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.set_xticks(range(len(names)), labels=names, rotation=90 if max(map(len, names)) > 2 else 0, fontsize=7)
    axes.set_yticks(range(len(names)), labels=names, fontsize=7)
    if len(names) <= _MOST_NUMBERS:
        for (row, column), number in np.ndenumerate(matrix):
            colour = BLACK if share[row, column] > 0.5 else "white"
            axes.text(column, row, f"{number:,}", ha="center", va="center", fontsize=6, color=colour)
    return figure
