"""Commands that are killed, before each file gets its name and at any moment: what is left is old or new, and is tidied up."""

from __future__ import annotations

import random
import zlib
from collections import Counter

import pytest

from tests.robustness.faults.broken_disk import CHANGES, Plan
from tests.robustness.faults.rows import FAST, LONG, QUICK, count, ends_of, named, tidy_up
from tests.robustness.faults.scenes import SCENES, Stage

RENAMES = ("replace",)
MOST_RENAMES = 8  # of the long ones, at even distances
AT_RANDOM, AT_RANDOM_QUICK, AT_RANDOM_LONG = 8, 46, 4  # kills of a scene
IN_A_ROW = 4


def kill(stage: Stage, name: str, tally: Counter, **how) -> list[str]:
    """Kill a scene that goes on from what lies there; what is wrong with what it leaves."""
    end = stage.run(SCENES[name].words, **how)
    assert end.was_killed or end.code in ends_of(name), (name, how, end.said[-3000:])
    tally["kills"] += end.was_killed
    tally["runs that ended before"] += not end.was_killed
    return [f"{name}, {how}: {fault}" for fault in stage.expected(name).faults_of(stage.place)]


def kill_before_renames(name: str, on_stage, tally: Counter, most: int) -> None:
    scene, stage = on_stage(name)
    renames = stage.expected(name).operations["replace"]
    found = []
    for at in range(1, renames + 1, -(-renames // most)):
        stage.restore(scene)
        found += kill(stage, name, tally, plan=Plan(at, RENAMES))
        found += tidy_up(stage, name)
    count(found, tally)
    assert not found, found


def kill_at_random(name: str, on_stage, tally: Counter, kills: int) -> None:
    """At an operation or at a moment by turns, several times before it is run to its end."""
    scene, stage = on_stage(name)
    expected, rng = stage.expected(name), random.Random(zlib.crc32(name.encode()))
    operations = sum(expected.operations.get(operation, 0) for operation in CHANGES)
    in_a_row = 1 if name.startswith("export") else IN_A_ROW
    found = []
    for number in range(kills):
        if number % in_a_row == 0:
            stage.restore(scene)
        if number % 2:
            found += kill(stage, name, tally, kill_after=rng.uniform(0.0, expected.seconds))
        else:
            found += kill(stage, name, tally, plan=Plan(rng.randint(1, operations)))
        if (number + 1) % in_a_row == 0 or number == kills - 1:
            found += tidy_up(stage, name)
    count(found, tally)
    assert not found, found


@pytest.mark.slow
@pytest.mark.parametrize("name", FAST, ids=named)
def test_killed_before_each_rename(name, on_stage, tally):
    kill_before_renames(name, on_stage, tally, most=100)


@pytest.mark.parametrize("name", FAST, ids=named)
def test_killed_at_random(name, on_stage, tally):
    kill_at_random(name, on_stage, tally, kills=2)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SCENES if name not in FAST], ids=named)
def test_every_command_killed_before_each_rename(name, on_stage, tally):
    kill_before_renames(name, on_stage, tally, most=MOST_RENAMES if name in LONG else 100)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENES, ids=named)
def test_every_command_killed_at_random(name, on_stage, tally):
    kills = AT_RANDOM_QUICK if name in QUICK else AT_RANDOM_LONG if name in LONG else AT_RANDOM
    kill_at_random(name, on_stage, tally, kills)
