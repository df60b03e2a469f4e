"""Figures of landmarks: what was found where on the image, and what an uncertainty says about the error."""

from __future__ import annotations

import matplotlib.patheffects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from tfuq.measures.landmark import prediction_ellipse
from tfuq.report.canvas import BLUE, ORANGE, SKY, VERMILION, YELLOW, interval_text, new_figure

_WIDTH = 6.0  # inches of the image
_SHORT_NAME = 3
_WIDE_RANGE = 30.0  # largest value over median beyond which an axis is logarithmic
_OUTLINE = [matplotlib.patheffects.withStroke(linewidth=1.5, foreground="black")]


def overlay(
    image: np.ndarray,
    truth: np.ndarray | None,
    position: np.ndarray,
    samples: np.ndarray,
    covariance: np.ndarray,
    names: list[str],
) -> Figure:
    """Landmarks on their image: truth as crosses, means as stars, samples as dots, and the ellipses that would hold 95 % of
    further samples.

    Args:
        image: ``[H, W, 1 or 3]``, shown from its darkest to its brightest value.
        truth: ``[L, 2]`` in the image's pixels (x, y), NaN where missing; None without any.
        position: mean positions ``[L, 2]``.
        samples: positions of each sample ``[T, L, 2]``.
        covariance: population covariance ``[L, 2, 2]`` of the samples' x and y in square pixels; NaN where there is none.
        names: of the landmarks. Long ones are listed beside the image under numbers.
    """
    height, width = image.shape[:2]
    is_short = max(map(len, names)) <= _SHORT_NAME
    figure = new_figure(_WIDTH + (0.3 if is_short else 2.4), _WIDTH * height / width + 0.5)
    axes = figure.add_subplot()
    axes.imshow(((image - image.min()) / (np.ptp(image) or 1)).squeeze(), cmap="gray")
    axes.plot(*samples.reshape(-1, 2).T, ".", color=SKY, markersize=2.5, alpha=0.6, label="sample")
    for ellipse in _ellipses(position, covariance, len(samples)):
        axes.add_patch(ellipse)
    if truth is not None:
        axes.plot(*truth.T, "+", color=ORANGE, markersize=12, markeredgewidth=1.6, label="truth")
    axes.plot(
        *position.T, "*", color=YELLOW, markersize=6, markeredgecolor="black", markeredgewidth=0.5, label="mean of the samples"
    )
    _label(axes, position, names if is_short else [str(k) for k in range(1, len(names) + 1)])
    key = "" if is_short else "\n".join(f"{k}  {name}" for k, name in enumerate(names, start=1))
    if key:
        axes.text(1.02, 0.98, key, transform=axes.transAxes, va="top", fontsize=7)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    axes.axis("off")
    figure.legend(loc="outside lower center", ncols=4, fontsize=7)
    return figure


def _ellipses(position: np.ndarray, covariance: np.ndarray, samples: int) -> list[Ellipse]:
    """The 95 % ellipse of each landmark that has one; the first names itself in the legend."""
    ellipses: list[Ellipse] = []
    for centre, matrix in zip(position, covariance, strict=True):
        found = prediction_ellipse(matrix, samples) if np.isfinite(matrix).all() else None
        if found:
            label = None if ellipses else "95 % of further samples"
            style = {"fill": False, "color": VERMILION, "label": label}
            ellipses.append(Ellipse(centre, 2 * found.long, 2 * found.short, angle=found.degrees, **style))
    return ellipses


def _label(axes: Axes, position: np.ndarray, labels: list[str]) -> None:
    for (x, y), label in zip(position, labels, strict=True):
        axes.annotate(label, (x, y), (5, 4), textcoords="offset points", fontsize=7, color="white", path_effects=_OUTLINE)


def error_scatter(measure: np.ndarray, errors: np.ndarray, name: str, found: dict) -> Figure:
    """A measure (``name`` with its unit) against the radial error in mm, a point for each landmark.

    The title has Spearman's ``found`` of `tfuq.scoring.association.grouped_correlations`: within landmarks, and pooled.
    """
    present = ~(np.isnan(measure) | np.isnan(errors))
    x, y = measure[present], errors[present]
    figure = new_figure(4.6, 3.6)
    axes = figure.add_subplot()
    axes.scatter(x, y, s=8, color=BLUE, alpha=0.5, linewidths=0)
    axes.set(xlabel=name, ylabel="radial error (mm)", ylim=(0, None))
    if len(x) and x.min() > 0 and x.max() > _WIDE_RANGE * np.median(x):
        axes.set_xscale("log")
    within = interval_text("ρ within landmarks", found["within"], found["within_lower"], found["within_upper"])
    pooled = interval_text("pooled", found["rho"], found["lower"], found["upper"])
    axes.set_title(f"{within}\n{pooled}, n = {found['n']} in {found['cases']} images", fontsize=8)
    return figure


def quantile_bars(rows: list[dict], threshold_mm: float = 4.0) -> Figure:
    """Mean error and share of failures by quantile of a measure (rows of `scoring.landmarks.errors_by_quantile`)."""
    figure = new_figure(7.2, 3.4)
    ranges = ["empty" if row["low"] is None else f"{row['low']:.3g} to\n{row['high']:.3g}\nn = {row['n']}" for row in rows]
    panels = (
        ("mean_error", "mean radial error (mm)", BLUE),
        ("failure_rate", f"share off by {threshold_mm:g} mm or more", VERMILION),
    )
    for axes, (column, label, colour) in zip(figure.subplots(1, 2), panels, strict=True):
        axes.bar(range(len(rows)), [row[column] or 0 for row in rows], color=colour)
        axes.set_xticks(range(len(rows)), labels=ranges, fontsize=7)
        axes.set(xlabel="range of the measure, the most certain first", ylabel=label)
    return figure
