"""The orientation of a run: what it says itself, what its training cases say, or nobody."""

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from tests.conftest import LISTED_SPLIT, settings, task_settings
from tests.support.volumes import smooth_volume
from tfuq import runs
from tfuq.data.cases import Case
from tfuq.data.orientation import Turn
from tfuq.data.volume import turned
from tfuq.errors import RunError
from tfuq.runs.orientation import config_as_seen, refuse_unknown, run_orientation

FACTS = {"channels": 1, "statistics": None}


def run_of(path: Path, config, **facts):
    return runs.create(path, config, LISTED_SPLIT, FACTS | facts)


def test_a_run_says_its_own(balls, tmp_path):
    run = run_of(tmp_path, settings(balls, preprocessing={"orientation": "LAS"}), orientation="LPS")
    assert run_orientation(run) == "LPS"
    assert config_as_seen(run).preprocessing.orientation == "LPS"


def test_the_configuration_says_that_of_an_earlier_run(tmp_path):
    run = run_of(tmp_path, settings(tmp_path / "gone", preprocessing={"orientation": "LAS"}))
    assert run_orientation(run) == "LAS"
    assert config_as_seen(run).preprocessing.orientation == "LAS"


def test_of_training_cases_that_differ_it_is_the_most_frequent(own_balls, tmp_path):
    for number in (0, 1):
        path = own_balls / "imagesTr" / f"ball_00{number}.nii.gz"
        volume = nibabel.load(path)
        flips = np.array([[0, -1], [1, 1], [2, 1]])
        nibabel.save(volume.as_reoriented(flips), path)
    assert run_orientation(run_of(tmp_path / "run", settings(own_balls))) == "LAS"


def test_nobody_says_it(tmp_path):
    run = run_of(tmp_path, settings(tmp_path / "gone"))
    assert run_orientation(run) is None
    volume = smooth_volume()
    refuse_unknown(run, Case("a", (Path("a.nii"),)), volume)
    other = turned(volume, Turn.to(volume.affine, "LPS"))
    with pytest.raises(RunError, match=r"a.nii: its axes point to LPS.*orientation: LPS"):
        refuse_unknown(run, Case("a", (Path("a.nii"),)), other)
    refuse_unknown(run, Case("a", (Path("a.png"),)), other)


def test_pictures_have_none(digits, tmp_path):
    run = run_of(tmp_path, task_settings("classification", digits), orientation="LPS")
    assert run_orientation(run) is None


def test_a_fact_that_is_no_orientation_is_refused(balls, tmp_path):
    run = run_of(tmp_path, settings(balls), orientation="RAX")
    with pytest.raises(RunError, match="RAX"):
        run_orientation(replace(run))
