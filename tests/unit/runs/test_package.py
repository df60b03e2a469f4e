"""The run folder: its split, its members, its facts."""

import os

import pytest

from tests.support.editing import edited
from tests.support.made import make_run
from tfuq import runs
from tfuq.data.writers import write_json
from tfuq.errors import RunError


def repeated(split):
    split["test"].append(split["test"][0])


def shared(split):
    split["train"].append(split["test"][0])


@pytest.mark.parametrize(
    ("change", "words"), [(repeated, "is twice in test"), (shared, "is in both train and test")]
)
def test_a_split_has_each_case_once(digits_run, change, words):
    assert len(digits_run.split["test"]) == 60
    edited(digits_run.path / "splits.json", change)
    with pytest.raises(RunError, match=words):
        _ = digits_run.split


def test_a_member_has_one_folder(digits_run):
    for name in ("0", "00", "1", "01", "٣", "x"):
        write_json(digits_run.path / "members" / name / "done", {"digest": "a"})
    assert digits_run.finished_members == [0, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": 10**9},
        {"channels": 0},
        {"statistics": {"mean": [1.0, 2.0], "std": [1.0, 2.0]}},
        {"statistics": {"mean": [1.0], "std": [0.0]}},
        {"versions": 3},
        {"channel_names": ["T1", "T2"]},
        {"seeds": [1]},
    ],
)
def test_facts_of_a_run_are_bounded(digits_run, wrong):
    edited(digits_run.path / "environment.json", lambda facts: facts.update(wrong))
    with pytest.raises(RunError, match=r"environment.json: cannot be read"):
        _ = digits_run.facts


def test_a_run_knows_the_names_of_its_channels_or_none(digits_run):
    assert digits_run.channel_names == []
    edited(digits_run.path / "environment.json", lambda facts: facts.update(channel_names=["T1"]))
    assert digits_run.channel_names == ["T1"]


@pytest.fixture
def digits_run(digits, tmp_path):
    return make_run(tmp_path / "run", "classification", digits)


@pytest.mark.parametrize(
    ("folder", "is_reserved"),
    [
        (".", True),
        ("predictions", True),
        ("members/0", True),
        ("scores/vi", True),
        ("predictions/vi", False),
        ("elsewhere", False),
        ("members-too", False),
    ],
)
def test_folders_of_a_run_s_other_files_take_no_predictions(digits_run, folder, is_reserved):
    if not is_reserved:
        digits_run.require_output(digits_run.path / folder)
        return
    with pytest.raises(RunError, match="is kept for other files of the run"):
        digits_run.require_output(digits_run.path / folder)


def test_a_run_opens_with_the_configuration_that_it_was_made_with(digits_run, tmp_path):
    assert runs.open_run(digits_run.path) == digits_run
    with pytest.raises(RunError, match="not a run"):
        runs.open_run(tmp_path)


def test_the_newest_run_is_the_one_whose_configuration_was_written_last(tmp_path, digits):
    for number, name in enumerate(("old", "new", "older")):
        make_run(tmp_path / name / "hybrid", "classification", digits)
        os.utime(tmp_path / name / "hybrid" / "config.yaml", (0, (5, 9, 1)[number]))
    assert runs.newest_run(None, tmp_path).path == tmp_path / "new" / "hybrid"
    with pytest.raises(RunError, match="no run of method vi below"):
        runs.newest_run("vi", tmp_path)
