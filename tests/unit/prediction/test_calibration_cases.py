"""Which cases a calibration is made of."""

import numpy as np
import pytest

from tests.support.made import make_run
from tfuq.data.writers import write_json
from tfuq.errors import DataError
from tfuq.prediction.calibration_cases import calibration_cases, calibration_source
from tfuq.runs import Run

SPLIT = {
    "train": ["ball_000"],
    "validation": ["ball_001"],
    "test": ["ball_005", "ball_002", "ball_004", "ball_003"],
}


@pytest.fixture
def run(balls, tmp_path):
    """``run(split)``: a run of the balls with a split of its own."""
    made = make_run(tmp_path / "run", "segmentation", balls)

    def split_as(**parts):
        write_json(made.path / "splits.json", SPLIT | parts)
        return Run(made.path, made.config)

    return split_as


def ids(run, source, seed=0):
    return [case.id for case in calibration_cases(run, source, seed)]


def test_the_part_that_nothing_was_chosen_on_is_the_default(run):
    assert calibration_source(run(calibration=["ball_002"], test=["ball_003"])) == "calibration"
    with pytest.raises(DataError, match="its split has no calibration cases"):
        calibration_source(run())


@pytest.mark.parametrize("seed", [0, 1, 7])
@pytest.mark.parametrize(("share", "count"), [(0.5, 2), (0.25, 1), (0.9, 4)])
def test_a_share_of_the_test_split_is_chosen_by_the_seed(run, seed, share, count):
    order = np.random.default_rng(seed).permutation(sorted(SPLIT["test"]))
    assert ids(run(), f"test:{share}", seed) == sorted(order[:count])


def test_a_file_lists_cases(run, tmp_path):
    (tmp_path / "ids.txt").write_text(" ball_004\n\nball_002\nball_004\n")
    assert ids(run(), str(tmp_path / "ids.txt")) == ["ball_002", "ball_004"]
    assert ids(run(), "validation") == ["ball_001"]


@pytest.mark.parametrize("share", ["0", "1", "-0.5", "nan", "inf", "half", ""])
def test_shares_that_are_none_are_refused(run, share):
    with pytest.raises(DataError, match=f"--cases test:{share}: is no share of the test split"):
        ids(run(), f"test:{share}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no case"),
        ("ball_002\nball_000", "case 'ball_000' was trained on"),
        ("ball_002\nball_9", "case 'ball_9' is not there"),
        (None, "is neither calibration, nor validation, nor test:SHARE, nor out-of-fold"),
    ],
)
def test_lists_that_do_not_serve_are_refused(run, tmp_path, text, words):
    if text is not None:
        (tmp_path / "ids.txt").write_text(text)
    with pytest.raises(DataError, match=words):
        ids(run(), str(tmp_path / "ids.txt"))


def test_parts_without_cases_are_refused(run):
    with pytest.raises(DataError, match="has no validation cases"):
        ids(run(validation=[]), "validation")
