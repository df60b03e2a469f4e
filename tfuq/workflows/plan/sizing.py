"""How large a network and its patches may be for a budget, by trials."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tfuq.errors import ConfigError
from tfuq.workflows.durations import duration_text
from tfuq.workflows.plan.trial import Trial

_WANTED_STEPS = 4000  # of which a network learns most of what it will
_LEAST_STEPS = 1000
_MOST_TRIALS = 5
_STEP_OF_WIDTHS = 4
_SHRINK = 0.7
_SPARE = 0.9  # of memory that a plan takes
_VALIDATION_SHARE = 0.15  # of the time of an epoch's steps
_LEAST_EPOCHS = 20
_MOST_EPOCHS = 1000
_GIGABYTE = 2**30


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The limits of a training.

    Attributes:
        seconds: Of ``tfuq train``, all members together.
        memory: Bytes of the device that trains.
        kept: Bytes of cases that lie in the memory of the machine meanwhile.
    """

    seconds: float
    memory: int
    kept: int = 0

    def needed(self, trial: Trial) -> int:
        """Bytes of the device that a training needs, by a trial of few cases."""
        if trial.is_on_gpu:
            return trial.memory
        return trial.memory + self.kept


@dataclass(frozen=True, kw_only=True)
class Size:
    """Of a training.

    Attributes:
        width: Filters of the first level.
        elements: Voxels or pixels of a patch at most.
        batch: Patches in a step.
    """

    width: int
    elements: float
    batch: int


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Between which sizes a plan chooses."""

    smallest: Size
    largest: Size

    def within(self, elements: float) -> Limits:
        """The same, with patches that are not larger than an image of so many elements."""
        return Limits(
            smallest=replace(self.smallest, elements=min(self.smallest.elements, elements)),
            largest=replace(self.largest, elements=min(self.largest.elements, elements)),
        )


@dataclass(frozen=True, kw_only=True)
class Epochs:
    """How long a training lasts.

    Attributes:
        count: How many epochs.
        steps: Of each; None where it is as many as the examples make.
        all_steps: Of all epochs.
        seconds: Of the whole training.
        count_reason: Why there are as many epochs.
        steps_reason: Why there are as many steps.
    """

    count: int
    steps: int | None
    all_steps: int
    seconds: float
    count_reason: str
    steps_reason: str


def fit_size(
    attempt: Callable[[Size], Trial | None], limits: Limits, budget: Budget, members: int
) -> tuple[Size, Trial]:
    """The largest size that the budget allows, and what a step of it takes.

    The smallest is tried first. What it takes foretells the largest, which is tried as well, and
    made smaller where it was foretold too large.

    Args:
        attempt: Tries a size; None where memory ends.
        limits: The sizes to choose from.
        budget: Time and memory.
        members: Trainings that share the time.

    Raises:
        ConfigError: Even the smallest size needs more than there is.
    """
    seconds = budget.seconds / members
    first = attempt(limits.smallest)
    if first is None or budget.needed(first) > budget.memory:
        raise ConfigError(_shortage(first, budget))
    for size in _foretold(first, limits, budget, seconds):
        trial = attempt(size)
        if trial is None:
            continue
        if budget.needed(trial) <= budget.memory and trial.step * _LEAST_STEPS <= seconds:
            return size, trial
    return limits.smallest, first


def _shortage(trial: Trial | None, budget: Budget) -> str:
    needed = "more than there is"
    if trial is not None:
        needed = f"{budget.needed(trial) / _GIGABYTE:.1f} GiB"
    return (
        f"--memory: the smallest network takes {needed}, and {budget.memory / _GIGABYTE:.1f} GiB "
        "are allowed; allow more, or set preprocessing and network by hand"
    )


def _foretold(trial: Trial, limits: Limits, budget: Budget, seconds: float) -> Iterator[Size]:
    """Sizes to try, each smaller than the one before."""
    size = _grown(trial, limits, budget, seconds)
    for _ in range(_MOST_TRIALS):
        if size == limits.smallest:
            return
        yield size
        size = _shrunk(size, limits.smallest)


def _grown(trial: Trial, limits: Limits, budget: Budget, seconds: float) -> Size:
    """Filters grow first, then patches, then batches.

    Time follows the square of the filters, and memory the filters; both follow the patch.
    """
    small = limits.smallest
    large = limits.largest
    time = seconds / _WANTED_STEPS / trial.step
    room = _SPARE * budget.memory / budget.needed(trial)
    factor = max(min(math.sqrt(time), room), 1.0)
    width = int(small.width * factor) // _STEP_OF_WIDTHS * _STEP_OF_WIDTHS
    width = min(max(width, small.width), large.width)
    time /= (width / small.width) ** 2
    room /= width / small.width
    elements = min(small.elements * max(min(time, room), 1.0), large.elements)
    time /= elements / small.elements
    room /= elements / small.elements
    batch = min(int(small.batch * max(min(time, room), 1.0)), large.batch)
    return Size(width=width, elements=elements, batch=batch)


def _shrunk(size: Size, smallest: Size) -> Size:
    """A smaller batch, else smaller patches, else fewer filters."""
    if size.batch > smallest.batch:
        return replace(size, batch=max(int(size.batch * _SHRINK), smallest.batch))
    if size.elements > smallest.elements:
        return replace(size, elements=max(size.elements * _SHRINK, smallest.elements))
    width = int(size.width * _SHRINK) // _STEP_OF_WIDTHS * _STEP_OF_WIDTHS
    return replace(size, width=max(width, smallest.width))


def fit_epochs(
    trial: Trial, batch: int, cases: int, validation_cases: int, seconds: float, members: int
) -> Epochs:
    """How many epochs fit into a time.

    An epoch is as many steps as the examples make; more where validation would take long beside
    them, and fewer where the training would have few epochs.

    Args:
        trial: What steps take.
        batch: Examples in a step.
        cases: Training cases.
        validation_cases: How many there are.
        seconds: Allowed for all members.
        members: How many are trained, one after another.

    Raises:
        ConfigError: Not even one epoch fits.
    """
    reading = trial.reading * (cases + validation_cases)
    allowed = (seconds - reading) / members - trial.start
    validation = trial.validation * validation_cases
    natural = math.ceil(trial.examples * cases / batch)
    least = math.ceil(validation / (_VALIDATION_SHARE * trial.step))
    most = int(allowed / _LEAST_EPOCHS / trial.step)
    steps = max(min(max(natural, least), most), 1)
    epoch = steps * trial.step + validation
    count = min(int(allowed / epoch), _MOST_EPOCHS)
    if count < 1:
        needed = reading + members * (trial.start + epoch)
        raise ConfigError(
            f"--time {duration_text(seconds)}: one epoch ends after {duration_text(needed)}; allow "
            "ten times as much or more"
        )
    total = reading + members * (trial.start + count * epoch)
    count_reason = f"as many as fit into the time: a step takes {trial.step:.3g} s"
    if count == _MOST_EPOCHS:
        count_reason = "the most that are planned; they need less than the time allowed"
    steps_reason = "more than the examples make, so that validation takes little beside them"
    if steps < natural:
        steps_reason = f"fewer than the examples make, so that there are {_LEAST_EPOCHS} epochs"
    return Epochs(
        count=count,
        steps=None if steps == natural else steps,
        all_steps=count * steps,
        seconds=total,
        count_reason=count_reason,
        steps_reason=steps_reason,
    )
