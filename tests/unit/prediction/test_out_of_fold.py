"""Each training case is predicted by the member that left it out."""

from dataclasses import replace

import pytest

from tests.conftest import settings
from tests.support.drawn import make_finished_run
from tfuq import runs
from tfuq.errors import RunError
from tfuq.prediction import request_of
from tfuq.prediction.out_of_fold import out_of_fold

FOLDS = [["ball_000", "ball_002"], ["ball_001", "ball_003"]]


@pytest.fixture
def run(balls, tmp_path):
    """A run of two members with folds, which nobody trained."""
    parts = {
        "train": sorted(FOLDS[0] + FOLDS[1]),
        "validation": [],
        "test": ["ball_004", "ball_005"],
    }
    config = settings(balls, "hybrid", ensemble={"diversity": "folds"})
    facts = {"channels": 1, "statistics": None}
    return runs.create(tmp_path / "run", config, parts, facts, FOLDS)


def request(run):
    return request_of(run.config, "hybrid", 2, 0)


def test_a_member_is_asked_for_its_own_fold(run):
    asked = list(out_of_fold(run, request(run)))
    assert [(one.member, one.is_out_of_fold) for one, _ in asked] == [(0, True), (1, True)]
    assert [[case.id for case in cases] for _, cases in asked] == FOLDS


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"member": 0}, "leave out --member"),
        ({"keep_members": True}, "leave out --save-members"),
        ({"is_calibrated": True}, "leave out --calibrated"),
    ],
    ids=str,
)
def test_what_one_member_cannot_serve_is_refused(run, change, words):
    with pytest.raises(RunError, match=words):
        list(out_of_fold(run, replace(request(run), **change)))


def test_members_without_folds_are_refused(balls, tmp_path):
    run = make_finished_run(tmp_path / "run", "segmentation", balls)
    with pytest.raises(RunError, match="train with tfuq train --folds 5"):
        list(out_of_fold(run, request(run)))
