"""The stages that scenes are played on, and a count of what went wrong on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.faults.scenes import SCENES, WORLDS, Scene, Stage

Played = Callable[[str], tuple[Scene, Stage]]


@pytest.fixture(scope="session")
def stages(tmp_path_factory) -> dict[str, Stage]:
    return {world: Stage(tmp_path_factory.mktemp(world), world) for world in WORLDS}


@pytest.fixture(scope="session")
def on_stage(stages) -> Played:
    """From the name of a scene to it, and the stage that it is played on."""
    return lambda name: (SCENES[name], stages[SCENES[name].world])


@pytest.fixture(scope="module")
def tally(request) -> Iterator[Counter]:
    counts: Counter = Counter()
    yield counts
    line = ", ".join(f"{count} {what}" for what, count in counts.items())
    reporter = request.config.pluginmanager.getplugin("terminalreporter")
    if reporter:  # which processes of a parallel run have not
        reporter.write_line(f"\n{request.module.__name__}: {line}")
