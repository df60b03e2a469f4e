"""What the doctor looks at of a task, and the table of tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.config.registry import Registry
from tfuq.prediction import AnyPredictor
from tfuq.runs import Run
from tfuq.runs.results import Manifest
from tfuq.workflows.doctor.finding import Finding


@dataclass(frozen=True, kw_only=True)
class TaskChecks:
    """What the doctor looks at of a task.

    Attributes:
        predictions: checks a predictions folder of a run.
        examples: makes a few inputs of the network ``[N, *S, C]``, more than one batch.
    """

    predictions: Callable[[Run, Path, Manifest], Iterator[Finding]]
    examples: Callable[[AnyPredictor], np.ndarray]


CHECKS: Registry[TaskChecks] = Registry("task of the doctor")
