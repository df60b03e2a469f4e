"""Runs of a latent network: what they state, and the methods that they serve."""

import csv

import pytest

from tests.conftest import assert_refused
from tfuq import runs
from tfuq.training import prepare, summary


@pytest.mark.slow
def test_runs_state_the_scales_of_both_divergences(trained):
    run = trained("latent-vi", 2)
    assert run.facts["code_kl_scale"] == pytest.approx(0.5 / 16**2)
    assert run.facts["kl_scale"] == {"member 0": 0.5 / run.facts["likelihood_terms"]}
    assert f"of the code {0.5 / 16**2:.3g} (0.5 / voxels of an example)" in summary(
        run.config, prepare(run.config, None)
    )
    with (run.member(0) / "history.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert 0 < float(row["code_kl"]) < float(row["kl"])


@pytest.mark.slow
def test_one_run_serves_its_sources_apart(trained, tfuq, tmp_path, monkeypatch):
    run = trained("latent-vi", 2).path
    tables = {}
    for method in ("latent-vi", "latent-code", "deterministic"):
        result = tfuq(
            "predict", run, "--method", method, "--out", tmp_path / method, "--samples", 3
        )
        assert result.exit_code == 0, result.output
        tables[method] = next((tmp_path / method).glob("*/probability.nii.gz")).read_bytes()
    assert len(set(tables.values())) == 3
    assert_refused(
        tfuq("predict", run, "--method", "vi"),
        "trained as latent-vi",
        "serves latent-vi, latent-code, latent-weights",
    )
    other = trained("mc-dropout", 2).path
    assert_refused(
        tfuq("predict", other, "--method", "latent-code"),
        "whose weights are points",
        "--method latent-vi",
    )
    assert "latent-code" not in tfuq("train", "--help").output
    (tmp_path / "runs" / "balls").mkdir(parents=True)
    (tmp_path / "runs" / "balls" / "latent-vi").symlink_to(run)
    assert runs.newest_run("latent-weights", tmp_path / "runs").config.method == "latent-vi"
