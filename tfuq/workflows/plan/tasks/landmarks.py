"""The plan of landmarks: a heatmap network over the whole picture."""

from __future__ import annotations

import numpy as np

from tfuq.config import Config
from tfuq.workflows.plan.fingerprint import Fingerprint
from tfuq.workflows.plan.geometry import levels_of, whole_steps
from tfuq.workflows.plan.settings import Settings
from tfuq.workflows.plan.sizing import Limits, Size
from tfuq.workflows.plan.tasks.base import PLANNERS, Planner
from tfuq.workflows.plan.tasks.common import (
    picture_sides,
    put_network,
    put_optimization,
    put_samples,
)

_MOST_FILTERS = 256
_SIGMA_SHARE = 0.012  # of the network's longest side


def _limits(fingerprint: Fingerprint) -> Limits:
    return Limits(
        smallest=Size(width=8, elements=160.0**2, batch=4),
        largest=Size(width=32, elements=512.0**2, batch=8),
    ).within(fingerprint.size[:2].prod())


def _draft(_config: Config, fingerprint: Fingerprint, size: Size) -> Settings:
    settings = Settings()
    patch = picture_sides(fingerprint, size)[::-1]  # rows, columns
    levels = levels_of(patch, np.ones(2))
    settings.put("preprocessing", "anti_aliasing", True)
    settings.put("augmentation", "rotation_degrees", 10.0)
    settings.put("augmentation", "scale", 0.1)
    settings.put("augmentation", "shift", 0.03)
    settings.put("augmentation", "intensity", 0.2)
    put_network(settings, size, whole_steps(patch, patch, levels), levels, _MOST_FILTERS)
    put_optimization(settings, size)
    sigma = round(max(_SIGMA_SHARE * float(patch.max()), 1.5), 1)
    loss = {"name": "heatmap-cross-entropy", "heatmap_sigma": sigma}
    settings.put("training", "loss", loss, "a target as wide as landmarks are marked apart")
    put_samples(settings)
    return settings


PLANNERS.register("landmarks")(Planner(labels=None, rank=2, limits=_limits, draft=_draft))
