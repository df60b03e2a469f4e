"""Checks of variational weights: the KL term of their loss, and their widths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfuq.config import member_config
from tfuq.data.json_csv import number, read_table
from tfuq.errors import RunError
from tfuq.networks.freezing import without_layers
from tfuq.networks.layers import layer_widths
from tfuq.networks.weights import load_arrays
from tfuq.runs import Run
from tfuq.sampling.members import member_digest
from tfuq.sampling.posterior import METHOD_TRAITS
from tfuq.workflows.doctor.finding import Finding

_REMEDY = "restore it, or train the member again"
_SMALLEST_KL = 1e-9  # nat per term of the likelihood
_LARGEST_KL = 10.0  # times the likelihood's term of the loss
_MOVED = 2.0  # times the width at the start


def kl_is_out_of_scale(run: Run) -> Iterator[Finding]:
    """Find variational weights whose KL term is missing, or outweighs the likelihood."""
    if not METHOD_TRAITS[run.config.method].has_divergence:
        return
    for index in run.finished_members:
        path = run.member(index) / "history.csv"
        kl, likelihood = _last_terms(path)
        if kl <= _SMALLEST_KL:
            yield _missing_kl(path, kl)
        elif kl > _LARGEST_KL * likelihood:
            yield _large_kl(path, kl / max(likelihood, _SMALLEST_KL))


def _missing_kl(path: Path, kl: float) -> Finding:
    return Finding(
        check="kl",
        severity="fault",
        problem=f"{path}: the KL term is {kl:g} in the last epoch",
        why=(
            "without it nothing holds the weights' spread to the prior: "
            "they shrink to points, and samples come to agree"
        ),
        remedy="set variational.kl_scale to 'data' and train again",
    )


def _large_kl(path: Path, ratio: float) -> Finding:
    return Finding(
        check="kl",
        severity="caution",
        problem=f"{path}: the KL term is {ratio:.3g} times the likelihood's in the last epoch",
        why=(
            "weights then follow the prior more than the data, "
            "and predictions may be worse and less certain than they could be"
        ),
        remedy=(
            "compare the scores with those of another method; "
            "train on more data, or widen variational.prior_scale"
        ),
    )


def _last_terms(path: Path) -> tuple[float, float]:
    """KL and likelihood in the loss of the last epoch, in nat per term of the likelihood."""
    rows = read_table(path, ("kl", "data_loss"), _REMEDY)
    if not rows:
        raise RunError(f"{path}: has no epoch; {_REMEDY}")
    kl = number(path, rows[-1], "kl", _REMEDY)
    likelihood = number(path, rows[-1], "data_loss", _REMEDY)
    return abs(kl or 0.0), abs(likelihood or 0.0)


def widths_did_not_move(run: Run) -> Iterator[Finding]:
    """Find variational weights whose posterior is as wide as it was at the start.

    Layers start with ``variational.initial_scale``, and a trained network needs its layers at
    unlike precision. The widths of a member have not moved when the median width of every layer is
    within a factor of `_MOVED` of the start. Frozen layers are left out.
    """
    if not METHOD_TRAITS[run.config.method].has_divergence:
        return
    for index in run.finished_members:
        start = member_config(run.config, index).variational.initial_scale
        path = run.member(index) / "weights.npz"
        arrays = load_arrays(path, member_digest(run, index))
        arrays = without_layers(arrays, run.frozen_layers(index))
        medians = [float(np.median(width)) for width in layer_widths(arrays).values()]
        if medians and start / _MOVED < min(medians) and max(medians) < start * _MOVED:
            yield _unmoved(path, medians, start)


def _unmoved(path: Path, medians: list[float], start: float) -> Finding:
    return Finding(
        check="widths",
        severity="caution",
        problem=(
            f"{path}: every layer's median width is between "
            f"{min(medians):.3g} and {max(medians):.3g}, "
            f"and variational.initial_scale is {start:.3g}"
        ),
        why=(
            "the posterior then has the widths that the configuration gave it, "
            "and so have mutual information and intervals"
        ),
        remedy="train again, for more steps or with a larger variational.width_learning_rate",
    )
