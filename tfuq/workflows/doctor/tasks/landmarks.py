"""Landmark regression: what the doctor looks at."""

from __future__ import annotations

from functools import partial

from tfuq.runs import results
from tfuq.workflows.doctor.predictions import table_findings
from tfuq.workflows.doctor.tasks.base import CHECKS, TaskChecks
from tfuq.workflows.doctor.tasks.pictures import some_pictures

_check_table = partial(
    table_findings,
    table=results.LANDMARKS,
    measures=("variance", "max_activation"),
    spread="variance",
)

CHECKS.register("landmarks")(TaskChecks(predictions=_check_table, examples=some_pictures))
