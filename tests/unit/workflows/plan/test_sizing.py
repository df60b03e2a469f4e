"""Sizes and epochs by trials, which are made up here: a step takes what its voxels take."""

import pytest

from tests.support.plans import made_trial
from tfuq.errors import ConfigError
from tfuq.workflows.plan.sizing import Budget, Limits, Size, fit_epochs, fit_size

LIMITS = Limits(
    smallest=Size(width=8, elements=64.0**3, batch=2),
    largest=Size(width=32, elements=128.0**3, batch=4),
)
GIGABYTE = 2**30


def made_up(size):
    """A step whose time and memory are as the sizing foretells them."""
    voxels = size.elements * size.batch / (2 * 64**3)
    width = size.width / 8
    return made_trial(step=0.5 * width**2 * voxels, memory=int(GIGABYTE * width * voxels))


def fitted(*, hours, gigabytes=64, attempt=made_up, members=1):
    budget = Budget(memory=int(gigabytes * GIGABYTE), seconds=3600 * hours)
    return fit_size(attempt, LIMITS, budget, members)


def test_little_time_leaves_the_smallest():
    size, _ = fitted(hours=0.1)
    assert size == LIMITS.smallest


def test_four_times_the_time_takes_twice_the_filters():
    """4,000 steps of 0.5 s are 0.56 hours."""
    size, seen = fitted(hours=4 * 4000 * 0.5 / 3600)
    assert size == Size(width=16, elements=64.0**3, batch=2)
    assert seen.step == 2.0


def test_patches_grow_when_filters_are_at_their_most():
    size, _ = fitted(hours=4 * 16 * 4000 * 0.5 / 3600)
    assert size == Size(width=32, elements=4 * 64.0**3, batch=2)


def test_all_grows_to_the_largest():
    size, _ = fitted(hours=1000, gigabytes=100)
    assert size == LIMITS.largest


def test_members_share_the_time():
    size, _ = fitted(hours=4 * 4 * 4000 * 0.5 / 3600, members=4)
    assert size.width == 16


def test_memory_bounds_the_size():
    size, seen = fitted(hours=1000, gigabytes=3)
    assert seen.memory <= 3 * GIGABYTE
    assert size.width == 20


@pytest.mark.parametrize(("is_on_gpu", "gigabytes"), [(False, 1.5), (True, 1.0)])
def test_cases_lie_in_the_memory_of_the_machine(is_on_gpu, gigabytes):
    """Half a gigabyte of them, beside a trial of one."""
    budget = Budget(seconds=1, memory=1, kept=GIGABYTE // 2)
    assert budget.needed(made_trial(is_on_gpu=is_on_gpu)) == gigabytes * GIGABYTE


def test_a_size_that_does_not_fit_is_made_smaller():
    tried = []

    def attempt(size):
        tried.append(size)
        return None if size.width > 12 else made_up(size)

    size, _ = fitted(hours=4 * 4000 * 0.5 / 3600, attempt=attempt)
    assert size.width == 8
    assert [one.width for one in tried] == [8, 16]


def test_the_smallest_that_does_not_fit_is_refused():
    with pytest.raises(ConfigError, match=r"takes 1\.0 GiB, and 0\.5 GiB are allowed"):
        fitted(hours=1, gigabytes=0.5)
    with pytest.raises(ConfigError, match="takes more than there is"):
        fitted(hours=1, attempt=lambda size: None)


def test_epochs_fill_the_time():
    """110 cases are read in 55 s. Validation takes 10 s, which is 15 % of 67 steps."""
    epochs = fit_epochs(made_trial(), 2, 100, 10, 55 + 20 + 30 * 60 + 1, 1)
    assert (epochs.count, epochs.steps) == (23, 67)
    assert epochs.steps_reason.startswith("more than the examples make")
    assert epochs.seconds == 55 + 20 + 23 * 77


def test_validation_takes_little_beside_the_steps():
    epochs = fit_epochs(made_trial(validation=0.1), 2, 100, 10, 55 + 20 + 30 * 51, 1)
    assert (epochs.count, epochs.steps) == (30, None)


def test_a_training_has_twenty_epochs():
    epochs = fit_epochs(made_trial(validation=0.0), 2, 1000, 0, 500 + 20 + 2000, 1)
    assert (epochs.count, epochs.steps) == (20, 100)
    assert epochs.steps_reason.startswith("fewer than the examples make")


def test_more_time_than_the_most_epochs_need_is_said():
    """1,000 epochs of 50 steps of a second, after 50 + 20 seconds."""
    epochs = fit_epochs(made_trial(validation=0.0), 2, 100, 0, 200_000, 1)
    assert (epochs.count, epochs.seconds) == (1000, 50_070)
    assert "less than the time allowed" in epochs.count_reason


def test_too_little_time_for_an_epoch_is_refused():
    with pytest.raises(ConfigError, match="--time 30 s: one epoch ends after"):
        fit_epochs(made_trial(), 2, 100, 10, 30, 1)
