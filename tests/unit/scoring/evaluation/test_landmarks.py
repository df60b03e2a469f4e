"""Scores of landmarks, made without a network."""

import json

import numpy as np
import pytest

from tests.support import references
from tests.support.score_requests import request_of
from tfuq.data.json_csv import read_table
from tfuq.data.writers import write_csv
from tfuq.errors import RunError
from tfuq.scoring.evaluation.landmarks import score_landmarks


def test_rows_of_cases_are_means_over_landmarks(scored_tasks):
    request = request_of(scored_tasks["landmarks"][0])
    scores = score_landmarks(request)
    names = request.config.data.landmarks
    case = scores.cases[0]["case"]
    *landmarks, everything = scores.cases[: len(names) + 1]
    assert [row["class"] for row in landmarks] == names
    assert everything["class"] == "all"
    errors = [row["radial_error_mm"] for row in landmarks]
    assert everything["radial_error_mm"] == pytest.approx(np.mean(errors))
    table = read_table(request.folder / "landmarks.csv", (), "")
    variances = [float(row["variance"]) for row in table if row["case"] == case]
    assert everything["variance"] == pytest.approx(np.mean(variances))


def test_the_summary_counts_every_landmark(scored_tasks):
    request = request_of(scored_tasks["landmarks"][0])
    scores = score_landmarks(request)
    rows = [row for row in scores.cases if row["class"] != "all"]
    errors = np.array([row["radial_error_mm"] for row in rows])
    rates = scores.summary["success_rates"]
    assert scores.summary["unit"] == "mm"
    assert rates["n"] == len(errors)
    assert rates["sdr_2mm"] == pytest.approx(np.mean(errors < 2))
    variances = [row["variance"] for row in rows]
    assert scores.summary["measures"]["variance"]["mean"] == pytest.approx(np.mean(variances))
    found = scores.summary["measures"]["variance"]["correlation"]["spearman"]
    assert found["rho"] == pytest.approx(references.spearman(variances, errors.tolist()))
    auroc = scores.summary["measures"]["max_activation"]["auroc_4mm"]
    activations = np.array([-row["max_activation"] for row in rows])  # a certainty
    assert auroc == pytest.approx(references.area_under_roc(activations, errors >= 4))


def test_a_table_of_other_cases_is_refused(scored_tasks, tmp_path):
    request = request_of(scored_tasks["landmarks"][0])
    rows = read_table(request.folder / "landmarks.csv", (), "")
    write_csv(tmp_path / "landmarks.csv", [row for row in rows if row["case"] != rows[0]["case"]])
    with pytest.raises(RunError, match=r"landmarks.csv"):
        score_landmarks(request_of(scored_tasks["landmarks"][0], folder=tmp_path))


def test_landmarks_have_intervals_over_images_and_no_p(scored_tasks):
    summary = json.loads((scored_tasks["landmarks"][0] / "summary.json").read_text())
    ellipse = summary["ellipse"]
    assert 0 <= ellipse["lower"] <= ellipse["share"] <= ellipse["upper"] <= 1
    assert (ellipse["samples"], ellipse["cases"], ellipse["n"]) == (4, 8, 8 * 19)
    found = summary["measures"]["variance"]["correlation"]["spearman"]
    assert set(found) == {
        "within",
        "within_lower",
        "within_upper",
        "groups",
        "rho",
        "lower",
        "upper",
        "n",
        "cases",
    }
    assert (found["groups"], found["n"], found["cases"]) == (19, 152, 8)
    assert '"p"' not in json.dumps(summary)
