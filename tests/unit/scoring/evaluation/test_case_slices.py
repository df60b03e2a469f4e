"""Cases that are scored in slices by several calls: what they leave, and that it adds up."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.observers import Recorder
from tests.support.score_requests import request_of, scoring_of
from tfuq.data.events import CaseScored
from tfuq.errors import RunError
from tfuq.execution import PartDoneError, Serial
from tfuq.execution.serial import Part
from tfuq.scoring.evaluation import ScoreOptions, default_output
from tfuq.scoring.evaluation.case_slices import score_slice
from tfuq.scoring.evaluation.gathered import Gathered
from tfuq.scoring.evaluation.references import cases_with_references
from tfuq.scoring.evaluation.segmentation import score_segmentation


@pytest.fixture
def request_(scored_tasks):
    return request_of(scored_tasks["segmentation"][0])


def files_of_slices(request) -> list[Path]:
    return list((default_output(request.folder) / ".slices").glob("*.json"))


def score_part(request, index: int) -> None:
    with pytest.raises(PartDoneError):
        score_segmentation(replace(request, executor=Part(index, 2)))


def written(scores, folder: Path) -> dict[str, bytes]:
    scores.write(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".csv"}


def test_parts_make_the_tables_that_one_process_makes(request_, tmp_path):
    whole = score_segmentation(request_)
    score_part(request_, 0)
    score_part(request_, 1)
    assert len(files_of_slices(request_)) == 6
    gathered = score_segmentation(request_)
    assert gathered.summary == whole.summary
    assert written(gathered, tmp_path / "parts") == written(whole, tmp_path / "whole")
    assert files_of_slices(request_) == []


def test_only_what_a_part_has_left_is_scored(request_):
    score_part(request_, 1)
    recorder = Recorder()
    score_segmentation(replace(request_, executor=Serial(), observer=recorder))
    scored = [event.case for event in recorder.events if isinstance(event, CaseScored)]
    assert scored == ["ball_000", "ball_002", "ball_004"]


def test_a_slice_that_was_scored_in_another_way_is_not_taken(request_):
    score_part(request_, 0)
    recorder = Recorder()
    score_segmentation(replace(request_, options=ScoreOptions(has_penalty=True), observer=recorder))
    assert len(recorder.events) == 6


def test_a_damaged_slice_is_named(request_):
    score_part(request_, 0)
    damaged = files_of_slices(request_)[0]
    content = damaged.read_bytes()
    damaged.write_bytes(content[:100])
    with pytest.raises(RunError, match=f"{damaged.name}: cannot be read .* remove it"):
        score_segmentation(request_)
    damaged.write_bytes(content)
    score_segmentation(request_)


def test_a_slice_leaves_what_its_cases_give(request_, tmp_path):
    scoring = scoring_of(request_)
    cases = list(cases_with_references(request_.manifest, request_.config, None))[:2]
    score_slice(scoring, cases, tmp_path / "slice.json", observer=Recorder())
    gathered = scoring.gather(cases, Recorder())
    read = Gathered.read(tmp_path / "slice.json")
    assert read.cases == gathered.cases
    assert read.components == gathered.components
