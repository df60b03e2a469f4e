"""``tfuq plot``: a slice of a case as pictures, beside the predictions of a run."""

import numpy as np
import pytest
from PIL import Image

from tests.conftest import assert_refused
from tests.support.plotted import CASE, predicted_run


@pytest.fixture
def run(balls, tmp_path):
    return predicted_run(balls, tmp_path / "run")


@pytest.mark.slow
def test_methods_of_a_run_are_plotted_into_it(run, tfuq):
    methods = ("--method", "hybrid", "--method", "vi")
    plotted = tfuq("plot", run.path, *methods, "--case", CASE, "--slice", 7, "--axis", 1)
    assert plotted.exit_code == 0, plotted.output
    folder = run.path / "plots" / CASE
    names = {path.name for path in folder.glob("*.png")}
    assert "methods.png" in names
    assert "members-hybrid.png" in names
    for name in names:
        assert f"{CASE}/{name}" in plotted.output
        with Image.open(folder / name) as picture:
            assert np.asarray(picture.convert("L")).std() > 5


def test_what_cannot_be_plotted_is_refused(run, tfuq):
    folder = run.predictions("vi")
    assert_refused(tfuq("plot", folder, "--case", "ball_9"), "--case ball_9", "ball_004")
    assert_refused(tfuq("plot", run.path, "--case", CASE), "no predictions")
    told = ("--case", CASE, "--axis", 2, "--slice", 15)
    assert_refused(tfuq("plot", folder, *told), "--slice 15", "0 to 14")


def test_a_file_of_the_users_stays(run, tfuq, tmp_path):
    theirs = tmp_path / "out" / "difference.png"
    theirs.parent.mkdir()
    theirs.write_text("mine")
    told = ("--case", CASE, "--out", theirs.parent)
    assert_refused(tfuq("plot", run.predictions("vi"), *told), "difference.png")
    assert theirs.read_text() == "mine"
    assert [path.name for path in theirs.parent.glob("*.png")] == ["difference.png"]
