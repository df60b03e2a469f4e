"""Networks that predict their own noise, from training to scores."""

import csv
import shutil

import pytest

from tests.conformance.runs import check_run
from tests.conftest import assert_refused, files_of, settings, task_settings
from tfuq import runs
from tfuq.training import train

UNVALIDATED = {"split": {"train": 3, "validation": 0, "test": 3}}


@pytest.mark.slow
def test_a_heteroscedastic_segmentation_conforms(balls, tmp_path):
    network = {"name": "fcn", "widths": [2, 4], "heteroscedastic": True, "noise_draws": 3}
    config = settings(balls, "deterministic", 2, network=network, data=UNVALIDATED)
    check_run(train(config, tmp_path / "run"), "deterministic", tmp_path / "exported")


@pytest.mark.slow
def test_heteroscedastic_landmarks_report_their_parts(heads, tfuq, tmp_path):
    config = task_settings(
        "landmarks", heads, "mc-dropout", network={"heteroscedastic": True}, data=UNVALIDATED
    )
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


@pytest.fixture(scope="module")
def run_of_before(heads, tmp_path_factory):
    """A finished run of a version that refined positions of its loss on the network's outputs."""
    config = task_settings(
        "landmarks",
        heads,
        "deterministic",
        network={"heteroscedastic": True},
        training={"loss": {"name": "heatmap-cross-entropy"}},
        data=UNVALIDATED,
    )
    run = train(config, tmp_path_factory.mktemp("before") / "run")
    facts = run.facts
    assert facts.pop("loss_definition") == 2
    runs.write_facts(run.path, facts)
    return run.path


@pytest.fixture
def refined_otherwise(run_of_before, tmp_path):
    """One such run for each test."""
    return shutil.copytree(run_of_before, tmp_path / "run")


@pytest.mark.slow
def test_a_run_of_another_position_loss_predicts_once_it_has_finished(
    refined_otherwise, tfuq, tmp_path
):
    before = files_of(refined_otherwise)
    config = refined_otherwise / "config.yaml"
    assert tfuq("train", config, "--run", refined_otherwise, "--resume").exit_code == 0
    assert files_of(refined_otherwise) == before
    result = tfuq("predict", refined_otherwise, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("way", ["--resume", "--member=0"])
def test_a_run_of_another_position_loss_is_not_gone_on_with(refined_otherwise, tfuq, way):
    (refined_otherwise / "members" / "0" / "done").unlink()
    before = files_of(refined_otherwise)
    result = tfuq("train", refined_otherwise / "config.yaml", "--run", refined_otherwise, way)
    assert_refused(
        result,
        f"{refined_otherwise}: began with definition 1 of its loss and now has definition 2",
        "pass --overwrite to train it anew, or another --run",
    )
    assert files_of(refined_otherwise) == before


@pytest.mark.slow
def test_a_run_of_another_position_loss_is_trained_anew(refined_otherwise, tfuq, tmp_path):
    (refined_otherwise / "members" / "0" / "done").unlink()
    config = tmp_path / "config.yaml"
    config.write_bytes((refined_otherwise / "config.yaml").read_bytes())
    for run, flags in ((tmp_path / "another", []), (refined_otherwise, ["--overwrite"])):
        result = tfuq("train", config, "--run", run, *flags)
        assert result.exit_code == 0, result.output
        found = runs.open_run(run)
        assert (found.facts["loss_definition"], found.finished_members) == (2, [0])
