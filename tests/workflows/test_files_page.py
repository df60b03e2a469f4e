"""Each column of the tables that commands write is on the page *Files of a run*."""

from __future__ import annotations

import csv
import io
import re
import shutil
import zipfile
from dataclasses import fields
from pathlib import PurePath

import pytest
from docs.generate.files import columns, columns_page, is_documented, scores_page

from tests.support.documentation import page
from tests.support.reading_ease import ROOT
from tests.support.reviewed_run import reviewed_run
from tests.support.written_tables import table_of, written_columns, written_keys
from tfuq.data.json_csv import is_text
from tfuq.measures.catalogue import MEASURES
from tfuq.runs.entries import CaseEntry
from tfuq.runs.results import Manifest
from tfuq.scoring.metrics import METRICS
from tfuq.training.progress import NLL
from tfuq.workflows.view.decisions import Decision

# What the code puts before and behind the names of columns.
_BEGIN = re.compile("^(estimated|expected|val)_")
_END = re.compile(
    r"(_at_least|_at_most|_lower|_upper|_mm3|_mm2|_px2|_mm|_px|_ras|_[xyz]|_[ijk]|_std|_p|_n)+$"
)


def undocumented(found) -> set[tuple[str, str]]:
    """The tables and columns that the page does not have."""
    return {(table, column) for table, column in found if not is_documented(table, column)}


def test_the_page_has_each_table_and_column():
    assert "generated/columns.md" in page("files.md")
    assert "generated/scores.md" in page("files.md")
    text = columns_page()
    for table, texts in columns().items():
        command, _, name = table.partition("/")
        section = text.partition(f"### `{name}` of `tfuq {command}`\n")[2].partition("\n### ")[0]
        assert all(f"\n| `{column}` | {words} |" in section for column, words in texts.items())


def test_each_text_is_a_sentence():
    for texts in columns().values():
        assert all(words.endswith(".") for words in texts.values())


def test_the_page_has_each_score():
    text = scores_page()
    assert all(f"\n| `{name}` | {metric.title} |" in text for name, metric in METRICS.items())


def test_a_column_that_the_page_lacks_is_noticed():
    assert is_documented("score/cases.csv", "dice")
    assert not is_documented("score/cases.csv", "newly_measured")
    assert not is_documented("score/newly.csv", "case")
    assert is_documented("predict/predictions.csv", "probability_any class")
    assert not is_documented("predict/predictions.csv", "probabilities_0")
    assert is_documented("shift/table.csv", "ood_auroc_mutual_information_lower")
    assert not is_documented("shift/table.csv", "ood_auroc_newly_measured")
    assert is_documented("score/dose.csv", "v20_percent_lower")
    assert is_documented("study/means.csv", "diversity.disagreement_difference_lower")
    assert not is_documented("study/means.csv", "disagreement_lower")
    assert undocumented([("score/cases.csv", "newly_measured")])


@pytest.mark.parametrize(
    ("path", "table"),
    [
        ("runs/a/scores/hybrid/cases.csv", "score/cases.csv"),
        ("runs/a/shift/noise/table.csv", "shift/table.csv"),
        ("runs/a/shift/noise/hybrid/1/predictions/c/structures.csv", "predict/structures.csv"),
        ("data/cases.csv", None),
    ],
)
def test_a_table_is_told_by_its_folder(path, table):
    assert table_of(PurePath(path)) == table


def test_the_columns_of_kept_runs_and_predictions_are_on_the_page():
    found = set()
    with zipfile.ZipFile(ROOT / "tests" / "data" / "kept.zip") as kept:
        for name in kept.namelist():
            table = table_of(PurePath(name))
            if name.endswith(".csv") and table is not None:
                head = next(csv.reader(io.StringIO(kept.read(name).decode())))
                found |= {(table, column) for column in head}
    assert len({table for table, _ in found}) >= 4
    assert undocumented(found) == set()


def test_columns_of_newer_trainings_are_on_the_page():
    """The trainings that the tests keep are of before these."""
    for name in (NLL, "penalty"):
        assert is_documented("train/history.csv", name)


def test_the_keys_of_a_manifest_are_on_the_page():
    keys = {field.name for field in fields(Manifest)}
    keys |= {f"cases.{field.name}" for field in fields(CaseEntry)}
    assert columns()["predict/manifest.json"].keys() == keys


def test_the_columns_of_decisions_are_on_the_page():
    assert list(columns()["review/decisions.csv"]) == [field.name for field in fields(Decision)]


def test_every_column_of_text_is_on_the_page():
    """The code lists those that are read as text; each is a column of some table."""
    names = {column for texts in columns().values() for column in texts}
    for name in ("case", "verdict", "unlike_training", "set_RULE", "truth"):
        assert name in names
    assert all(is_text(name) for name in ("case", "verdict", "unlike_training", "truth"))


def test_the_page_has_no_column_that_the_code_does_not_know():
    source = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tfuq/**/*.py"))
    for texts in columns().values():
        for name in texts:
            stem = re.split(r"_?[A-Z]+_?", name.rpartition(".")[2])[0]
            stem = _BEGIN.sub("", _END.sub("", stem))
            spellings = (stem, stem.replace("_", "-"), stem.replace("area", "volume"))
            assert any(spelling in source for spelling in spellings), name


def test_a_column_that_the_code_does_not_know_would_be_noticed():
    assert _BEGIN.sub("", _END.sub("", "estimated_radial_error_upper_mm")) == "radial_error"
    assert _BEGIN.sub("", _END.sub("", "newly_measured")) == "newly_measured"


def test_the_columns_of_scores_are_on_the_page(scored_tasks):
    for folders in scored_tasks.values():
        found = set(written_columns(folders[0].parents[1]))
        assert {table.partition("/")[0] for table, _ in found} >= {"predict", "score"}
        assert undocumented(found) == set()


def test_the_keys_of_scores_are_on_the_page(scored_tasks):
    for folders in scored_tasks.values():
        found = set(written_keys(folders[0].parents[1]))
        assert ("score/summary.json", "failure_detection") in found
        assert undocumented(found) == set()


def test_the_columns_of_a_review_are_on_the_page(scored_tasks, tmp_path):
    scores = reviewed_run(scored_tasks["segmentation"][0], tmp_path)
    reviews = scores.parents[1] / "reviews"
    found = {*written_columns(reviews), *written_keys(reviews)}
    assert {("review/review.csv", "dice_at_least"), ("review/review.json", "promise")} <= found
    assert undocumented(found) == set()


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_the_columns_of_a_comparison_are_on_the_page(scored_tasks, tfuq, tmp_path, task):
    out = tmp_path / "compared"
    assert tfuq("compare", *scored_tasks[task], "--out", out).exit_code == 0
    found = set(written_columns(tmp_path))
    assert len(found) > 20
    assert undocumented(found) == set()


def test_the_columns_of_a_shift_are_on_the_page(trained_task, tfuq, tmp_path):
    run = trained_task("classification", "mc-dropout")
    copy = shutil.copytree(
        run.path, tmp_path / "run", ignore=shutil.ignore_patterns("shift", "scores")
    )
    options = ("--perturbation", "noise", "--severity", "0,1", "--no-figures")
    assert tfuq("shift", copy, *options, "--save-predictions").exit_code == 0
    found = {*written_columns(copy), *written_keys(copy)}
    files = ("shift/table.csv", "shift/correlations.csv", "shift/summary.json", "train/history.csv")
    assert set(files) <= {table for table, _ in found}
    assert undocumented(found) == set()


def test_measures_and_scores_are_not_told_twice():
    """But for columns that are of something else in their table, as of a lesion or a rater."""
    told = {column for texts in columns().values() for column in texts}
    others = {"precision", "missed", "area_mm2", "area_px2", "volume_mm3"}
    assert told & {*MEASURES, *METRICS} == others
