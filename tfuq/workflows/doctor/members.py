"""Checks of the ensemble members that were trained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfuq.data.json_csv import read_table
from tfuq.networks.weights import load_arrays
from tfuq.runs import Run
from tfuq.sampling.members import member_digest, missing_members, resume_command
from tfuq.workflows.doctor.finding import Finding
from tfuq.workflows.doctor.variational import kl_is_out_of_scale, widths_did_not_move

_REMEDY = "restore it, or train the member again"


def members_are_missing(run: Run) -> Iterator[Finding]:
    """Find members whose training has not ended, where that of others has."""
    missing = missing_members(run, run.config.method)
    if missing and run.finished_members:
        numbers = ", ".join(map(str, missing))
        yield Finding(
            check="members",
            severity="caution",
            problem=(
                f"{run.path}: member(s) {numbers} of {run.config.members} "
                "have not finished training"
            ),
            why=(
                "an ensemble of fewer members errs more and knows less of it; "
                "tfuq predict refuses it unless --allow-missing is passed"
            ),
            remedy=f"run {resume_command(run)}",
        )


def members_are_the_same(run: Run) -> Iterator[Finding]:
    """Find two members with the same weights: the ensemble is smaller than it says."""
    first_members: dict[str, int] = {}
    for index in run.finished_members:
        digest = member_digest(run, index)
        if digest in first_members:
            yield Finding(
                check="members",
                severity="fault",
                problem=(
                    f"{run.member(index)}: has the same weights as member {first_members[digest]}"
                ),
                why=(
                    "an ensemble's uncertainty is the disagreement of its members; "
                    "copies agree with each other"
                ),
                remedy=(
                    f"remove {run.member(index)} and run {resume_command(run)}, "
                    "which trains it with its own seed"
                ),
            )
        first_members.setdefault(digest, index)


def weights_are_not_finite(run: Run) -> Iterator[Finding]:
    """Find members with a weight that is NaN or infinite, as earlier versions left them."""
    for index in run.finished_members:
        path = run.member(index) / "weights.npz"
        arrays = load_arrays(path, member_digest(run, index))
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                yield _no_number(run, f"{path}: '{name}' is not finite")
                break


def validation_came_to_no_number(run: Run) -> Iterator[Finding]:
    """Find members with an epoch whose validation loss is no number.

    Earlier versions took such an epoch for the best one.
    """
    for index in run.finished_members:
        path = run.member(index) / "history.csv"
        epoch = _first_epoch_without_loss(path)
        if epoch:
            yield _no_number(run, f"{path}: the validation loss of epoch {epoch} is no number")


def _first_epoch_without_loss(path: Path) -> int | None:
    """The number of the first epoch whose validation loss is empty, from 1 on."""
    if not path.is_file():
        return None
    rows = read_table(path, (), _REMEDY)
    for epoch, row in enumerate(rows, start=1):
        if row.get("val_loss") == "":
            return epoch
    return None


def _no_number(run: Run, problem: str) -> Finding:
    return Finding(
        check="nan",
        severity="fault",
        problem=problem,
        why=(
            "what is computed from it is no number, or was chosen by none: "
            "its best epoch may be any"
        ),
        remedy=f"lower training.learning_rate and train {run.path} again with --overwrite",
    )


MEMBER_CHECKS = (
    weights_are_not_finite,
    validation_came_to_no_number,
    members_are_missing,
    members_are_the_same,
    kl_is_out_of_scale,
    widths_did_not_move,
)
