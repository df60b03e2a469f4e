"""In which orientation the networks of a run see scans."""

from __future__ import annotations

from tfuq.config import TASKS, Config
from tfuq.data.cases import Case, read_case_orientation
from tfuq.data.layouts import cases_of
from tfuq.data.orientation import CLOSEST, most_frequent_orientation, orientation_of
from tfuq.data.sets.dataset import oriented
from tfuq.data.units import SCAN
from tfuq.data.volume import Volume
from tfuq.errors import DataError, RunError
from tfuq.runs import Run


def run_orientation(run: Run) -> str | None:
    """The orientation that the run was trained in.

    Runs of earlier versions do not say it. Theirs is that of the training cases, or the most
    frequent one, as their networks saw each case as it lay.

    Returns:
        Its name; None of tasks of pictures, and where a run does not say it and its training cases
        cannot be read any more (see `refuse_unknown`).
    """
    if not TASKS[run.config.task].has_volumes:
        return None
    if run.orientation:
        return run.orientation
    if run.config.preprocessing.orientation:
        return run.config.preprocessing.orientation
    try:
        training_ids = set(run.split["train"])
        cases = [case for case in cases_of(run.config.data) if case.id in training_ids]
        names = [read_case_orientation(case) for case in cases]
    except DataError:
        return None
    return most_frequent_orientation(names) if names else None


def config_as_seen(run: Run) -> Config:
    """The configuration of a run, with the orientation that the run itself says it was trained in.

    Of a run of an earlier version, which does not say it, it is the configuration as it is.
    """
    return oriented(run.config, run.orientation or run.config.preprocessing.orientation)


def refuse_unknown(run: Run, case: Case, image: Volume) -> None:
    """Refuse a scan that is not RAS where nobody knows what orientation the run was trained in.

    Args:
        run: The run, for which `run_orientation` is None.
        case: The case.
        image: Its image.

    Raises:
        RunError: It is such a scan.
    """
    name = orientation_of(image.affine)
    if not TASKS[run.config.task].has_volumes or case.unit is not SCAN or name == CLOSEST:
        return
    source = case.images[0] if case.images else case.id
    raise RunError(
        f"{source}: its axes point to {name}, and an earlier version of tfuq did not note where "
        f"those of the training cases of {run.path} did, which cannot be read now; restore them, "
        f"or write what they had into {run.path / 'config.yaml'}, as in "
        f"preprocessing: {{orientation: {name}}}"
    )
