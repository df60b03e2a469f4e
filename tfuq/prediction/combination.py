"""How a prediction combines its samples, and which combinations it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfuq.config import member_config
from tfuq.config.combination import (
    LOGITS,
    MAJORITY,
    MEAN,
    WEIGHTED,
    combination_problem,
    needs_two_samples,
)
from tfuq.data.json_csv import number, read_table
from tfuq.errors import RunError
from tfuq.measures.reducers import Reducer
from tfuq.measures.reducers.combined import LogitMean, MajorityShare
from tfuq.prediction.request import Request
from tfuq.runs import Run
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.weighted_mean import WeightedMean

_REMEDY = f"pass --combine {MEAN}"
_LEAST_NLL = 1e-6  # nat, so that a weight is finite
_AGAIN = "train the run again"


def require_combination(run: Run, request: Request, members: Sequence[int], samples: int) -> None:
    """Refuse a combination that makes no sense of the samples.

    Args:
        run: The run.
        request: What is asked for.
        members: Numbers of the members that are sampled.
        samples: T.

    Raises:
        RunError: The samples cannot be combined so.
    """
    combine = request.combine
    if combine == MEAN:
        return
    problem = combination_problem(run.config, combine)
    if problem is None and samples < 2 and needs_two_samples(combine):
        problem = f"compares the labels of samples, and {request.method} draws one"
    if problem is None and combine == WEIGHTED and len(members) < 2:
        problem = f"weighs members, and {request.method} draws from one here"
    if problem is None and request.is_calibrated:
        problem = "changes probabilities, and a calibration is of their mean"
    if problem:
        raise RunError(f"--combine {combine}: {problem}; {_REMEDY}")


def combination_reducers(
    run: Run, request: Request, posterior: Posterior, members: Sequence[int]
) -> list[Reducer]:
    """The reducers that the combination needs beside those of the task.

    Args:
        run: The run.
        request: What is asked for.
        posterior: The networks.
        members: Their numbers.

    Raises:
        RunError: The history of a member does not say its NLL.
    """
    if request.combine == LOGITS:
        return [LogitMean()]
    if request.combine == MAJORITY:
        return [MajorityShare()]
    if request.combine == WEIGHTED:
        return [WeightedMean(posterior, member_weights(run, members))]
    return []


def member_weights(run: Run, members: Sequence[int]) -> list[float]:
    """Weights of members: one over the NLL of the validation cases, made to add up to one.

    A member with half of another's NLL counts twice as much.

    Args:
        run: The run.
        members: Their numbers.

    Raises:
        RunError: The history of a member does not say its NLL.

    References:
        Perrone & Cooper 1993, When networks disagree (weights by the inverse of the error).
    """
    inverse = [1 / max(_validation_nll(run, index), _LEAST_NLL) for index in members]
    weights: list[float] = (np.array(inverse) / np.sum(inverse)).tolist()
    return weights


def _validation_nll(run: Run, index: int) -> float:
    """The NLL of the validation cases at the epoch whose weights the member keeps."""
    from tfuq.training.progress import NLL, kept_row  # most predictions need nothing of training

    path = run.member(index) / "history.csv"
    if path.is_file():
        rows = read_table(path, ("epoch", "loss"), _AGAIN)
        history = [_figures(path, row) for row in rows]
        config = member_config(run.config, index)
        if history and NLL in kept_row(config, history):
            return kept_row(config, history)[NLL]
    raise RunError(
        f"{path}: does not say {NLL}, the NLL of validation cases, which weights are made of; "
        f"{_REMEDY}, or train again with validation cases"
    )


def _figures(path: Path, row: dict[str, str]) -> dict[str, int | float]:
    """What the history says of an epoch, in numbers."""
    figures: dict[str, int | float] = {}
    for name in row:
        value = number(path, row, name, _AGAIN)
        if value is not None:
            figures[name] = value
    return figures
