"""How a task is measured at a severity, and the table of tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfuq.config import Config
from tfuq.config.registry import Registry
from tfuq.workflows.shift.measuring import Measurer

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class ShiftTask:
    """How a task is measured at a severity.

    Attributes:
        measurer: makes what measures perturbed cases, from a predictor of the task and a plan.
        check_example: raises KeyError or ValueError where stored arrays of the first case are not
            what figures need.
        head_measurer: makes what measures X-rays of a turned head; None where there is none.
    """

    measurer: Callable[[Any, Any], Measurer]
    check_example: Callable[[Arrays, Config], None]
    head_measurer: Callable[[Any, Any], Measurer] | None = None


SHIFTS: Registry[ShiftTask] = Registry("task of a shift")
