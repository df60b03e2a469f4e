"""The scores of some cases alone, of which the files alone are read."""

import nibabel
import numpy as np
import pytest

from tests.support import references
from tests.support.observers import Recorder
from tests.support.score_requests import request_of, scoring_of
from tfuq.data.events import CaseScored
from tfuq.errors import DataError
from tfuq.scoring.evaluation.case_scores import CaseScoring
from tfuq.scoring.evaluation.references import cases_with_references
from tfuq.scoring.evaluation.score_options import ScoreOptions


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


def test_numbers_of_maps_are_there_where_they_are_asked_for(request_):
    cases = list(cases_with_references(request_.manifest, request_.config, None))[:2]
    options = ScoreOptions(aggregate=("quantile",))
    asked = scoring_of(request_, options=options).gather(cases, Recorder())
    plain = scoring_of(request_).gather(cases, Recorder())
    names = [f"quantile_{name}" for name in scoring_of(request_).maps]
    for with_them, without in zip(asked.structures, plain.structures, strict=True):
        assert [name for name in with_them if name not in without] == names
    for row in asked.structures:
        label, values = maps_of_case(request_, row["case"])
        classes = request_.config.data.structures[row["class"]]
        about = values[references.grown(np.isin(label, classes), 2)]
        expected = None
        if row["component"] == "all" and about.size:
            expected = pytest.approx(np.quantile(about, 0.95), rel=1e-5)
        assert row["quantile_mutual_information"] == expected
    for row in asked.cases:
        if row["class"] == "all":
            _, values = maps_of_case(request_, row["case"])
            expected = pytest.approx(np.quantile(values, 0.95), rel=1e-5)
            assert row["image_quantile_mutual_information"] == expected


def maps_of_case(request, case):
    """The label and the mutual information that were predicted."""
    names = ("label", "mutual_information")
    files = [request.folder / case / f"{name}.nii.gz" for name in names]
    return [nibabel.load(file).get_fdata() for file in files]
