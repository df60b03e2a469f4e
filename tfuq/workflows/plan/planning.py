"""A plan: the data are looked at, a few sizes are tried, and the rest follows."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfuq.config import Config, parse
from tfuq.config.ensemble import SNAPSHOTS
from tfuq.config.text import read_yaml, write_yaml
from tfuq.data.budget import free_memory
from tfuq.data.cases import Case
from tfuq.data.layouts import made_cases
from tfuq.data.splits import split_cases
from tfuq.data.spread import evenly
from tfuq.errors import ConfigError
from tfuq.workflows.durations import duration_text
from tfuq.workflows.plan.few import few_cases
from tfuq.workflows.plan.fingerprint import Fingerprint, fingerprint_of
from tfuq.workflows.plan.settings import Settings
from tfuq.workflows.plan.sizing import Budget, Epochs, Size, fit_epochs, fit_size
from tfuq.workflows.plan.tasks import PLANNERS, Planner
from tfuq.workflows.plan.text import kept_tree, planned_text, with_method
from tfuq.workflows.plan.trial import Trial, attempt

_CACHE_SHARE = 0.25  # of memory that preprocessed cases may take
_FREE_SHARE = 0.8  # of the free memory that a training takes, where no limit is given
_VALIDATION_CASES = 2  # of a trial
_FLOAT_BYTES = 4
_FEW = 12  # cases that are looked at where nothing is tried
_UNTRIED_EPOCHS = 20
_FEW_STEPS = 2000  # of a training, below which all augmentation is more than it can learn from
_SOFT = {"rotation_degrees": 10.0, "scale": 0.1, "intensity": 0.1}
_GIGABYTE = 2**30
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A planned configuration.

    Attributes:
        text: The configuration.
        lines: What was seen and decided.
        seconds: That its training takes, as foretold.
    """

    text: str
    lines: list[str]
    seconds: float


def plan(
    text: str,
    source: str,
    *,
    seconds: float,
    memory: int | None = None,
    method: str | None = None,
    folds: int | None = None,
) -> Plan:
    """Fill a configuration from its data, and from a few steps on this machine.

    Args:
        text: The configuration. What a plan decides in it is replaced.
        source: Where it comes from, for messages.
        seconds: That its training may take, all members or folds together.
        memory: Bytes that it may take; None for most of what is free.
        method: What it trains for; None for what the configuration says.
        folds: How many folds are trained, as by ``tfuq train --folds``; None for the members of
            the method.

    Raises:
        ConfigError: The configuration is faulty, or time or memory do not suffice.
        DataError: The data are.
    """
    if method is not None:
        text = with_method(text, method)
    config = _config_of_data(text, source)
    if folds is None and config.has_folds:
        folds = config.members
    draft = _Draft(text, config, folds)
    budget = draft.budget(seconds, memory or int(free_memory() * _FREE_SHARE))
    size, trial = draft.fitted(budget)
    epochs = draft.epochs(size, trial, budget)
    settings = draft.settings(size)
    _put_epochs(settings, epochs)
    if epochs.all_steps < _FEW_STEPS:
        _soften(settings, f"little, as there are fewer than {_FEW_STEPS} steps")
    if not budget.kept:
        settings.put("training", "cache", "disk", "all cases would take much of the memory")
    remarks = draft.remarks(trial, epochs, budget)
    planned = planned_text(text, settings, remarks)
    parse(planned, source="the planned configuration")
    return Plan(text=planned, lines=remarks, seconds=epochs.seconds)


def untried_settings(text: str, cases: list[Case]) -> Settings:
    """Settings of the smallest network, of which nothing was tried.

    Args:
        text: A configuration that names its data.
        cases: Of which a few are looked at, without their references.

    Raises:
        DataError: An image cannot be read.
    """
    config = _config_of_data(text, "configuration")
    planner = PLANNERS[config.task]
    fingerprint = fingerprint_of(config, evenly(cases, _FEW), None)
    settings = planner.draft(config, fingerprint, planner.limits(fingerprint).smallest)
    settings.reasons["network.widths"] = "the smallest network that tfuq plan tries"
    reason = "tfuq plan chooses by the time that you allow, and tries larger networks"
    settings.put("training", "epochs", _UNTRIED_EPOCHS, reason)
    _soften(settings, "little, as nobody has said how long it trains")
    return settings


def _config_of_data(text: str, source: str) -> Config:
    """The configuration with what a plan leaves as it is, and some network."""
    tree = read_yaml(text, source)
    if not isinstance(tree, dict):
        return parse(text, source=source)  # which refuses it
    _refuse_cycles(tree, source)
    kept = kept_tree(tree)
    task = kept.get("task", Config.model_fields["task"].default)
    if isinstance(task, str) and task in PLANNERS:
        kept["network"] = _some_network(PLANNERS[task].rank)
    return parse(write_yaml(kept), source=source)


def _refuse_cycles(tree: Mapping[str, Any], source: str) -> None:
    """Refuse members at the ends of cycles, whose epochs and schedule a plan would replace.

    Raises:
        ConfigError: The configuration has such members.
    """
    ensemble = tree.get("ensemble")
    if isinstance(ensemble, dict) and ensemble.get("diversity") == SNAPSHOTS:
        raise ConfigError(
            f"{source}: ensemble.diversity snapshots trains whole cycles, and a plan chooses "
            "epochs and schedule by itself; set ensemble.diversity: seeds for the plan, and "
            "snapshots with its cycles afterwards"
        )


def _some_network(rank: int) -> dict[str, Any]:
    return {"patch_size": [64] * rank, "widths": [8, 16], "level_dropout": {2: 0.1}}


class _Draft:
    """A configuration between its data and its plan."""

    def __init__(self, text: str, config: Config, folds: int | None) -> None:
        self._text = text
        self._config = config
        self._folds = folds
        self._planner: Planner = PLANNERS[config.task]
        self._parts = split_cases(made_cases(config.data), config.data.split)
        self._fingerprint: Fingerprint = fingerprint_of(
            config, self._parts["train"], self._planner.labels
        )

    def budget(self, seconds: float, memory: int) -> Budget:
        """The limits, with the memory that cases take; 0 where it is much, as disks then have them.

        Args:
            seconds: That the training may take.
            memory: Bytes that it may take, of the GPU where there is one.
        """
        kept = self._bytes_of_cases()
        if kept > _CACHE_SHARE * min(memory, free_memory()):
            kept = 0
        return Budget(seconds=seconds, memory=memory, kept=kept)

    def _bytes_of_cases(self) -> int:
        """Of all cases that a training reads, as it keeps them, at most."""
        fingerprint = self._fingerprint
        voxels = float(np.prod(fingerprint.shapes, axis=1).mean())
        if fingerprint.is_picture:  # which is made smaller
            voxels = min(voxels, self._planner.limits(fingerprint).largest.elements)
        bytes_each = voxels * (_FLOAT_BYTES * fingerprint.channels + 1)
        return math.ceil(bytes_each * sum(self._case_counts()))

    def _case_counts(self) -> tuple[int, int]:
        """How many cases a network trains on, and validates on."""
        training = len(self._parts["train"])
        validation = len(self._parts["validation"])
        if self._folds is not None:
            both = training + validation
            validation = -(-both // self._folds)
            training = both - validation
        return training, validation

    @property
    def _trainings(self) -> int:
        """How many share the time."""
        return self._folds or self._config.members

    def fitted(self, budget: Budget) -> tuple[Size, Trial]:
        """The size that the budget allows, and what it takes."""
        limits = self._planner.limits(self._fingerprint)
        return fit_size(self._attempt, limits, budget, self._trainings)

    def settings(self, size: Size) -> Settings:
        """The settings of a size."""
        settings = self._planner.draft(self._config, self._fingerprint, size)
        reason = "as many filters as time and memory allow"
        if size.width == self._planner.limits(self._fingerprint).largest.width:
            reason = "the largest network that tfuq plan tries"
        settings.reasons["network.widths"] = reason
        return settings

    def epochs(self, size: Size, trial: Trial, budget: Budget) -> Epochs:
        """How long it trains."""
        training, validation = self._case_counts()
        return fit_epochs(trial, size.batch, training, validation, budget.seconds, self._trainings)

    def remarks(self, trial: Trial, epochs: Epochs, budget: Budget) -> list[str]:
        """What the plan rests on."""
        fingerprint = self._fingerprint
        size = "×".join(f"{length:.0f}" for length in fingerprint.size)
        spacing = "×".join(f"{width:.3g}" for width in np.median(fingerprint.spacings, axis=0))
        cases = f"{fingerprint.cases} training case(s), {fingerprint.looked_at} looked at"
        seen = f"median size {size}, spacing {spacing}, {fingerprint.channels} channel(s)"
        allowed = f"{duration_text(budget.seconds)} and "
        allowed += f"{budget.memory / _GIGABYTE:.1f} GiB on {trial.device}"
        foretold = f"{duration_text(epochs.seconds)} for {self._trainings} member(s), "
        foretold += f"{budget.needed(trial) / _GIGABYTE:.1f} GiB, {trial.step:.3g} s a step"
        return [f"planned for {cases}: {seen}", f"allowed: {allowed}; foretold: {foretold}"]

    def _attempt(self, size: Size) -> Trial | None:
        text = planned_text(self._text, self.settings(size), [])
        config = parse(text, source="the planned configuration")
        training = few_cases(_ids(self._parts["train"]), self._fingerprint.present)
        validation = _ids(self._parts["validation"])[:_VALIDATION_CASES]
        patch = "×".join(map(str, config.network.patch_size))
        _log.info("trying %d filters, patches of %s, %d a step", size.width, patch, size.batch)
        return attempt(config, training, validation)


def _soften(settings: Settings, reason: str) -> None:
    """Change examples less where a training is short: it learns more slowly from changed ones."""
    section = settings.sections.get("augmentation", {})
    if "perturbations" not in section:
        return
    kept: dict[str, Any] = {}
    for key in ("flip_axes", "plane_axis"):
        if key in section:
            kept[key] = section[key]
    settings.sections["augmentation"] = kept
    for key, value in _SOFT.items():
        settings.put("augmentation", key, value)
    settings.reasons["augmentation.rotation_degrees"] = reason


def _ids(cases: list[Case]) -> list[str]:
    return [case.id for case in cases]


def _put_epochs(settings: Settings, epochs: Epochs) -> None:
    settings.put("training", "epochs", epochs.count, epochs.count_reason)
    if epochs.steps is not None:
        settings.put("training", "steps_per_epoch", epochs.steps, epochs.steps_reason)
