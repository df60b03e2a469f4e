"""What scoring writes, and sets of files that are not of one scoring."""

import json
import statistics

import numpy as np
import pytest

from tests.support.promised import manifest_of
from tfuq.data.json_csv import read_table
from tfuq.errors import RunError
from tfuq.runs.results import CaseEntry
from tfuq.scoring.calibration import Bins
from tfuq.scoring.evaluation.scores import (
    Scores,
    provenance,
    reliability_rows,
    require_one_scoring,
    score_table,
)

ROWS = [{"case": "a", "class": "all", "dice": 0.5}, {"case": "b", "class": "all", "dice": 0.7}]


def write(folder, rows=ROWS, **tables):
    Scores(cases=rows, summary={"method": "vi"}, tables=tables).write(folder)
    return folder


def test_metrics_have_means_over_the_rows_that_have_them():
    rows = [{"dice": 0.5, "hd95_mm": None, "other": 1.0}, {"dice": 0.9, "hd95_mm": 3.0}, {}]
    assert score_table(rows) == {
        "dice": {
            "mean": pytest.approx(0.7),
            "std": pytest.approx(statistics.stdev([0.5, 0.9])),
            "n": 2,
            "unit": "1",
            "better": "higher",
        },
        "hd95_mm": {"mean": 3.0, "std": None, "n": 1, "unit": "mm", "better": "lower"},
    }


def test_an_empty_bin_has_no_accuracy():
    bins = Bins(np.array([0, 4]), np.array([0.0, 3.0]), np.array([0, 2]))
    assert reliability_rows(bins) == [
        {"from": 0.0, "items": 0.0, "confidence": None, "accuracy": None},
        {"from": 0.5, "items": 4.0, "confidence": 0.75, "accuracy": 0.5},
    ]


def test_the_summary_says_how_the_samples_were_made():
    manifest = manifest_of(samples=7, missing_members=[2])
    manifest.cases["a"] = CaseEntry(images=[], label=None, seconds={})
    found = provenance(manifest)
    assert (found["method"], found["samples"], found["seed"]) == ("vi", 7, 5)
    assert (found["missing_members"], found["cases"]) == ([2], 1)


def test_tables_that_a_scoring_has_not_are_removed(tmp_path):
    write(tmp_path, components=[{"case": "a"}])
    assert (tmp_path / "components.csv").is_file()
    write(tmp_path)
    assert not (tmp_path / "components.csv").exists()
    assert [row["dice"] for row in read_table(tmp_path / "cases.csv", (), "")] == ["0.5", "0.7"]
    assert list(json.loads((tmp_path / "summary.json").read_text())["files"]) == ["cases.csv"]


def change(folder):
    (folder / "cases.csv").write_text("case,class,dice\na,all,1\n")


def remove(folder):
    (folder / "cases.csv").unlink()


@pytest.mark.parametrize("damage", [change, remove])
def test_a_file_of_another_scoring_is_refused(damage, tmp_path):
    write(tmp_path)
    require_one_scoring(tmp_path, ("*.csv",))
    damage(tmp_path)
    require_one_scoring(tmp_path, ("*.png",))  # the others are not looked at
    with pytest.raises(RunError, match=r"cases.csv: is not the file that summary.json"):
        require_one_scoring(tmp_path, ("*.csv",))


def test_scores_of_a_version_that_noted_no_digests_are_believed(tmp_path):
    write(tmp_path)
    (tmp_path / "summary.json").write_text('{"method": "vi"}')
    change(tmp_path)
    require_one_scoring(tmp_path, ("*.csv",))
