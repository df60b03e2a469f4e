"""Aleatoric and epistemic variance: maps on request, columns of a classification."""

import numpy as np
import pytest

from tests.conftest import assert_refused, settings
from tests.support.made import make_network_run
from tfuq.data.json_csv import read_table
from tfuq.data.layouts import cases_of
from tfuq.data.readers import read
from tfuq.measures.catalogue import VARIANCES

CASE = "ball_004"


def made(balls, folder, method="hybrid", **changes):
    config = settings(balls, method, 2, **changes)
    return make_network_run(folder, config, [case.id for case in cases_of(config.data)])


def maps_of(folder, names):
    return {name: read(folder / CASE / f"{name}.nii.gz").array for name in names}


def predict(tfuq, run, folder, *words):
    scan = run.config.data.root + f"/imagesTr/{CASE}.nii.gz"
    result = tfuq("predict", run.path, "--input", scan, "--out", folder, *words)
    assert result.exit_code == 0, result.output


@pytest.mark.slow
@pytest.mark.parametrize("steps", [{}, {"spacing": [2.0, 2.0, 2.0]}], ids=["copied", "resampled"])
def test_maps_add_up_to_the_variance_of_the_mean(steps, balls, tfuq, tmp_path):
    steps = {"slice_axis": 2} | steps
    run = made(balls, tmp_path / "run", preprocessing=steps)
    predict(tfuq, run, tmp_path / "out", "--maps", f"all,{','.join(VARIANCES)}", "--save-members")
    parts = maps_of(tmp_path / "out", (*VARIANCES, "probability", "predictive_entropy"))
    p = parts["probability"]
    total = (p * (1 - p)).mean(-1)
    np.testing.assert_allclose(sum(parts[name] for name in VARIANCES), total, atol=1e-5)
    members = maps_of(tmp_path / "out", ("between_member_variance", "within_member_variance"))
    if "spacing" not in steps:
        epistemic = parts["epistemic_variance"]
        np.testing.assert_allclose(sum(members.values()), epistemic, atol=1e-5)
        assert epistemic.max() > 0


@pytest.mark.slow
def test_a_heteroscedastic_network_has_them_by_default_and_one_sample_never(balls, tfuq, tmp_path):
    run = made(balls, tmp_path / "run", network={"heteroscedastic": True})
    predict(tfuq, run, tmp_path / "out", "--samples", "2")
    assert all((tmp_path / "out" / CASE / f"{name}.nii.gz").is_file() for name in VARIANCES)
    single = ("--method", "deterministic", "--out", tmp_path / "single")
    told = tfuq("predict", run.path, *single, "--maps", "aleatoric_variance")
    assert_refused(told, "--maps aleatoric_variance", "no such map")


def test_a_table_has_their_columns(run_of, tfuq, tmp_path):
    run = run_of("classification", "mc-dropout")
    assert tfuq("predict", run.path, "--out", tmp_path / "out").exit_code == 0
    (row, *_) = read_table(tmp_path / "out" / "predictions.csv", ("case", *VARIANCES), "")
    p = np.array([float(row[f"probability_{name}"]) for name in run.config.data.classes])
    parts = sum(float(row[name]) for name in VARIANCES)
    assert parts == pytest.approx((p * (1 - p)).mean(), abs=1e-5)
    assert tfuq("score", tmp_path / "out", "--no-figures").exit_code == 0
    rows = read_table(tmp_path / "out" / "scores" / "cases.csv", ("case", *VARIANCES), "")
    assert float(rows[0]["epistemic_variance"]) >= 0
