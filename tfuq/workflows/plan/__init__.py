"""From a configuration's data to settings of network and training that suit them."""

from __future__ import annotations

from tfuq.workflows.plan.planning import Plan, plan, untried_settings
from tfuq.workflows.plan.text import planned_text

__all__ = ["Plan", "plan", "planned_text", "untried_settings"]
