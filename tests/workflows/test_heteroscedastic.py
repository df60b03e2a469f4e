"""Networks that predict their own noise, from training to scores."""

import csv

import pytest

from tests.conformance.runs import check_run
from tests.conftest import settings, task_settings
from tfuq.training import train


def test_a_heteroscedastic_segmentation_conforms(balls, tmp_path):
    network = {"name": "fcn", "widths": [2, 4], "heteroscedastic": True, "noise_draws": 3}
    config = settings(balls, "deterministic", 2, network=network)
    check_run(train(config, tmp_path / "run"), "deterministic", tmp_path / "exported")


def test_heteroscedastic_landmarks_report_their_parts(heads, tfuq, tmp_path):
    config = task_settings("landmarks", heads, "mc-dropout", network={"heteroscedastic": True})
    run = train(config, tmp_path / "run").path
    result = tfuq("predict", run, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    with (tmp_path / "out" / "landmarks.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        aleatoric, epistemic, total = (
            float(row[f"{part}_variance"]) for part in ("aleatoric", "epistemic", "total")
        )
        assert aleatoric > 0
        assert total == pytest.approx(aleatoric + epistemic, rel=1e-4)
        assert epistemic == pytest.approx(float(row["variance"]), rel=1e-4, abs=1e-4)
        assert float(row["aleatoric_variance_mm"]) == pytest.approx(
            aleatoric * (0.67 * 3) ** 2, rel=1e-3
        )
    scored = tfuq("score", tmp_path / "out", "--no-figures")
    assert scored.exit_code == 0, scored.output
    assert "total_variance" in (tmp_path / "out" / "scores" / "summary.json").read_text()
