"""Score folders of a report, and what is gone of them."""

import json
import shutil

import pytest

from tests.support.score_folders import scores
from tfuq.data.json_csv import read_table
from tfuq.errors import DataError, RunError, TfuqError
from tfuq.report.page.source import by_name
from tfuq.report.page.sources import Scored, hindrance, read_sources, shared_cases


def test_cases_that_all_have_are_in_the_order_of_the_first(tmp_path):
    first = scores(tmp_path / "x", "vi", [0.1, 0.2, 0.3], ["c", "a", "b"])
    other = scores(tmp_path / "y", "hybrid", [0.1, 0.2], ["a", "c"], samples=7)
    sources = read_sources([first, other])
    assert shared_cases(sources) == ["c", "a"]
    assert by_name(sources, lambda source: source.heading) == {
        "vi": "vi, T not noted",
        "hybrid": "hybrid, T = 7",
    }


def test_folders_without_a_case_in_common_are_refused(tmp_path):
    first = scores(tmp_path / "x", "vi", [0.1], ["a"])
    other = scores(tmp_path / "y", "hybrid", [0.1], ["b"])
    with pytest.raises(DataError, match="have no case in common"):
        read_sources([first, other])


def test_files_that_the_scoring_did_not_write_are_not_shown(tmp_path):
    folder = scores(tmp_path, "vi", [0.1])
    (tmp_path / "mine.csv").write_text("a\n1\n")
    assert list(Scored(name="vi", folder=folder).tables) == ["mine"]  # files are not noted
    (tmp_path / "summary.json").write_text('{"method": "vi", "files": {"cases.csv": "0"}}')
    assert Scored(name="vi", folder=folder).tables == {}


@pytest.mark.parametrize(
    ("score", "task"),
    [("dice", "segmentation"), ("accuracy", "classification"), ("radial_error_px", "landmarks")],
)
def test_the_scores_tell_the_task(score, task, tmp_path):
    (tmp_path / "cases.csv").write_text(f"case,class,{score}\na,all,1\n")
    assert Scored(name="vi", folder=tmp_path).task == task


def test_predictions_or_a_run_that_are_gone_hinder(scored_tasks, tmp_path):
    folder = scored_tasks["landmarks"][0]
    assert hindrance(Scored(name="vi", folder=folder)) is None
    copy = shutil.copytree(folder, tmp_path / "run" / "scores" / "hybrid")
    source = Scored(name="vi", folder=copy)
    assert hindrance(source).endswith("predictions/hybrid holds no predictions")
    with pytest.raises(RunError, match="the predictions are gone"):
        _ = source.present_manifest
    predictions = tmp_path / "run" / "predictions" / "hybrid"
    predictions.mkdir(parents=True)
    manifest = json.loads(
        (folder.parents[1] / "predictions" / folder.name / "manifest.json").read_text()
    )
    manifest["run"] = str(tmp_path / "gone")
    (predictions / "manifest.json").write_text(json.dumps(manifest))
    source = Scored(name="vi", folder=copy)
    assert hindrance(source) == f"the run {tmp_path / 'gone'} is gone"
    with pytest.raises(RunError, match="the run of these scores is gone"):
        _ = source.present_run


def test_landmarks_are_told_apart_by_their_positions(scored_tasks, tmp_path):
    folder = shutil.copytree(scored_tasks["landmarks"][0], tmp_path / "scores")
    text = (folder / "cases.csv").read_text()
    reference = next(
        row["reference"]
        for row in read_table(folder / "cases.csv", (), "")
        if row["class"] == "all"
    )
    (folder / "cases.csv").write_text(text.replace(reference, "0" * 16))
    with pytest.raises(DataError, match="another reference"):
        read_sources([scored_tasks["landmarks"][1], folder])


def scored(folder, text="case,class,dice\na,all,0.5\n", summary=None, name="vi"):
    """A folder of scores without predictions."""
    folder.mkdir(exist_ok=True)
    (folder / "cases.csv").write_text(text)
    (folder / "summary.json").write_text(json.dumps({"method": "vi"} | (summary or {})))
    return Scored(name=name, folder=folder)


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (
            "summary.json",
            '{"method": "vi", "scores": {"all": {"dice": "high"}}}',
            "run tfuq score again",
        ),
        ("summary.json", "{}", "method"),
        ("cases.csv", "case,class,dice\nball_000,all,0.5", "ends within a line"),
        ("cases.csv", "case,class\nball_000,all\n", "scores of no case"),
        ("cases.csv", "case,class,dice\nball_000,all,low\n", "'low' is not a number for 'dice'"),
        ("cases.csv", "case,dice\na,0.5\n", "class"),
    ],
    ids=["score", "no method", "cut", "no score", "text", "no class"],
)
def test_damaged_scores_are_refused(file, text, words, tmp_path):
    source = scored(tmp_path / "vi")
    (source.folder / file).write_text(text)
    with pytest.raises(TfuqError, match=words) as refusal:
        _ = (source.summary, source.task)
    assert file in str(refusal.value)


def test_an_earlier_version_noted_no_files_and_all_are_shown(tmp_path):
    source = scored(tmp_path / "vi")
    (source.folder / "failure.csv").write_text("a\n1\n")
    (source.folder / "figures").mkdir()
    (source.folder / "figures" / "a.png").write_bytes(b"")
    assert source.tables == {"failure": [{"a": "1"}]}
    assert source.figures == [source.folder / "figures" / "a.png"]


def test_a_run_that_was_moved_is_found(scored_tasks, tmp_path):
    scores = scored_tasks["classification"][0]
    run = shutil.copytree(scores.parents[1], tmp_path / "moved")
    source = Scored(name="hybrid", folder=run / "scores" / scores.name)
    assert source.present_run.path == run
    assert hindrance(source) is None
