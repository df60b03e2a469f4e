"""Checks of the data set that a run was trained on: its split, and every case of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tfuq.calibrations import load_calibration, selection_caveat
from tfuq.data.checks import CaseReport, check_case
from tfuq.data.layouts import cases_of
from tfuq.doctor.finding import Finding
from tfuq.errors import DataError, RunError
from tfuq.runs import Run

_LEAK = "what is trained or tuned on is remembered: scores on it say nothing of a new patient"


def split_is_refused(run: Run) -> Iterator[Finding]:
    """A ``splits.json`` that does not read, such as one with a case that is in two parts of it or twice in one."""
    try:
        _ = run.split
    except RunError as error:
        yield Finding("splits", "fault", str(error), _LEAK, "list each case once in data.split, and train again")


def calibrated_on_test_cases(run: Run) -> Iterator[Finding]:
    """A calibration that was made of cases of the test split."""
    for path in sorted((run.path / "calibrations").glob("*.json")):
        found = load_calibration(path)
        shared = sorted(set(found.cases) & set(run.split["test"]))
        if shared:
            yield Finding(
                "calibration",
                "caution",
                f"{path}: was made of {len(shared)} case(s) of the test split, '{shared[0]}' the first",
                "a calibration promises nothing for the cases it was made of: only the rest of the test split can check it",
                "train with data.split.calibration above 0 and calibrate on those cases, or score those predictions alone that tfuq predict "
                "--calibrated makes",
            )


def calibrated_on_validation_cases(run: Run) -> Iterator[Finding]:
    """A calibration that was made of cases that the best epoch was chosen by."""
    for path in sorted((run.path / "calibrations").glob("*.json")):
        caveat = selection_caveat(run, load_calibration(path).cases)
        if caveat:
            what, _, why = caveat.partition(": ")
            remedy = (
                "train with data.split.calibration above 0 and calibrate on those cases, or pass --cases test:0.5 --overwrite"
            )
            yield Finding("calibration", "caution", f"{path}: {what}", why.partition(";")[0], remedy)


def cases_do_not_fit(run: Run, say: Callable[[str], None]) -> Iterator[Finding]:
    """Cases of the split that training would refuse now, are gone, or are copies of one another."""
    try:
        known = {case.id: case for case in cases_of(run.config.data)}
    except DataError as error:
        yield _unread(str(error))
        return
    images: dict[str, tuple[str, str]] = {}
    is_counted = run.config.task == "classification"  # images come by the thousand: a line per part, not per case
    for part, ids in run.split.items():
        if is_counted:
            say(f"checking {len(ids)} images of {part}")
        for case_id in ids:
            if case_id not in known:
                yield _unread(f"{run.config.data.root}: case '{case_id}' ({part}) is gone")
                continue
            if not is_counted:
                say(f"checking {case_id}")
            report = check_case(run.config, known[case_id], part)
            yield from _of_case(report, images)


def _unread(what: str) -> Finding:
    why = "what is not there cannot be checked, nor the run be repeated"
    return Finding("data", "caution", what, why, "restore it, or set data.root in the run's config.yaml")


def _of_case(report: CaseReport, images: dict[str, tuple[str, str]]) -> Iterator[Finding]:
    """What is wrong with a case by itself, and beside the ``images`` (id and part by digest) before it."""
    if report.problem:
        yield Finding(
            "data",
            "fault",
            report.problem,
            "labels of unknown meaning or in another place than the image teach, or score, something else than was meant",
            "mend the file as the line says, then train and predict again",
        )
    if not report.digest:
        return
    other, part = images.setdefault(report.digest, (report.id, report.part))
    if other != report.id:
        what = f"case '{report.id}' ({report.part}) has the same image as '{other}' ({part})"
        severity = "caution" if part == report.part else "fault"
        yield Finding("splits", severity, what, _LEAK, "keep one of the two in data.split, and train again")
