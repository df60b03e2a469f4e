"""Every task has a planner."""

from tfuq.config import TASKS
from tfuq.workflows.plan.tasks.base import PLANNERS


def test_every_task_is_planned():
    import tfuq.workflows.plan.tasks  # noqa: F401  # they enter themselves

    assert set(PLANNERS) == set(TASKS)
