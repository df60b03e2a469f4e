"""What training or prediction would do, with its time and memory from one real step or sample.

Nothing stays on disk.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import tf_keras

from tfuq import runs, training
from tfuq.config import Config, member_config
from tfuq.config.members import entry_of
from tfuq.data.budget import peak_memory
from tfuq.data.cases import Case
from tfuq.data.layouts import is_made_on_use
from tfuq.prediction import AnyPredictor
from tfuq.runs import results
from tfuq.training.diversity import Training, group_training, groups_of
from tfuq.workflows.durations import duration_text

Plan = dict[str, str]
T = TypeVar("T")


def plan_training(
    config: Config,
    path: Path,
    *,
    devices: str | None = None,
    overwrite: bool = False,
    resume: bool = False,
    member: int | None = None,
) -> Plan:
    """What `tfuq.training.train` would do with the same arguments.

    Returns:
        Lines by name.

    Raises:
        TfuqError: what training would refuse before its first step.
    """
    is_continued = resume or member is not None
    training.check_folder(path, config, overwrite=overwrite, resume=is_continued)
    members = _members_to_train(config, path, overwrite, member)
    groups = [group for group in groups_of(config) if not set(group).isdisjoint(members)]
    with _temporary_data(_without_cache(config)) as settings:
        material = training.prepare(settings, devices)

        # Groups of one entry of the overrides have one configuration, and take as long.
        of_entries: dict[int, _TimedTraining] = {}
        for group in groups or groups_of(config)[:1]:
            entry = entry_of(config, group[0])
            if entry not in of_entries:
                of_entries[entry] = _timed_training(settings, path, group, material)
    total = sum(of_entries[entry_of(config, group[0])].total for group in groups)
    trained = f"members {members} of {config.members} by {config.method}"
    return {
        "would train": f"{trained}, into {path}{_state(path, overwrite)}",
        "data": f"{config.data.root} ({config.data.layout})",
        "cases": training.summary(config, material),
        **next(iter(of_entries.values())).lines,
        "estimate": _estimate(total),
    }


def _timed_training(
    config: Config, path: Path, group: range, material: training.Material
) -> _TimedTraining:
    fit = group_training(config, path, group, material)
    own = member_config(config, group[0])
    return _TimedTraining(fit=fit, config=own, seconds=fit.rehearse())


@dataclass(frozen=True, kw_only=True)
class _TimedTraining:
    """A training of which a few steps were taken.

    Attributes:
        fit: the training.
        config: of the first of its members.
        seconds: as `Training.rehearse` gives them.
    """

    fit: Training
    config: Config
    seconds: dict[str, float]

    @property
    def total(self) -> float:
        """Seconds of the whole training."""
        an_epoch = self.fit.steps * self.seconds["step"] + self.seconds["validation"]
        return self.seconds["build"] + self.config.training.epochs * an_epoch

    @property
    def lines(self) -> Plan:
        """What was seen of it, by name."""
        learning = self.config.training
        seconds = self.seconds
        batches = f"{self.fit.steps} an epoch of batch {learning.batch_size}"
        step_times = f"a step {seconds['step']:.3f} s, validation {seconds['validation']:.2f} s"
        return {
            "network": f"{self.config.network.name}, {_size_of(self.fit.model)}",
            "steps": f"{batches}, at most {learning.epochs} epochs a member",
            "seen here": f"{step_times}, first step {seconds['build']:.1f} s",
        }


def _without_cache(config: Config) -> Config:
    """The configuration, with cases that are not written to a disk."""
    if config.training.cache != "disk":
        return config
    learning = config.training.model_copy(update={"cache": "none"})
    return config.model_copy(update={"training": learning})


def _members_to_train(
    config: Config,
    path: Path,
    overwrite: bool,
    member: int | None,
) -> list[int]:
    """The members asked for that have not finished training."""
    finished: list[int] = []
    if not overwrite and runs.is_run(path):
        finished = runs.open_run(path).finished_members
    asked = list(range(config.members))
    if member is not None:
        asked = [member]
    return [index for index in asked if index not in finished]


def plan_prediction(
    predictor: AnyPredictor,
    cases: list[Case],
    folder: Path,
    *,
    overwrite: bool = False,
) -> Plan:
    """What `tfuq.prediction.predict` would do with the same arguments.

    Returns:
        Lines by name.

    Raises:
        TfuqError: what prediction would refuse before its first case.
    """
    predictor.require_sources(cases)
    predictor.run.require_output(folder)
    existing = results.find_draws(folder, predictor.manifest(), overwrite=overwrite)
    predictor.require_room(cases, folder, existing or predictor.manifest())
    remaining = [case for case in cases if not existing or case.id not in existing.cases]
    networks = predictor.networks
    counts = f"{len(remaining)} of {len(cases)} case(s) by {predictor.request.method}"
    plan = {
        "would predict": f"{counts}, T = {predictor.samples}, into {folder}",
        "run": f"{predictor.run.path}, {len(networks)} member(s) of {_size_of(networks[0])}",
        "files": predictor.files,
    }
    if remaining:
        plan |= _prediction_times(predictor, remaining)
    return plan


@dataclass(frozen=True, kw_only=True)
class _CaseSeconds:
    """Seconds that some cases take.

    Attributes:
        start: the first sample, which builds the graph.
        fixed: all but the samples and writing.
        sample: one sample of all of them.
    """

    start: float
    fixed: float
    sample: float


def _prediction_times(predictor: AnyPredictor, cases: list[Case]) -> Plan:
    timed_cases = cases[: predictor.cases_at_once]
    seconds = _time_of_cases(predictor, timed_cases)
    rounds = math.ceil(len(cases) / predictor.cases_at_once)
    seconds_a_round = seconds.fixed + predictor.samples * seconds.sample
    total = seconds.start + rounds * seconds_a_round
    timed = f"{len(timed_cases)} cases at once"
    if len(timed_cases) == 1:
        timed = timed_cases[0].id
    sample_time = f"a sample {seconds.sample:.3f} s"
    fixed_time = f"all else but writing {seconds.fixed:.2f} s"
    start_time = f"first draw {seconds.start:.1f} s"
    beside = 0
    if len(cases) > len(timed_cases):
        beside = predictor.memory_beside(timed_cases)
    return {
        "seen here": f"{timed}: {sample_time}, {fixed_time}, {start_time}",
        "estimate": _estimate(total, beside),
    }


@contextmanager
def _temporary_data(config: Config) -> Iterator[Config]:
    """The configuration, with a temporary folder for a phantom that would be made on first use."""
    if not is_made_on_use(config.data.layout, config.data.root):
        yield config
        return
    with tempfile.TemporaryDirectory() as folder:
        root = str(Path(folder, "data"))
        data = config.data.model_copy(update={"root": root})
        yield config.model_copy(update={"data": data})


def _time_of_cases(predictor: AnyPredictor, cases: list[Case]) -> _CaseSeconds:
    def rehearse(samples: int) -> tuple[float, float]:
        """Seconds in all, and those that are not spent on samples."""
        return _timed(lambda: predictor.rehearse(cases, samples))

    start, _ = rehearse(min(2, predictor.samples))
    one, around = rehearse(1)
    if predictor.samples == 1:
        return _CaseSeconds(start=start, fixed=around, sample=one - around)
    two, _ = rehearse(2)
    sample = max(two - one, 0.0)
    return _CaseSeconds(start=start, fixed=one - min(sample, one), sample=sample)


def _timed(call: Callable[[], T]) -> tuple[float, T]:
    """Seconds that a call takes, and its result."""
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


def _state(path: Path, overwrite: bool) -> str:
    if not runs.is_run(path):
        return ""
    if overwrite:
        return " (replacing the run there)"
    return " (going on with the run there)"


def _size_of(model: tf_keras.Model) -> str:
    return f"{len(model.layers)} layers, {model.count_params():,} weights"


def _estimate(seconds: float, beside: int = 0) -> str:
    """Time and memory in words.

    Args:
        seconds: of all.
        beside: bytes that are taken beside those that were taken here.
    """
    gibibytes = (peak_memory() + beside) / 2**30
    return f"about {duration_text(seconds)}, {gibibytes:.1f} GiB of memory"
