"""A plan as a whole; trials are made up here, and `test_trial` makes real ones."""

import pytest

from tests.conftest import settings, task_settings
from tests.support.plans import made_trial
from tfuq.config import parse
from tfuq.data.layouts import cases_of
from tfuq.errors import ConfigError
from tfuq.workflows.plan import planning as module
from tfuq.workflows.plan.planning import plan, untried_settings
from tfuq.workflows.plan.text import planned_text


@pytest.fixture
def tried(monkeypatch):
    """The configurations that were tried, whose steps take a second and a gigabyte."""
    configs = []

    def attempt(config, training, validation):
        configs.append(config)
        return made_trial(start=5.0, reading=0.1, validation=0.1)

    monkeypatch.setattr(module, "attempt", attempt)
    return configs


def test_a_segmentation_is_planned(balls, tried):
    planned = plan(settings(balls).dump(), "balls", seconds=600, memory=2**33)
    config = parse(planned.text)
    assert config.network.name == "residual-unet"
    assert config.network.patch_size == [20, 20, 16]
    assert config.data == settings(balls).data
    assert config.training.epochs == int((600 - 0.4 - 5) / (2 + 0.1))
    assert planned.seconds <= 600


def test_snapshots_are_planned_as_members_of_other_seeds(balls, tried):
    """A plan would put epochs and a schedule of its own in the place of cycles."""
    cycles = {"epochs": 4, "schedule": "cyclical", "cycle": {"epochs": 2}}
    config = settings(balls, "ensemble", ensemble={"diversity": "snapshots"}, training=cycles)
    with pytest.raises(ConfigError, match=r"set ensemble\.diversity: seeds for the plan"):
        plan(config.dump(), "balls", seconds=600, memory=2**33)
    mended = config.dump().replace("diversity: snapshots", "diversity: seeds")
    assert parse(plan(mended, "balls", seconds=600, memory=2**33).text).members == 2


def test_what_is_tried_is_what_is_planned_but_for_its_length(balls, tried):
    planned = plan(settings(balls).dump(), "balls", seconds=600, memory=2**33)
    assert parse(planned.text).network == tried[0].network


@pytest.mark.parametrize("task", ["classification", "landmarks"])
def test_pictures_are_planned(request, tried, task):
    root = request.getfixturevalue({"classification": "digits", "landmarks": "heads"}[task])
    text = task_settings(task, root).dump()
    config = parse(plan(text, task, seconds=600, memory=2**33).text)
    assert config.network.rank == 2
    assert config.data == parse(text).data


@pytest.mark.parametrize(("hours", "is_full"), [(0.5, False), (5, True)])
def test_a_short_training_changes_its_examples_less(balls, tried, hours, is_full):
    """Steps take a second each here, so that 1,800 and 18,000 of them fit at most."""
    planned = plan(settings(balls).dump(), "balls", seconds=3600 * hours, memory=2**33)
    augmentation = parse(planned.text).augmentation
    assert bool(augmentation.perturbations) is is_full
    assert augmentation.rotation_degrees == (30.0 if is_full else 10.0)
    assert augmentation.flip_axes == [0, 1, 2]


def test_a_method_is_planned_for(balls, tried):
    text = settings(balls).dump()
    planned = plan(text, "balls", seconds=600, memory=2**33, method="ensemble")
    assert parse(planned.text).method == "ensemble"
    assert "2 member(s)" in planned.lines[1]


@pytest.mark.parametrize("is_named", [True, False])
def test_folds_share_the_time(balls, tried, is_named):
    """Four cases are read in 0.4 s, and each of two trainings starts in 5 s.

    It trains on two cases in one step and validates on the others in 0.2 s; with two steps an epoch,
    that is little beside them.
    """
    diversity = "seeds" if is_named else "folds"
    text = settings(balls, "hybrid", ensemble={"diversity": diversity, "members": 2}).dump()
    folds = 2 if is_named else None
    planned = plan(text, "balls", seconds=600, memory=2**33, folds=folds)
    assert parse(planned.text).training.epochs == int(((600 - 0.4) / 2 - 5) / 2.2)
    assert "2 member(s)" in planned.lines[1]


def test_a_configuration_needs_no_network(balls, tried):
    lines = [
        "name: own",
        "data:",
        "  layout: decathlon",
        f"  root: {balls}",
        "  classes: [rest, ball, core]",
        "  split: {train: 3, validation: 1, test: 2}",
    ]
    assert parse(plan("\n".join(lines), "own", seconds=600).text).network.rank == 3


def test_a_faulty_configuration_is_refused(tried):
    with pytest.raises(ConfigError, match="keys and values"):
        plan("- a", "own", seconds=600)


def test_many_large_cases_are_kept_on_disk(balls, tried, monkeypatch):
    monkeypatch.setattr(module, "free_memory", lambda: 100_000)
    text = plan(settings(balls).dump(), "balls", seconds=600, memory=2**33).text
    assert parse(text).training.cache == "disk"


def test_without_a_trial_the_smallest_is_proposed(balls):
    text = settings(balls).dump()
    untried = untried_settings(text, cases_of(settings(balls).data))
    assert parse(planned_text(text, untried, [])).network.widths[0] == 8
    assert untried.sections["training"]["epochs"] == 20
    assert "smallest" in untried.reasons["network.widths"]
    assert "nobody has said" in untried.reasons["augmentation.rotation_degrees"]


@pytest.mark.parametrize(("seconds", "reason"), [(600, "as many filters"), (10**7, "the largest")])
def test_the_reason_of_filters_is_that_of_their_number(balls, tried, seconds, reason):
    text = plan(settings(balls).dump(), "balls", seconds=seconds, memory=2**40).text
    (line,) = [line for line in text.splitlines() if line.startswith("  widths:")]
    assert reason in line
