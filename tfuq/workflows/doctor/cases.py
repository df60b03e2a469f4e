"""Checks of the data set that a run was trained on: its split, and every case of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from tfuq.calibration.degenerate import degeneracies
from tfuq.calibration.records import load_calibration, selection_caveat
from tfuq.config import TASKS, Config
from tfuq.data.checks import CaseReport, check_case
from tfuq.data.class_voxels import ClassVoxels, losses
from tfuq.data.layouts import cases_of
from tfuq.data.sets.dataset import oriented
from tfuq.errors import DataError, RunError
from tfuq.runs import Run
from tfuq.runs.orientation import run_orientation
from tfuq.workflows.doctor.finding import Finding

_log = logging.getLogger(__name__)
_LEAK = "what is trained or tuned on is remembered: scores on it say nothing of a new patient"
_CALIBRATE_APART = "train with data.split.calibration above 0 and calibrate on those cases, or "
FirstCases = dict[str, tuple[str, str]]  # by the image's digest: id and part of the split


def split_is_refused(run: Run) -> Iterator[Finding]:
    """Find a ``splits.json`` that does not read.

    Such is one that names a case in two of its parts, or twice in one.
    """
    try:
        _ = run.split
    except RunError as error:
        yield Finding(
            check="splits",
            severity="fault",
            problem=str(error),
            why=_LEAK,
            remedy="list each case once in data.split, and train again",
        )


def _calibration_paths(run: Run) -> list[Path]:
    return sorted((run.path / "calibrations").glob("*.json"))


def calibrated_on_test_cases(run: Run) -> Iterator[Finding]:
    """Find calibrations that were made of cases of the test split."""
    for path in _calibration_paths(run):
        calibration = load_calibration(path)
        shared = sorted(set(calibration.cases) & set(run.split["test"]))
        if shared:
            yield Finding(
                check="calibration",
                severity="caution",
                problem=(
                    f"{path}: was made of {len(shared)} case(s) of the test split, "
                    f"'{shared[0]}' the first"
                ),
                why=(
                    "a calibration promises nothing for the cases it was made of: "
                    "only the rest of the test split can check it"
                ),
                remedy=(
                    f"{_CALIBRATE_APART}score those predictions alone "
                    "that tfuq predict --calibrated makes"
                ),
            )


def calibrated_on_validation_cases(run: Run) -> Iterator[Finding]:
    """Find calibrations that were made of the cases that the best epoch was chosen by."""
    for path in _calibration_paths(run):
        caveat = selection_caveat(run, load_calibration(path).cases)
        if caveat:
            problem, _, why = caveat.partition(": ")
            yield Finding(
                check="calibration",
                severity="caution",
                problem=f"{path}: {problem}",
                why=why.partition(";")[0],
                remedy=f"{_CALIBRATE_APART}pass --cases test:0.5 --overwrite",
            )


def calibration_is_degenerate(run: Run) -> Iterator[Finding]:
    """Find calibrations whose cases do not determine them, and promises that exclude nothing."""
    for path in _calibration_paths(run):
        calibration = load_calibration(path)
        calibration.require_fit(run.config, path)
        for degeneracy in degeneracies(calibration, run.config.data.classes):
            yield Finding(
                check="calibration",
                severity="caution",
                problem=f"{path}: {degeneracy.problem}",
                why=degeneracy.why,
                remedy=degeneracy.remedy,
            )


def cases_do_not_fit(run: Run) -> Iterator[Finding]:
    """Find cases of the split that training would refuse now, that are gone, or that are copies.

    Args:
        run: The run to examine.
    """
    try:
        known = {case.id: case for case in cases_of(run.config.data)}
    except DataError as error:
        yield _unread(str(error))
        return
    first_cases: FirstCases = {}
    voxels: list[ClassVoxels] = []
    config = oriented(run.config, run_orientation(run))
    names_cases = TASKS[run.config.task].names_cases
    for split_part, ids in run.split.items():
        if not names_cases:
            _log.info("checking %d images of %s", len(ids), split_part)
        for case_id in ids:
            if case_id in known and names_cases:
                _log.info("checking %s", case_id)
            if case_id not in known:
                yield _unread(f"{config.data.root}: case '{case_id}' ({split_part}) is gone")
                continue
            report = check_case(config, known[case_id], split_part)
            yield from _of_case(report, first_cases)
            if report.class_voxels:
                voxels.append(report.class_voxels)
    yield from _lost_structures(config, voxels)


def _of_case(report: CaseReport, first_cases: FirstCases) -> Iterator[Finding]:
    if report.problem:
        yield _unfit(report.problem)
    if report.digest:
        yield from _copies(report, first_cases)


def _lost_structures(config: Config, voxels: list[ClassVoxels]) -> Iterator[Finding]:
    """Find structures of which the network's grid keeps less than half, or nothing."""
    for loss in losses(config, voxels):
        yield Finding(
            check="grid",
            severity="caution",
            problem=loss.problem,
            why="what the network's grid does not hold is neither learnt nor predicted",
            remedy=f"{loss.remedy}; then train again",
        )


def _unread(problem: str) -> Finding:
    return Finding(
        check="data",
        severity="caution",
        problem=problem,
        why="what is not there cannot be checked, nor the run be repeated",
        remedy="restore it, or set data.root in the run's config.yaml",
    )


def _unfit(problem: str) -> Finding:
    return Finding(
        check="data",
        severity="fault",
        problem=problem,
        why=(
            "labels of unknown meaning or in another place than the image teach, or score, "
            "something else than was meant"
        ),
        remedy="mend the file as the line says, then train and predict again",
    )


def _copies(report: CaseReport, first_cases: FirstCases) -> Iterator[Finding]:
    """Find an earlier case with the same image; enter the case where there is none."""
    other, split_part = first_cases.setdefault(report.digest, (report.id, report.part))
    if other != report.id:
        yield Finding(
            check="splits",
            severity="caution" if split_part == report.part else "fault",
            problem=(
                f"case '{report.id}' ({report.part}) has the same image as '{other}' ({split_part})"
            ),
            why=_LEAK,
            remedy="keep one of the two in data.split, and train again",
        )
