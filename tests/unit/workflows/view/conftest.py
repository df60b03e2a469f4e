"""Predictions for the page, made without a network."""

from __future__ import annotations

import pytest

from tests.support.viewing import make_target


@pytest.fixture(scope="package")
def targets(balls, digits, heads, tmp_path_factory):
    """``targets(task)``: predictions of a few cases."""
    roots = {"segmentation": balls, "classification": digits, "landmarks": heads}
    made = {}

    def take(task):
        if task not in made:
            made[task] = make_target(tmp_path_factory.mktemp(task), task, roots[task])
        return made[task]

    return take
