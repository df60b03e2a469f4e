"""Figures of a classification: cases worth looking at, rejection, confusion."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from tfuq.report.plotting import BLACK, RIGHT, SEQUENTIAL, WRONG, new_figure, stretched, words
from tfuq.report.ranking import LINES

_MOST_LABELS = 12
_MOST_NUMBERS = 20
_LONGEST_HORIZONTAL = 2  # characters of a class name; longer ones are turned


@dataclass(frozen=True, kw_only=True)
class _Example:
    """A case of a group: its image, its votes ``[K]``, and its classes by number."""

    image: np.ndarray
    votes: np.ndarray
    predicted: int
    truth: int


def extremes(
    images: np.ndarray,
    p: np.ndarray,
    votes: np.ndarray,
    truth: np.ndarray,
    measure: np.ndarray,
    names: list[str],
    count: int = 5,
) -> Figure:
    """Plot the most and the least certain cases, of the right and of the wrong ones.

    Each has its image and the histogram of its sampled classes.

    Args:
        images: ``[n, H, W, 1 or 3]``, each shown from its darkest to its brightest value.
        p: Mean probabilities ``[n, K]``; the prediction is the largest.
        votes: How many samples chose each class, ``[n, K]``. The variation ratio in the titles is
            made of them.
        truth: True classes ``[n]``.
        measure: The uncertainty ``[n]`` that orders the cases.
        names: The names of the classes.
        count: How many cases of each kind are shown.
    """
    predicted = p.argmax(1)
    groups = _groups(predicted == truth, measure, count)
    figure = new_figure(2.2 * count, 14)
    subfigures = figure.subfigures(len(groups), 1, squeeze=False)[:, 0]
    for subfigure, (title, chosen) in zip(subfigures, groups.items(), strict=True):
        if not len(chosen):
            title = f"{title}: none"
        subfigure.suptitle(title, fontsize=12, weight="bold")
        examples = []
        for index in chosen:
            example = _Example(
                image=images[index],
                votes=votes[index],
                predicted=predicted[index],
                truth=truth[index],
            )
            examples.append(example)
        _plot_examples(subfigure, examples, names, count)
    return figure


def _groups(is_right: np.ndarray, measure: np.ndarray, count: int) -> dict[str, np.ndarray]:
    """Indices of the cases of each group, by the group's title."""
    order = np.argsort(measure, kind="stable")
    wrong = order[~is_right[order]]
    right = order[is_right[order]]
    return {
        "wrong, most certain": wrong[:count],
        "wrong, least certain": wrong[::-1][:count],
        "right, most certain": right[:count],
        "right, least certain": right[::-1][:count],
    }


def _plot_examples(
    subfigure: SubFigure, examples: list[_Example], names: list[str], columns: int
) -> None:
    axes = subfigure.subplots(2, columns, height_ratios=(2.4, 1), squeeze=False)
    for column in axes.T[len(examples) :]:
        for unused in column:
            unused.axis("off")
    for example, (picture, bars) in zip(examples, axes.T, strict=False):
        _plot_picture(picture, example, names)
        _plot_votes(bars, example, names)
    axes[1, 0].set_ylabel("samples", fontsize=10)


def _plot_picture(axes: Axes, example: _Example, names: list[str]) -> None:
    axes.imshow(stretched(example.image).squeeze(), cmap="gray")
    axes.axis("off")
    ratio = 1 - example.votes.max() / example.votes.sum()
    classes = f"truth {names[example.truth]}\npredicted {names[example.predicted]}"
    axes.set_title(f"variation ratio {ratio:.2f}\n{classes}", fontsize=10)


def _plot_votes(axes: Axes, example: _Example, names: list[str]) -> None:
    classes = range(len(names))
    colours = [WRONG] * len(names)
    colours[example.truth] = RIGHT
    axes.bar(classes, example.votes, color=colours)
    axes.set(xlim=(-0.6, len(names) - 0.4), ylim=(0, example.votes.sum()))
    if len(names) <= _MOST_LABELS:
        axes.set_xticks(classes, labels=names, rotation=_rotation(names))
    axes.tick_params(labelsize=8)


def _rotation(names: list[str]) -> int:
    """Degrees to turn the labels of classes by."""
    return 90 if max(map(len, names)) > _LONGEST_HORIZONTAL else 0


def rejection(curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Plot the accuracy among the cases that stay against their share.

    Args:
        curves: Share and accuracy of each measure, as
            `tfuq.scoring.classification.rejection_curve` gives them.
    """
    figure = new_figure(5, 3.6)
    axes = figure.add_subplot()
    for (name, (share, accuracy)), (colour, style) in zip(
        curves.items(), cycle(LINES), strict=False
    ):
        axes.plot(share, accuracy, style, color=colour, linewidth=1.4, label=words(name))
    axes.set(
        xlabel="share of cases kept, the most certain first",
        ylabel="accuracy of those kept",
        xlim=(0, 1),
    )
    axes.legend(fontsize=7)
    return figure


def roc_figure(curves: dict[str, tuple[np.ndarray, np.ndarray]], areas: dict[str, float]) -> Figure:
    """Plot the ROC curve of each class against all others.

    Args:
        curves: False positive rates and sensitivities, by class.
        areas: The areas under the curves, by class.
    """
    figure = new_figure(4.6, 4.2)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], ":", color=BLACK, linewidth=0.8)
    for (name, (false_positives, sensitivities)), (colour, style) in zip(
        curves.items(), cycle(LINES), strict=False
    ):
        label = f"{name}, area {areas[name]:.3f}"
        axes.plot(false_positives, sensitivities, style, color=colour, linewidth=1.4, label=label)
    axes.set(
        xlabel="1 − specificity",
        ylabel="sensitivity",
        xlim=(0, 1),
        ylim=(0, 1.01),
        aspect="equal",
    )
    axes.legend(fontsize=7, loc="lower right")
    return figure


def confusion_figure(matrix: np.ndarray, names: list[str]) -> Figure:
    """Plot a confusion matrix; the colour is the share of the true class.

    Args:
        matrix: Counts ``[K, K]`` by true (row) and predicted class (column).
        names: The names of the classes.
    """
    share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    size = np.clip(0.45 * len(names), 3, 9)
    figure = new_figure(size + 2, size + 1)
    axes = figure.add_subplot()
    image = axes.imshow(share, cmap=SEQUENTIAL, vmin=0, vmax=1)
    bar = figure.colorbar(image, ax=axes, fraction=0.046)
    bar.set_label("share of the true class")
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.set_xticks(range(len(names)), labels=names, rotation=_rotation(names), fontsize=7)
    axes.set_yticks(range(len(names)), labels=names, fontsize=7)
    if len(names) <= _MOST_NUMBERS:
        _write_counts(axes, matrix, share)
    return figure


def _write_counts(axes: Axes, matrix: np.ndarray, share: np.ndarray) -> None:
    for (row, column), count in np.ndenumerate(matrix):
        colour = BLACK if share[row, column] > 0.5 else "white"
        axes.text(column, row, f"{count:,}", ha="center", va="center", fontsize=6, color=colour)
