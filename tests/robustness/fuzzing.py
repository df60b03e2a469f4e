"""How many damaged files a test draws, and what every one of them must come to."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.robustness.mutations import damaged
from tests.robustness.worlds import World

Command = tuple[object, ...]
# TFUQ_FUZZ_SEED=1, 2, … draws other files; without it a test draws the same ones every time.
_SEED = os.environ.get("TFUQ_FUZZ_SEED")


def drawn(check: Callable[[st.DataObject], None], examples: int) -> None:
    """Call a check with so many examples; the least that fails is reported."""
    bounds = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=_SEED is None,
        suppress_health_check=list(HealthCheck),
    )
    bounds(given(st.data())(check))()


def fuzz_world(world: World, commands: Sequence[tuple[Sequence[str], Command]], examples: int) -> None:
    """Damage a file of a world and run a command that reads it, so many times.

    Args:
        world: Whole.
        commands: Beginnings of the places of files, and a command that reads these.
        examples: How many.
    """
    pairs = [(place, command) for begins, command in commands for place in world.whole if place.startswith(tuple(begins))]

    def check(data: st.DataObject) -> None:
        place, command = data.draw(st.sampled_from(pairs))
        content = data.draw(st.one_of(damaged(place, world.whole[place]), damaged(place, world.whole[place]), st.none()))
        world.check(place, content, *command)

    drawn(check, examples)
