"""Run folders with a damaged file: every command that reads it gives a result or one line, and changes its output alone."""

import pytest

from tests.robustness.fuzzing import Command, fuzz_world
from tests.robustness.worlds import World, make_plain_world, make_world

TASKS = ("segmentation", "classification", "landmarks")
_FAST = {"segmentation": 30, "classification": 60, "landmarks": 45}
_SLOW = 3000


@pytest.fixture(scope="module")
def roots(balls, digits, heads):
    return {"segmentation": balls, "classification": digits, "landmarks": heads}


@pytest.fixture(scope="module")
def plain_worlds(roots, tmp_path_factory):
    made = {}

    def make(task: str) -> World:
        if task not in made:
            made[task] = make_plain_world(tmp_path_factory.mktemp(f"plain-{task}"), task, roots[task])
        return made[task]

    return make


@pytest.fixture(scope="module")
def worlds(roots, tmp_path_factory):
    made = {}

    def make(task: str) -> World:
        if task not in made:
            made[task] = make_world(tmp_path_factory.mktemp(f"world-{task}"), task, roots[task])
        return made[task]

    return make


def readers_of_results(world: World, first: str, second: str) -> list[tuple[tuple[str, ...], Command]]:
    """Beginnings of files and the commands that read them without a network."""
    run, out = world.run, world.run / "out" / "report.html"
    scores = [run / "scores" / method for method in (first, second)]
    facts = ("config.yaml", "environment.json", "splits.json")
    return [
        ((f"predictions/{first}/", *facts), ("score", run / "predictions" / first, "--no-figures")),
        ((f"scores/{first}/", f"predictions/{first}/", *facts), ("report", *scores, "--out", out)),
        (("scores/",), ("report", scores[0], "--out", out)),
        (("scores/",), ("compare", *scores, "--out", run / "out")),
    ]


def readers_with_a_network(world: World) -> list[tuple[tuple[str, ...], Command]]:
    """Beginnings of files and the commands that read them and draw samples."""
    run = world.run
    facts = ("config.yaml", "environment.json", "splits.json", "members/")
    calibrated = run / "predictions" / "ensemble-calibrated"
    return [
        (("predictions/ensemble/", "members/"), ("score", run / "predictions" / "ensemble")),
        (("predictions/ensemble-calibrated/", "calibrations/"), ("score", calibrated, "--no-figures")),
        ((*facts, "calibrations/"), ("predict", run, "--calibrated", "--out", run / "out")),
        (facts, ("predict", run, "--dry-run")),
        ((*facts, "calibrations/", "predictions/ensemble/"), ("doctor", run)),
    ]


@pytest.mark.parametrize("task", TASKS)
def test_damaged_results_give_a_result_or_one_line(plain_worlds, task):
    world = plain_worlds(task)
    fuzz_world(world, readers_of_results(world, "hybrid", "deterministic"), _FAST[task])


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_thousands_of_damaged_results_give_a_result_or_one_line(worlds, task):
    world = worlds(task)
    fuzz_world(world, readers_of_results(world, "ensemble", "ensemble-calibrated"), _SLOW)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_hundreds_of_damaged_runs_give_a_result_or_one_line(worlds, task):
    world = worlds(task)
    fuzz_world(world, readers_with_a_network(world), 300)
