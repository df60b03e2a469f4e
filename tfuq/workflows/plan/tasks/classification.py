"""The plan of a classification: a residual network over the whole picture."""

from __future__ import annotations

import numpy as np

from tfuq.config import Config, sides_of
from tfuq.workflows.plan.fingerprint import Fingerprint
from tfuq.workflows.plan.settings import Settings
from tfuq.workflows.plan.sizing import Limits, Size
from tfuq.workflows.plan.tasks.base import PLANNERS, Planner
from tfuq.workflows.plan.tasks.common import picture_sides, put_samples

_STEP = 4  # of the sides of what the network sees
_STAGES = 3
_LEAST = 16


def _limits(fingerprint: Fingerprint) -> Limits:
    return Limits(
        smallest=Size(width=16, elements=96.0**2, batch=32),
        largest=Size(width=64, elements=224.0**2, batch=64),
    ).within(fingerprint.size[:2].prod())


def _draft(config: Config, fingerprint: Fingerprint, size: Size) -> Settings:
    settings = Settings()
    rows_and_columns = picture_sides(fingerprint, size)[::-1]
    sides = np.maximum(np.round(rows_and_columns / _STEP) * _STEP, _LEAST)
    if sides.max() > 64:
        settings.put("preprocessing", "anti_aliasing", True)
    if not sides_of(config.data.classes):
        settings.put("augmentation", "rotation_degrees", 10.0)
    settings.put("augmentation", "scale", 0.1)
    settings.put("augmentation", "shift", 0.05)
    settings.put("augmentation", "intensity", 0.1)
    settings.put("network", "name", "resnet")
    settings.put("network", "patch_size", [int(side) for side in sides])
    settings.put("network", "widths", [size.width * 2**stage for stage in range(_STAGES)])
    settings.put("network", "normalization", "group")
    settings.put("network", "level_dropout", {2: 0.1, 3: 0.3})
    settings.put("training", "batch_size", size.batch)
    settings.put("training", "learning_rate", 0.002)
    settings.put("training", "schedule", "cosine")
    settings.put("training", "loss", {"name": "cross-entropy"}, "true probabilities; no weights")
    put_samples(settings)
    return settings


PLANNERS.register("classification")(Planner(labels=None, rank=2, limits=_limits, draft=_draft))
