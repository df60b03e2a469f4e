"""A session gives what the page asks for, and writes what it decides."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from tfuq.errors import DataError
from tfuq.workflows.view.session import Session


@pytest.fixture(params=["segmentation", "classification", "landmarks"])
def session(request, targets, tmp_path):
    return Session(replace(targets(request.param), review=tmp_path), "R. Viewer")


def test_a_reviewer_whom_no_decision_could_name_is_refused_at_once(targets, tmp_path):
    target = replace(targets("classification"), review=tmp_path)
    with pytest.raises(DataError, match=r"--reviewer 'a\\nb': .*give a name on one line"):
        Session(target, "a\nb")


def test_everything_is_json_without_names_of_columns(session):
    told = session.cases()
    case = told["cases"][0]["case"]
    for content in (told, session.detail(case), session.places(case)):
        assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert told["kind"] in ("volume", "points", "classes")
    for part in session.detail(case)["measures"]:
        assert part["measures"]
        for measure in part["measures"]:
            assert "_" not in measure["title"]


def test_a_decision_is_in_the_list_from_then_on(session):
    case = session.cases()["cases"][-1]["case"]
    session.decide(case, "all", "edit needed", "look again")
    decided = session.cases()["cases"][-1]["decisions"]["all"]
    assert decided["decision"] == "edit needed"
    assert decided["note"] == "look again"
    assert decided["reviewer"] == "R. Viewer"
    assert decided["isCurrent"]
    other = Session(session._target, "another")
    assert other.cases()["cases"][-1]["decisions"]["all"] == decided


@pytest.mark.parametrize(
    ("case", "structure", "verdict", "note"),
    [
        ("none", "all", "accept", ""),
        ("../manifest.json", "all", "accept", ""),
        (None, "none", "accept", ""),
        (None, "all", "perhaps", ""),
        (None, "all", "accept", "two\nlines"),
    ],
)
def test_what_there_is_not_is_refused(session, case, structure, verdict, note):
    case = case or session.cases()["cases"][0]["case"]
    with pytest.raises(DataError):
        session.decide(case, structure, verdict, note)
    assert not session.log.path.exists()


def test_unknown_cases_have_nothing(session):
    for ask in (session.detail, session.places, lambda case: session.content(case, {})):
        with pytest.raises(DataError, match="there is no"):
            ask("../../etc")


def test_a_decision_on_an_earlier_prediction_is_told(targets, tmp_path, monkeypatch):
    session = Session(replace(targets("segmentation"), review=tmp_path))
    case = session.cases()["cases"][0]["case"]
    session.decide(case, "all", "accept", "")
    monkeypatch.setattr(type(session._ranked.source), "key", lambda source, case: "another")
    assert not session.cases()["cases"][0]["decisions"]["all"]["isCurrent"]


def test_the_next_image_is_read_ahead(targets, tmp_path):
    session = Session(replace(targets("segmentation"), review=tmp_path))
    first, second, *_ = [entry["case"] for entry in session.cases()["cases"]]
    read = session._viewed._first_scans._values
    session.prepare()
    session.prepare(first)
    deadline = time.monotonic() + 10
    while set(read) != {(first, 0), (second, 0)}:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    session.prepare(session._order[-1])


def test_the_page_is_told_of_cases_that_a_stopped_prediction_has_not(targets, tmp_path):
    target = replace(targets("classification"), review=tmp_path)
    assert Session(target).cases()["missing"] == ""
    cases = list(target.manifest.cases)
    stopped = replace(target.manifest, asked=[*cases, "<b>last</b>"])
    told = Session(replace(target, manifest=stopped)).cases()["missing"]
    assert told.startswith(f"1 of {len(cases) + 1} cases is missing: <b>last</b>; run the same")
