"""Examples of a shift: arrays of the first case, of the shapes that figures need."""

import numpy as np
import pytest

from tests.support.made import make_run
from tfuq.errors import RunError
from tfuq.workflows.shift.examples import read_example


@pytest.fixture
def digits_run(digits, tmp_path):
    return make_run(tmp_path / "run", "classification", digits)


EXAMPLE = {
    "image": np.zeros((28, 28, 1)),
    "probability": np.full(10, 0.1),
    "votes": np.zeros(10),
    "truth": np.array([3]),
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"truth": np.array([10])},
        {"truth": np.array(3)},
        {"votes": np.zeros(9)},
        {"image": np.zeros(3)},
        {"image": np.full((28, 28, 1), np.nan)},
        {"image": np.full((28, 28, 1), "x")},
    ],
)
def test_an_example_of_shift_has_the_shapes_of_its_figure(digits_run, tmp_path, wrong):
    np.savez(tmp_path / "example.npz", **EXAMPLE)
    assert read_example(tmp_path, digits_run.config).keys() == EXAMPLE.keys()
    np.savez(tmp_path / "example.npz", **EXAMPLE | wrong)
    with pytest.raises(RunError, match=r"example.npz: "):
        read_example(tmp_path, digits_run.config)
