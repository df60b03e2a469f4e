"""Checks of what was trained: members, and the KL term of variational weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfuq.data.stored import number, read_table
from tfuq.doctor.finding import Finding
from tfuq.errors import RunError
from tfuq.layers import layer_widths
from tfuq.members import member_digest, missing_members, resume_command
from tfuq.posterior import METHOD_TRAITS
from tfuq.runs import Run
from tfuq.weights import load_arrays

_REMEDY = "restore it, or train the member again"
_NO_NUMBER = "what is computed from it is no number, or was chosen by none: its best epoch may be any"
_NOTHING = 1e-9  # nat per term of the likelihood
_DWARFS = 10.0  # times the likelihood's term of the loss
_MOVED = 2.0  # times the width at the start


def members_are_missing(run: Run) -> Iterator[Finding]:
    """Members whose training has not ended, where that of others has."""
    missing = missing_members(run, run.config.method)
    if missing and run.finished_members:
        yield Finding(
            "members",
            "caution",
            f"{run.path}: member(s) {', '.join(map(str, missing))} of {run.config.members} have not finished training",
            "an ensemble of fewer members errs more and knows less of it; tfuq predict refuses it unless --allow-missing is passed",
            f"run {resume_command(run)}",
        )


def members_are_the_same(run: Run) -> Iterator[Finding]:
    """Two members with the same weights: an ensemble that is smaller than it says."""
    first: dict[str, int] = {}
    for index in run.finished_members:
        digest = member_digest(run, index)
        if digest in first:
            yield Finding(
                "members",
                "fault",
                f"{run.member(index)}: has the same weights as member {first[digest]}",
                "an ensemble's uncertainty is the disagreement of its members; copies agree with each other",
                f"remove {run.member(index)} and run {resume_command(run)}, which trains it with its own seed",
            )
        first.setdefault(digest, index)


def kl_is_out_of_scale(run: Run) -> Iterator[Finding]:
    """Variational weights whose KL term is missing from the loss, or leaves the likelihood no say."""
    if not METHOD_TRAITS[run.config.method].variational:
        return
    for index in run.finished_members:
        path = run.member(index) / "history.csv"
        kl, likelihood = _last_terms(path)
        if kl <= _NOTHING:
            yield Finding(
                "kl",
                "fault",
                f"{path}: the KL term is {kl:g} in the last epoch",
                "without it nothing holds the weights' spread to the prior: they shrink to points, and samples come to agree",
                "set variational.kl_scale to 'data' and train again",
            )
        elif kl > _DWARFS * likelihood:
            yield Finding(
                "kl",
                "caution",
                f"{path}: the KL term is {kl / max(likelihood, _NOTHING):.3g} times the likelihood's in the last epoch",
                "weights then follow the prior more than the data, and predictions may be worse and less certain than they could be",
                "compare the scores with those of another method; train on more data, or widen variational.prior_scale",
            )


def _last_terms(path: Path) -> tuple[float, float]:
    """KL and likelihood in the loss of the last epoch."""
    rows = read_table(path, ("kl", "data_loss"), _REMEDY)
    if not rows:
        raise RunError(f"{path}: has no epoch; {_REMEDY}")
    return tuple(abs(number(path, rows[-1], name, _REMEDY) or 0.0) for name in ("kl", "data_loss"))


def widths_did_not_move(run: Run) -> Iterator[Finding]:
    """Variational weights whose posterior is as wide as it was at the start.

    All layers start with ``variational.initial_scale``, and a trained network needs its layers at unlike precision. The widths
    of a member have not moved when the median width of every layer is within a factor of `_MOVED` of the start.
    """
    if not METHOD_TRAITS[run.config.method].variational:
        return
    start = run.config.variational.initial_scale
    for index in run.finished_members:
        path = run.member(index) / "weights.npz"
        medians = [float(np.median(width)) for width in layer_widths(load_arrays(path, member_digest(run, index))).values()]
        if medians and start / _MOVED < min(medians) and max(medians) < start * _MOVED:
            yield Finding(
                "widths",
                "caution",
                f"{path}: every layer's median width is between {min(medians):.3g} and {max(medians):.3g}, "
                f"and variational.initial_scale is {start:.3g}",
                "the posterior then has the widths that the configuration gave it, and so have mutual information and intervals",
                "train again, for more steps or with a larger variational.width_learning_rate",
            )


def weights_are_not_finite(run: Run) -> Iterator[Finding]:
    """Members with a weight that is NaN or infinite, as versions before left them."""
    for index in run.finished_members:
        path = run.member(index) / "weights.npz"
        wrong = [name for name, array in load_arrays(path, member_digest(run, index)).items() if not np.isfinite(array).all()]
        if wrong:
            yield Finding("nan", "fault", f"{path}: '{wrong[0]}' is not finite", _NO_NUMBER, _train_again(run))


def validation_came_to_no_number(run: Run) -> Iterator[Finding]:
    """Members with an epoch whose validation loss is no number, which versions before took for the best there was."""
    for index in run.finished_members:
        path = run.member(index) / "history.csv"
        rows = read_table(path, (), _REMEDY) if path.is_file() else []
        epoch = next((number for number, row in enumerate(rows, start=1) if row.get("val_loss") == ""), None)
        if epoch:
            what = f"{path}: the validation loss of epoch {epoch} is no number"
            yield Finding("nan", "fault", what, _NO_NUMBER, _train_again(run))


def _train_again(run: Run) -> str:
    return f"lower training.learning_rate and train {run.path} again with --overwrite"


MEMBER_CHECKS = (
    weights_are_not_finite,
    validation_came_to_no_number,
    members_are_missing,
    members_are_the_same,
    kl_is_out_of_scale,
    widths_did_not_move,
)
