"""The steps of a trial, timed; for the trial's own process, as it imports TensorFlow."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import tensorflow as tf

from tfuq import training
from tfuq.config import Config
from tfuq.data.budget import peak_memory
from tfuq.sampling.devices import has_gpu
from tfuq.sampling.memory import memory_errors
from tfuq.training.diversity import group_training, groups_of
from tfuq.workflows.plan.trial import Trial

_GPU = "GPU:0"


def measure(config: Config, folder: Path) -> Trial:
    """Read a few cases, take a few steps and validate.

    Args:
        config: The configuration of the few cases.
        folder: Of the run, which is not written.

    Raises:
        TfuqError: As training does.
    """
    started = time.perf_counter()
    material = training.prepare(config, None)
    parts = material.parts
    cases = len(parts["train"]) + len(parts["validation"])
    reading = (time.perf_counter() - started) / cases
    group = groups_of(config)[0]
    with memory_errors():
        fit = group_training(config, folder, group, material)
        rehearsed = fit.rehearse()
    seconds = {name: value / len(group) for name, value in rehearsed.items()}  # of a member
    is_on_gpu = has_gpu()
    return Trial(
        memory=_gpu_memory() if is_on_gpu else peak_memory(),
        start=seconds["build"],
        reading=reading,
        step=seconds["step"],
        validation=seconds["validation"] / max(len(parts["validation"]), 1),
        examples=len(material.training.index) / len(parts["train"]),
        is_on_gpu=is_on_gpu,
    )


def _gpu_memory() -> int:
    with suppress(ValueError, RuntimeError):
        return int(tf.config.experimental.get_memory_info(_GPU)["peak"])
    return 0
