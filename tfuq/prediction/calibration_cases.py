"""Which cases to calibrate on."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from tfuq.data.cases import Case
from tfuq.data.readers.text import read_plain_text
from tfuq.data.splits import CALIBRATION
from tfuq.errors import DataError
from tfuq.prediction.cases import known_cases
from tfuq.runs import Run

OUT_OF_FOLD = "out-of-fold"  # the training cases, each predicted by the member that left it out


def calibration_source(run: Run) -> str:
    """The source of calibration cases where none is named.

    It is the part of the split that nothing was trained or chosen on; without it, the training
    cases out of fold, where members have folds.

    Raises:
        DataError: The split has no such part, and members have no folds.
    """
    if not run.split.get(CALIBRATION) and run.folds:
        return OUT_OF_FOLD
    if not run.split.get(CALIBRATION):
        raise DataError(
            f"{run.path}: its split has no calibration cases, which nothing was trained or chosen "
            "on; pass --cases test:0.5, which leaves half of the test cases to score, or train "
            f"with data.split.calibration above 0{_remark_on_validation(run)}"
        )
    return CALIBRATION


def _remark_on_validation(run: Run) -> str:
    if not run.split["validation"]:
        return ""
    return " (--cases validation is served too, but those cases chose the best epoch)"


def calibration_cases(run: Run, source: str, seed: int) -> list[Case]:
    """The cases of a source.

    Args:
        run: The run.
        source: ``calibration``, ``validation``, ``test:SHARE`` (that share of the test split),
            ``out-of-fold`` (the training cases of a run with folds), or a file of case ids, one a
            line.
        seed: Chooses the share of the test split.

    Raises:
        DataError: There are none, or one is unknown, has no reference, or was trained on.
    """
    cases = known_cases(run, _ids_of(run, source, seed))
    for case in cases:
        if not case.has_reference:
            raise DataError(
                f"--cases {source}: case '{case.id}' has no reference; "
                "calibration needs one of every case"
            )
    return cases


def _ids_of(run: Run, source: str, seed: int) -> list[str]:
    if source in (CALIBRATION, "validation"):
        ids = run.split.get(source, [])
        if not ids:
            raise DataError(
                f"{run.path}: has no {source} cases; calibrate on others, as in --cases test:0.5"
            )
        return ids
    if source == OUT_OF_FOLD:
        return _ids_out_of_fold(run)
    if source.startswith("test:"):
        return _share(run.split["test"], source, seed)
    return _listed(Path(source), set(run.split["train"]))


def _ids_out_of_fold(run: Run) -> list[str]:
    if not run.folds:
        raise DataError(
            f"{run.path}: its members have no folds, so each has trained on all training cases; "
            "train with tfuq train --folds 5, or calibrate on others, as in --cases test:0.5"
        )
    return [case_id for fold in run.folds for case_id in fold]


def _share(test: list[str], source: str, seed: int) -> list[str]:
    try:
        share = float(source.removeprefix("test:"))
    except ValueError:
        share = math.nan
    if not 0 < share < 1:
        raise DataError(
            f"--cases {source}: is no share of the test split between 0 and 1; "
            "give one, as in test:0.5"
        )
    rng = np.random.default_rng(seed)
    order = rng.permutation(sorted(test))
    count = round(share * len(order))
    chosen = order[:count].tolist()
    return sorted(chosen)


def _listed(path: Path, trained_on: set[str]) -> list[str]:
    """The ids that a file lists.

    Raises:
        DataError: It lists none, or one that was trained on, or cannot be read.
    """
    try:
        text = read_plain_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"--cases {path}: is neither calibration, nor validation, nor test:SHARE, "
            f"nor out-of-fold, nor a text file of case ids ({error})"
        ) from error
    lines = {line.strip() for line in text.splitlines()}
    ids = sorted(lines - {""})
    trained_ids = [case_id for case_id in ids if case_id in trained_on]
    problem = ""
    if not ids:
        problem = "names no case"
    if trained_ids:
        problem = f"case '{trained_ids[0]}' was trained on"
    if problem:
        raise DataError(
            f"--cases {path}: {problem}; name cases that the run has not seen, one id a line"
        )
    return ids
