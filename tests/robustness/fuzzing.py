"""How many damaged files a test draws, and what every one of them must come to."""

from __future__ import annotations

import os
from collections.abc import Callable

import hypothesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.robustness.targets import Target

# TFUQ_FUZZ_SEED=1, 2, … draws other files; without it a test draws the same ones every time.
_SEED = os.environ.get("TFUQ_FUZZ_SEED")


def drawn(check: Callable[[st.DataObject], None], examples: int, seed: int | None = None) -> None:
    """Call a check with so many examples; the least that fails is reported.

    Args:
        check: draws what it needs, and raises where something is wrong.
        examples: how many.
        seed: of what is drawn; None for `_SEED`, or for always the same.
    """
    bounds = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=_SEED is None and seed is None,
        suppress_health_check=list(HealthCheck),
    )
    test = given(st.data())(check)
    chosen = test if seed is None else hypothesis.seed(seed)(test)
    bounds(chosen)()


def fuzz(target: Target, examples: int) -> None:
    """Damage the files of a target so many times, and have each read."""

    def check(data: st.DataObject) -> None:
        target.check(*target.drawn(data))

    drawn(check, examples)
