"""Scenes by how long they take, and what the rows of tests count."""

from __future__ import annotations

from collections import Counter

from tests.robustness.faults.scenes import SCENES, Stage

QUICK = [name for name, scene in SCENES.items() if scene.world == "made"]
# Images and volumes are made by one writer of new folders: volumes stand for both. What replaces
# another takes the longest.
FAST = [name for name in QUICK if name != "data synth of images" and "over another" not in name]

LONG = [name for name in SCENES if name.startswith(("study", "demo"))]


def named(name: str) -> str:
    """A scene's name in the name of a test, after its world's."""
    return f"{SCENES[name].world}-{name.replace(' ', '-')}"


def tidy_up(stage: Stage, name: str) -> list[str]:
    """Run a scene once more; what it leaves that an undisturbed one does not."""
    end = stage.run(SCENES[name].words)
    assert end.code in ends_of(name), (name, end.said[-3000:])
    return [f"{name}: {fault}" for fault in stage.expected(name).leftovers_of(stage)]


def ends_of(name: str) -> tuple[int, ...]:
    return (0, 2) if SCENES[name].once else (0,)


def count(found: list[str], tally: Counter) -> None:
    for kind in ("lost", "wrong", "mixed", "in pieces", "left", "missing", "other"):
        tally[kind] += sum(f": {kind}: " in each for each in found)
