"""Fits of a calibration that its cases do not determine, and promises that exclude nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tfuq.calibration.conformal import least_cases
from tfuq.calibration.records import Calibration, Conformal, Scaling
from tfuq.calibration.scaling import TEMPERATURES, TINY

_AT_END = 0.01  # share of a temperature
_NO_LOSS = 0.1  # nat of all items together
_GUESSING = 0.999  # share of the loss of a guess
_WIDE = math.log(10)  # of a volume's interval, to each side
_ALL = 1 - 1e-9  # share of the cases
_NONE_REACHES = 2.0  # a threshold of probabilities; see `tfuq.calibration.risk_control`
_SMALLEST = 1e-6  # quantile of scores between 0 and 1
_MORE_CASES = "calibrate on more cases, or predict without --calibrated"
_RAISE_ALPHA = "calibrate on more cases, raise --alpha, or train a better network"


@dataclass(frozen=True, kw_only=True)
class Degeneracy:
    """One fit or promise that is not what it seems.

    Attributes:
        problem: What is so, with its value.
        why: What it means.
        remedy: What to do.
    """

    problem: str
    why: str
    remedy: str

    def line(self) -> str:
        """All of it in one line."""
        return f"{self.problem}: {self.why}; {self.remedy}"


def degeneracies(calibration: Calibration, classes: Sequence[str]) -> Iterator[Degeneracy]:
    """Find degenerate fits of a calibration.

    Args:
        calibration: to look at.
        classes: names of the run's classes.

    Yields:
        First those of the scaling, then those of the promises.
    """
    scaling = calibration.scaling
    if scaling:
        fitted_on = f"fitted on {scaling.items:,} items of {len(calibration.cases)} case(s)"
        yield from _of_scaling(scaling, fitted_on, classes)
    yield from _of_promises(calibration.conformal)


def _of_scaling(scaling: Scaling, fitted_on: str, classes: Sequence[str]) -> Iterator[Degeneracy]:
    if scaling.kind == "temperature":
        of_parameters = list(_of_temperature(scaling.weights[0], fitted_on))
    else:
        of_parameters = list(_of_vector(scaling, fitted_on, classes))
    yield from of_parameters
    if not of_parameters:
        yield from _of_loss(scaling, fitted_on)


def _of_temperature(weight: float, fitted_on: str) -> Iterator[Degeneracy]:
    low, high = TEMPERATURES
    temperature = 1 / max(weight, TINY)
    reason = ""
    if temperature > high * (1 - _AT_END):
        reason = "the surer it is, the more it is wrong"
    elif temperature < low * (1 + _AT_END):
        reason = "no item contradicts it"
    if reason:
        yield Degeneracy(
            problem=(
                f"temperature {temperature:.4g} is at the end of its search range, "
                f"{low:g} to {high:g}"
            ),
            why=f"{fitted_on}, the network has no best temperature: {reason}",
            remedy=_MORE_CASES,
        )


def _of_loss(scaling: Scaling, fitted_on: str) -> Iterator[Degeneracy]:
    classes = len(scaling.weights)
    loss = abs(scaling.nll_after)  # of nothing, it may be −0
    problem = f"{scaling.kind} scaling leaves a loss of {loss:.3g} nat"
    if loss * scaling.items < _NO_LOSS:
        yield Degeneracy(
            problem=problem,
            why=f"{fitted_on}, none of them in doubt, it cannot tell how sure new cases may be",
            remedy=_MORE_CASES,
        )
    elif loss > _GUESSING * math.log(classes):
        yield Degeneracy(
            problem=problem,
            why=f"{fitted_on}, it is no better than a guess among {classes} classes",
            remedy="train a better network before it is calibrated",
        )


def _of_vector(scaling: Scaling, fitted_on: str, classes: Sequence[str]) -> Iterator[Degeneracy]:
    low, high = TEMPERATURES
    least = 1 / high * (1 + _AT_END)
    most = 1 / low * (1 - _AT_END)
    for name, weight in zip(classes, scaling.weights, strict=True):
        if not least < weight < most:
            yield Degeneracy(
                problem=(
                    f"vector scaling gives class '{name}' the weight {weight:.4g}, "
                    f"which is not between {1 / high:g} and {1 / low:g}"
                ),
                why=f"{fitted_on}, its probability is next to unused, or all that counts",
                remedy=f"{_MORE_CASES}, or use --scaling temperature",
            )
    for index in scaling.absent:
        yield Degeneracy(
            problem=f"vector scaling has no item of class '{classes[index]}'",
            why=f"{fitted_on}, its weight and bias only learn that it is never there",
            remedy="calibrate on cases of every class, or use --scaling temperature",
        )


def _of_promises(conformal: Conformal) -> Iterator[Degeneracy]:
    for name, kinds in conformal.sizes.items():
        for kind, size in kinds.items():
            if (size.get("vacuous") or 0) >= _ALL:
                yield Degeneracy(
                    problem=f"{name}: the {kind} says nothing of any calibration case",
                    why="a promise that excludes nothing is always kept",
                    remedy=_RAISE_ALPHA,
                )
    for name, bounds in conformal.bounds.items():
        if name not in conformal.sizes:
            yield from _of_thresholds(name, bounds["lower"], bounds["upper"])
    if conformal.sizes and conformal.bounds and not conformal.volumes:
        needed = least_cases(conformal.alpha)
        yield Degeneracy(
            problem="there are no intervals of volumes",
            why=(
                f"fewer than {needed} calibration cases are labelled whole, and voxels to ignore "
                "leave the volumes of the others unknown"
            ),
            remedy="calibrate on more cases that are labelled whole, if you need the intervals",
        )
    for name, quantile in conformal.volumes.items():
        if quantile >= _WIDE:
            yield Degeneracy(
                problem=(
                    f"{name}: volume intervals are {math.exp(quantile):.3g} times as wide, "
                    "to each side, as the samples' spread"
                ),
                why="calibration cases lie far outside of what the samples say",
                remedy=_RAISE_ALPHA,
            )
    yield from _of_quantiles(conformal)


def _of_thresholds(name: str, lower: float, upper: float) -> Iterator[Degeneracy]:
    """Of calibrations that do not hold the sizes of their promises."""
    if upper <= 0:
        yield Degeneracy(
            problem=f"{name}: the threshold of the upper bound is 0, which every voxel reaches",
            why="the bound is the whole image",
            remedy=_RAISE_ALPHA,
        )
    if lower >= _NONE_REACHES:
        yield Degeneracy(
            problem=f"{name}: the threshold of the lower bound is one that no voxel reaches",
            why="the bound is empty",
            remedy=_RAISE_ALPHA,
        )


def _of_quantiles(conformal: Conformal) -> Iterator[Degeneracy]:
    """Quantiles of nothing: all calibration cases were perfect."""
    quantile = conformal.sets.get("lac")
    if quantile is not None and quantile <= _SMALLEST:
        yield Degeneracy(
            problem=f"lac: the quantile is {quantile:.2g}",
            why="sets hold what has a probability of 1 alone, and are empty for any doubt",
            remedy="calibrate on more cases, or lower --alpha",
        )
    for name, radius in conformal.radii.items():
        if radius <= _SMALLEST:
            yield Degeneracy(
                problem=f"{name}: the radius is {radius:.2g} times the spread",
                why="calibration cases had no error, so circles are points",
                remedy="calibrate on more cases, or lower --alpha",
            )
