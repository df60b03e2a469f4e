"""Predictions of the training cases too, scored apart from those of the test cases."""

import json

import pytest

from tests.conftest import LISTED_SPLIT, assert_refused, settings
from tests.support.figures import legend_of
from tests.support.made import make_network_run
from tests.support.scored import scored_folder
from tfuq.data.json_csv import read_table
from tfuq.data.writers import write_json
from tfuq.report.segmentation import segmentation_figures
from tfuq.runs import open_run

SPLITS = ("train", "validation", "test")


@pytest.fixture
def run(balls, tmp_path):
    config = settings(balls, "mc-dropout", 2)
    made = make_network_run(tmp_path / "run", config, [])
    write_json(made.path / "splits.json", LISTED_SPLIT)
    return open_run(made.path)


@pytest.mark.slow
def test_all_cases_are_predicted_and_scored_by_split(run, tfuq, tmp_path):
    folder = tmp_path / "all"
    assert tfuq("predict", run.path, "--split", "all", "--out", folder).exit_code == 0
    scored = tfuq("score", folder, "--no-figures")
    assert scored.exit_code == 0, scored.output
    rows = read_table(folder / "scores" / "cases.csv", ("case", "class", "split", "dice"), "")
    whole = {row["case"]: row for row in rows if row["class"] == "all"}
    parts = {case: part for part in SPLITS for case in run.split[part]}
    assert {case: row["split"] for case, row in whole.items()} == parts
    summary = json.loads((folder / "scores" / "summary.json").read_text())
    for part in SPLITS:
        dice = [float(row["dice"]) for row in whole.values() if row["split"] == part]
        mean = summary["by_split"][part]["all"]["dice"]["mean"]
        assert mean == pytest.approx(sum(dice) / len(dice), abs=1e-5)
        assert f"{part}, all: dice {mean:.4f}" in scored.output

    figures = dict(segmentation_figures(scored_folder(folder / "scores")))
    measured = next(axes for axes in figures["dice-ball"].axes)
    assert [text.split(":")[0] for text in legend_of(measured)] == list(SPLITS)
    colours = [dots.get_facecolor()[0].tolist() for dots in measured.collections]
    assert len({*map(tuple, colours)}) == 3
    assert [len(dots.get_offsets()) for dots in measured.collections] == [
        len(LISTED_SPLIT[part]) for part in SPLITS
    ]


@pytest.mark.slow
def test_a_part_has_a_folder_of_its_own_and_no_scans_beside_it(run, tfuq, balls):
    assert tfuq("predict", run.path, "--split", "train").exit_code == 0
    folder = run.path / "predictions" / f"{run.config.method}-train"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (sorted(manifest["cases"]), manifest["split"]) == (run.split["train"], "train")
    told = ("--split", "test", "--input", balls / "imagesTr")
    assert_refused(tfuq("predict", run.path, *told), "--split", "--input")
    assert_refused(tfuq("predict", run.path, "--split", "test", "--out-of-fold"), "--split")
