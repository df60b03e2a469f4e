"""Learning rates."""

import math

import pytest

from tests.conftest import settings
from tests.support import references
from tfuq.training.schedules import plateau_share, restarting, step_share, triangular


@pytest.mark.parametrize(
    ("cycle", "lowest", "gamma"), [(8, 0.1, 1.0), (5, 0.0, 0.99), (1, 0.5, 1.0)]
)
def test_cycles_are_those_of_the_paper(cycle, lowest, gamma):
    for step in range(40):
        found = triangular(step, cycle, lowest, gamma)
        assert found == pytest.approx(references.triangular(step, cycle, lowest, gamma), abs=1e-12)


@pytest.mark.parametrize(("cycle", "lowest", "gamma"), [(8, 0.0, 1.0), (5, 0.2, 0.99)])
def test_restarts_are_those_of_the_paper(cycle, lowest, gamma):
    """α(t) = α₀/2 (cos(π mod(t − 1, C) / C) + 1) of Huang et al., with t from 1 on."""
    for step in range(40):
        height = (math.cos(math.pi * math.fmod(step, cycle) / cycle) + 1) / 2
        expected = lowest + (1 - lowest) * height * gamma**step
        assert restarting(step, cycle, lowest, gamma) == pytest.approx(expected, abs=1e-12)


def test_plateaus_are_counted_anew_after_each_fall():
    values = [5.0, 4.0, 4.0, 4.5, 3.0, 3.0, 3.1, 3.0, 3.0, 2.0]
    shares = [plateau_share(values[:n], 0.1, 2) for n in range(len(values) + 1)]
    assert shares == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


def test_schedules_of_a_configuration(tmp_path):
    def shares(**training):
        config = settings(tmp_path, training={"epochs": 4, **training}).training
        return [step_share(config, step, steps_per_epoch=2) for step in range(8)]

    assert shares(schedule="constant") == shares(schedule="plateau") == [1.0] * 8
    cosine = [(1 + math.cos(math.pi * epoch / 4)) / 2 for epoch in (0, 0, 1, 1, 2, 2, 3, 3)]
    assert shares(schedule="cosine") == cosine
    polynomial = [(1 - step / 8) ** 0.9 for step in range(8)]
    assert shares(schedule="polynomial") == pytest.approx(polynomial)
    assert shares(schedule="cyclical", cycle={"epochs": 2, "lowest": 0.2}) == pytest.approx(
        [0.2, 0.6, 1.0, 0.6] * 2
    )
    restarts = {"epochs": 2, "lowest": 0.2, "shape": "cosine"}
    falling = [0.2 + 0.8 * (1 + math.cos(math.pi * step / 4)) / 2 for step in range(4)]
    assert shares(schedule="cyclical", cycle=restarts) == pytest.approx(falling * 2)
    assert shares(schedule="cyclical+plateau", cycle={"epochs": 2, "lowest": 0.2}) == pytest.approx(
        [0.2, 0.6, 1.0, 0.6] * 2
    )
