"""The scores of some cases alone, of which the files alone are read."""

import pytest

from tests.support.observers import Recorder
from tests.support.score_requests import request_of, scoring_of
from tfuq.data.events import CaseScored
from tfuq.errors import DataError
from tfuq.scoring.evaluation.case_scores import CaseScoring
from tfuq.scoring.evaluation.references import cases_with_references


@pytest.fixture
def request_(scored_tasks):
    return request_of(scored_tasks["segmentation"][0])


def test_each_case_is_scored_and_told_of(request_):
    cases = list(cases_with_references(request_.manifest, request_.config, None))[2:4]
    recorder = Recorder()
    gathered = scoring_of(request_).gather(cases, recorder)
    assert recorder.events == [CaseScored(case="ball_002"), CaseScored(case="ball_003")]
    assert [row["case"] for row in gathered.cases] == ["ball_002"] * 3 + ["ball_003"] * 3
    assert {row["case"] for row in gathered.structures} == {"ball_002", "ball_003"}
    assert len(gathered.bins) == 2
    assert gathered.empty == gathered.before == []


def test_a_case_is_another_when_it_was_predicted_again(request_):
    (case, *_) = cases_with_references(request_.manifest, request_.config, None)
    scoring: CaseScoring = scoring_of(request_)
    before = scoring.identity(case)
    assert scoring.identity(case) == before
    (request_.folder / case.id / "label.nii.gz").touch()
    assert scoring.identity(case) != before


def test_a_map_that_is_not_there_is_named(request_):
    cases = list(cases_with_references(request_.manifest, request_.config, None))[:1]
    with pytest.raises(DataError, match="no_such_map"):
        scoring_of(request_, maps=["no_such_map"]).gather(cases, Recorder())
