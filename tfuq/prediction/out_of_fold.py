"""Predictions of training cases, each by the member that left it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tfuq.data.cases import Case
from tfuq.errors import RunError
from tfuq.prediction.cases import known_cases
from tfuq.prediction.request import Request
from tfuq.runs import Run


def out_of_fold(run: Run, request: Request) -> Iterator[tuple[Request, list[Case]]]:
    """What to ask each member, and of which cases: those of its fold.

    Args:
        run: The run, whose members have folds.
        request: What to sample.

    Raises:
        RunError: The run's members have no folds, or the request is one that members by themselves
            do not serve.
        DataError: A case is gone from the data set.
    """
    if not run.folds:
        raise RunError(
            f"{run.path}: its members have no folds, so each has trained on all training cases; "
            "train with tfuq train --folds 5"
        )
    if request.member is not None:
        raise RunError("--out-of-fold: each member predicts its own fold; leave out --member")
    if request.keep_members:
        raise RunError("--out-of-fold: one member predicts each case; leave out --save-members")
    if request.is_calibrated:
        raise RunError(
            "--out-of-fold: a calibration is of the whole ensemble, and one member predicts each "
            "case; leave out --calibrated"
        )
    for member, ids in enumerate(run.folds):
        yield replace(request, member=member, is_out_of_fold=True), known_cases(run, ids)
