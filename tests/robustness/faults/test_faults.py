"""Commands on file systems that fail: one clear line and exit code 2, or the result; what is left is old or new."""

from __future__ import annotations

import random
import zlib
from collections import Counter

import pytest

from tests.robustness.faults.broken_disk import FAULTS, Plan
from tests.robustness.faults.rows import FAST, LONG, QUICK, count, named, tidy_up
from tests.robustness.faults.scenes import READ_ONLY, SCENES, Stage
from tests.robustness.faults.states import listing, state_of

PLACES, PLACES_QUICK, PLACES_LONG = 2, 6, 1  # operations at which each fault is put into a scene


def fail(stage: Stage, name: str, plan: Plan, tally: Counter) -> list[str]:
    """Play a scene on a file system that fails by a plan, and once more on one that does not."""
    stage.restore(SCENES[name])
    end = stage.run(SCENES[name].words, plan=plan)
    tally["faults"] += 1
    found = [] if _is_clear(end) else [f"said: {end.code} {end.said[-1500:]}"]
    tally["refused"] += end.code == 2
    if end.code == 0:
        found += stage.expected(name).untrue_of(stage.place)
        found += stage.expected(name).leftovers_of(stage) if plan.fault == "without locks" else []
    found += stage.expected(name).faults_of(stage.place)
    found = [f"{name}, {plan}: {fault}" for fault in found]
    return found + [f"{plan} {each}" for each in tidy_up(stage, name)]


def _is_clear(end) -> bool:
    """Done, or refused in one line that says why."""
    if end.code == 0:
        return "Traceback" not in end.said
    last = end.said.strip().splitlines()[-1]
    return end.code == 2 and last.startswith("tfuq: ") and "Traceback" not in end.said


def put_faults(name: str, on_stage, tally: Counter, places: int) -> None:
    _, stage = on_stage(name)
    expected, rng = stage.expected(name), random.Random(zlib.crc32(name.encode()))
    found = []
    for kind, (fault, (_, operations)) in enumerate(FAULTS.items()):
        counted = sum(expected.operations.get(operation, 0) for operation in operations)
        for number in range(1 if fault == "without locks" else places):
            lasts = (kind + number) % 2 == 0  # by turns, also where each fault has one place
            at = 1 if fault == "without locks" else rng.randint(1, counted)
            found += fail(stage, name, Plan(at, operations, fault, lasts), tally)
    count(found, tally)
    assert not found, found


@pytest.mark.parametrize("name", FAST, ids=named)
def test_faults(name, on_stage, tally):
    put_faults(name, on_stage, tally, places=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENES, ids=named)
def test_faults_of_every_command(name, on_stage, tally):
    put_faults(
        name,
        on_stage,
        tally,
        PLACES_QUICK if name in QUICK else PLACES_LONG if name in LONG else PLACES,
    )


@pytest.mark.slow
@pytest.mark.parametrize("largest", [2_000, 5_000, 20_000])
@pytest.mark.parametrize("name", ["export beside another", "train", "demo"], ids=named)
def test_a_disk_that_is_full_for_whoever_writes(name, largest, on_stage, tally):
    """TensorFlow's own writing, too."""
    scene, stage = on_stage(name)
    expected = stage.expected(name)
    stage.restore(scene)
    end = stage.run(scene.words, largest=largest)
    tally["faults"] += 1
    tally["refused"] += end.code == 2
    found = [] if _is_clear(end) else [f"said: {end.code} {end.said[-1500:]}"]
    found += expected.faults_of(stage.place)
    found += tidy_up(stage, name)
    count(found, tally)
    assert not found, found


@pytest.mark.slow
def test_commands_that_only_read_change_nothing(stages):
    stage = stages["rows"]
    stage.restore(SCENES["train"])
    before = (state_of(stage.place), listing(stage.place))
    for words in READ_ONLY:
        end = stage.run(words)
        assert end.code in (0, 2), (words, end.said[-3000:])
        assert (state_of(stage.place), listing(stage.place)) == before, words
