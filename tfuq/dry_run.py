"""What training or prediction would do, and its time and memory from one real step or sample; nothing stays on disk."""

from __future__ import annotations

import math
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tfuq import results, runs, training
from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.layouts import is_made_on_use
from tfuq.prediction import Predictor

Plan = dict[str, str]
T = TypeVar("T")


def plan_training(config: Config, path: Path, *, devices: str | None = None, overwrite: bool = False, resume: bool = False,
                  member: int | None = None) -> Plan:  # fmt: skip
    """Lines by name: what `tfuq.training.train` would do with the same arguments.

    Raises:
        TfuqError: what training would refuse before its first step.
    """
    training.check_folder(path, config, overwrite=overwrite, resume=resume or member is not None)
    finished = [] if overwrite or not runs.is_run(path) else runs.open_run(path).finished_members
    left = [k for k in (range(config.members) if member is None else [member]) if k not in finished]
    with _data_that_goes_away(config) as settings:
        material = training.prepare(settings, devices)
        fit = training.member_training(settings, path / "members" / "0", 0, material)
        seconds = fit.rehearse()
    epochs = config.training.epochs
    total = len(left) * (seconds["build"] + epochs * (fit.steps * seconds["step"] + seconds["validation"]))
    return {
        "would train": f"members {left} of {config.members} by {config.method}, into {path}{_state(path, overwrite)}",
        "data": f"{config.data.root} ({config.data.layout})",
        "cases": training.summary(config, material),
        "network": f"{config.network.name}, {_size_of(fit.model)}",
        "steps": f"{fit.steps} an epoch of batch {config.training.batch_size}, at most {epochs} epochs a member",
        "seen here": f"a step {seconds['step']:.3f} s, validation {seconds['validation']:.2f} s, first step {seconds['build']:.1f} s",
        "estimate": f"about {_duration(total)}, {_peak_memory() / 2**30:.1f} GiB of memory",
    }


def plan_prediction(predictor: Predictor, cases: list[Case], folder: Path, *, overwrite: bool = False) -> Plan:
    """Lines by name: what `tfuq.prediction.predict` would do with the same arguments.

    Raises:
        TfuqError: what prediction would refuse before its first case.
    """
    predictor.run.require_output(folder)
    existing = results.find_draws(folder, predictor.manifest(), overwrite=overwrite)
    predictor.require_room(cases, folder, existing or predictor.manifest())
    left = [case for case in cases if not existing or case.id not in existing.cases]
    method, networks = predictor.request.method, predictor.networks
    plan = {
        "would predict": f"{len(left)} of {len(cases)} case(s) by {method}, T = {predictor.samples}, into {folder}",
        "run": f"{predictor.run.path}, {len(networks)} member(s) of {_size_of(networks[0])}",
        "files": predictor.files,
    }
    if left:
        seen = left[: predictor.cases_at_once]
        start, fixed, draw = _time_of_cases(predictor, seen)
        total = start + math.ceil(len(left) / predictor.cases_at_once) * (fixed + predictor.samples * draw)
        shown = seen[0].id if len(seen) == 1 else f"{len(seen)} cases at once"
        plan |= {
            "seen here": f"{shown}: a sample {draw:.3f} s, all else but writing {fixed:.2f} s, first draw {start:.1f} s",
            "estimate": f"about {_duration(total)}, {_peak_memory() / 2**30:.1f} GiB of memory",
        }
    return plan


@contextmanager
def _data_that_goes_away(config: Config) -> Iterator[Config]:
    """The configuration; a phantom that would be made on first use is made in a folder that is removed again."""
    if not is_made_on_use(config.data.layout, config.data.root):
        yield config
        return
    with tempfile.TemporaryDirectory() as folder:
        data = config.data.model_copy(update={"root": str(Path(folder, "data"))})
        yield config.model_copy(update={"data": data})


def _time_of_cases(predictor: Predictor, cases: list[Case]) -> tuple[float, float, float]:
    """Seconds of the first draw, which builds the graph; of these cases beside their samples; and of a sample of them all."""
    start, _ = _timed(lambda: predictor.rehearse(cases, min(2, predictor.samples)))
    one, around = _timed(lambda: predictor.rehearse(cases, 1))
    if predictor.samples == 1:
        return start, around, one - around
    two, _ = _timed(lambda: predictor.rehearse(cases, 2))
    draw = max(two - one, 0.0)
    return start, one - min(draw, one), draw


def _timed(call: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


def _state(path: Path, overwrite: bool) -> str:
    if not runs.is_run(path):
        return ""
    return " (replacing the run there)" if overwrite else " (going on with the run there)"


def _size_of(model) -> str:
    return f"{len(model.layers)} layers, {model.count_params():,} weights"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _peak_memory() -> int:
    """The most bytes this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
