"""The stages that scenes are played on, and a count of what went wrong on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.robustness.faults.scenes import SCENES, WORLDS, Scene, Stage

_TALLIES = pytest.StashKey[dict[str, Counter]]()
Played = Callable[[str], tuple[Scene, Stage]]


@pytest.fixture(scope="session")
def stages(tmp_path_factory) -> dict[str, Stage]:
    return {world: Stage(tmp_path_factory.mktemp(world), world) for world in WORLDS}


@pytest.fixture(scope="session")
def on_stage(stages) -> Played:
    """From the name of a scene to it, and the stage that it is played on."""
    return lambda name: (SCENES[name], stages[SCENES[name].world])


@pytest.fixture(scope="module")
def tally(request) -> Counter:
    """Counts by what was done and found, shown in the end."""
    return request.config.stash.setdefault(_TALLIES, {}).setdefault(
        request.module.__name__, Counter()
    )


def pytest_sessionfinish(session) -> None:
    """A worker of several sends its counts to the process that shows them."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        tallies = session.config.stash.get(_TALLIES, {})
        output["tallies"] = {module: dict(counts) for module, counts in tallies.items()}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    tallies = node.config.stash.setdefault(_TALLIES, {})
    for module, counts in getattr(node, "workeroutput", {}).get("tallies", {}).items():
        tallies.setdefault(module, Counter()).update(counts)


def pytest_terminal_summary(terminalreporter, config) -> None:
    for module, counts in config.stash.get(_TALLIES, {}).items():
        found = ", ".join(f"{count} {what}" for what, count in counts.items())
        terminalreporter.write_line(f"{module}: {found}")
