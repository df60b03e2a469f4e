"""Classification: what the doctor looks at."""

from __future__ import annotations

from functools import partial

from tfuq.runs import results
from tfuq.workflows.doctor.predictions import CONTINUOUS, table_findings
from tfuq.workflows.doctor.tasks.base import CHECKS, TaskChecks
from tfuq.workflows.doctor.tasks.pictures import some_pictures

_check_table = partial(
    table_findings,
    table=results.PREDICTIONS,
    measures=CONTINUOUS,
    spread="standard_deviation",
)

CHECKS.register("classification")(TaskChecks(predictions=_check_table, examples=some_pictures))
