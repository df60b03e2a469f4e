"""What promises need and say: calibration cases that nothing was chosen on, bands of coverage, and sizes that tell the vacuous."""

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

from tests.conftest import assert_refused, settings, task_settings
from tests.support.made import make_run
from tfuq.calibration.records import calibration_of, selection_caveat
from tfuq.config import Config
from tfuq.data.json_csv import read_table
from tfuq.data.readers import read
from tfuq.data.writers import write_json
from tfuq.runs import open_run
from tfuq.runs.results import read_manifest
from tfuq.workflows.doctor.cases import calibrated_on_validation_cases
from tfuq_cli.main import main


def ids(parts):
    return {part: [case.id for case in cases] for part, cases in parts.items()}


def test_splits_of_old_runs_read_as_they_are(balls, tmp_path):
    run = make_run(tmp_path / "run", "segmentation", balls)
    assert list(run.split) == ["train", "validation", "test"]
    tree = run.config.model_dump()
    del tree["data"]["split"]["calibration"]
    assert (
        Config.model_validate(tree) == run.config
    )  # a configuration written before the key resumes


def told(*arguments):
    """What a command that must succeed says on stdout, and on stderr."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


@pytest.fixture(scope="module")
def calibrated_part(digits, tmp_path_factory):
    """A classification whose split has calibration cases, calibrated by default; what that said, and the run."""
    from tfuq.training import train

    split = {"train": 20, "validation": 8, "test": 7, "calibration": 5}
    config = task_settings("classification", digits, data={"split": split})
    run = train(config, tmp_path_factory.mktemp("parted") / "run")
    return run, told("calibrate", run.path, "--alpha", 0.2, "--samples", 3)


@pytest.mark.slow
def test_calibration_cases_are_the_default_and_none_chose_an_epoch(calibrated_part):
    run, (shown, warned) = calibrated_part
    stored = json.loads((run.path / "calibrations" / "mc-dropout.json").read_text())
    assert (stored["source"], stored["caveat"]) == ("calibration", None)
    assert sorted(stored["cases"]) == run.split["calibration"]
    assert "calibrated on 5 case(s)" in shown
    assert "chose the best epoch" not in warned
    told("predict", run.path, "--calibrated", "--samples", 3)
    shown, _ = told("score", run.path / "predictions" / "mc-dropout-calibrated", "--no-figures")
    summary = json.loads(
        (run.path / "scores" / "mc-dropout-calibrated" / "summary.json").read_text()
    )
    row = summary["conformal"]["lac"]
    assert (row["calibrated_on"], row["n"]) == (5, 7)
    assert row["band"] == pytest.approx(stats.betabinom(7, 5, 1).ppf([0.025, 0.975]) / 7)
    assert "5 calibration and 7 test cases allow" in shown
    assert "validation cases" not in shown


def test_without_calibration_cases_there_is_no_default(trained_task, tfuq):
    run = trained_task("classification", "mc-dropout")
    assert_refused(
        tfuq("calibrate", run.path),
        "no calibration cases",
        "--cases test:0.5",
        "data.split.calibration",
    )
    assert_refused(
        tfuq("calibrate", run.path, "--cases", "calibration"),
        "has no calibration cases",
        "--cases test:0.5",
    )


@pytest.fixture(scope="module")
def on_validation(trained, tmp_path_factory):
    """A segmentation calibrated on its single validation case at an α that leaves it no choice, predicted and scored."""
    run = shutil.copytree(trained("mc-dropout").path, tmp_path_factory.mktemp("vacuous") / "run")
    calibrated = told("calibrate", run, "--cases", "validation", "--alpha", 0.5, "--samples", 3)
    told("predict", run, "--calibrated", "--samples", 3)
    return (
        run,
        calibrated,
        told("score", run / "predictions" / "mc-dropout-calibrated", "--no-figures")[0],
    )


@pytest.mark.slow
def test_validation_cases_warn_in_calibrate_and_score(on_validation):
    run, (_, warned), scored = on_validation
    assert (
        "warning: 1 of 1 calibration cases are validation cases, which chose the best epoch"
        in warned
    )
    path = run / "calibrations" / "mc-dropout.json"
    stored = json.loads(path.read_text())
    summary = json.loads((run / "scores" / "mc-dropout-calibrated" / "summary.json").read_text())
    assert (
        stored["caveat"]
        == summary["calibration"]["caveat"]
        == selection_caveat(open_run(run), stored["cases"])
    )
    assert "promises: 1 of 1 calibration cases are validation cases" in scored
    (finding,) = calibrated_on_validation_cases(open_run(run))
    assert (finding.check, finding.severity) == ("calibration", "caution")


@pytest.mark.slow
def test_a_calibration_written_before_says_so_too(on_validation, tmp_path):
    run = shutil.copytree(on_validation[0], tmp_path / "run")
    path = run / "calibrations" / "mc-dropout.json"
    stored = json.loads(path.read_text())
    del stored["caveat"], stored["conformal"]["sizes"], stored["conformal"]["radii_cases"]
    write_json(path, stored)
    folder = run / "predictions" / "mc-dropout-calibrated"
    manifest = read_manifest(folder)
    from tfuq.calibration.records import load_calibration

    manifest.run, manifest.calibration = str(run), load_calibration(path).digest
    assert calibration_of(manifest).caveat.startswith(
        "1 of 1 calibration cases are validation cases"
    )


@pytest.mark.slow
def test_bounds_that_say_nothing_are_called_so(on_validation, balls):
    """With one case and α = 0.5 nothing may be missed and nothing exceed: of the core the whole image, and no voxel."""
    run, (calibrated, _), scored = on_validation
    folder = run / "predictions" / "mc-dropout-calibrated"
    summary = json.loads((run / "scores" / "mc-dropout-calibrated" / "summary.json").read_text())
    cases = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    for k, name in enumerate(("ball", "core")):
        upper, lower = (
            np.stack([read(case / f"label_{side}.nii.gz").array[..., k] for case in cases])
            for side in ("upper", "lower")
        )
        row = summary["conformal"][name]
        assert row["missed_by_upper"]["image_share"] == pytest.approx(upper.mean())
        assert row["missed_by_upper"]["vacuous"] == pytest.approx(
            np.mean([u.mean() >= 0.99 for u in upper])
        )
        assert row["excess_of_lower"]["vacuous"] == pytest.approx(
            np.mean([not part.any() for part in lower])
        )
    vacuous = summary["conformal"]["core"]["excess_of_lower"]["vacuous"]
    assert vacuous > 0
    assert f"VACUOUS (says nothing) in {vacuous:.0%} of cases" in scored
    assert "promises: core: excess of lower: VACUOUS" in scored
    assert "VACUOUS (says nothing) in 100% of cases" in calibrated
    rows = read_table(
        run / "scores" / "mc-dropout-calibrated" / "structures.csv",
        ("volume_conformal_lower_mm3",),
        "",
    )
    whole = [row for row in rows if row["class"] == "ball" and row["component"] == "all"]
    widths = [
        float(r["volume_conformal_upper_mm3"]) - float(r["volume_conformal_lower_mm3"])
        for r in whole
    ]
    truths = [read(balls / "labelsTr" / f"{row['case']}.nii.gz") for row in whole]
    volumes = [(label.array == 1).sum() * label.voxel_volume for label in truths]
    expected = np.mean(np.array(widths) / volumes)
    assert summary["conformal"]["ball"]["volume"]["width_to_reference"] == pytest.approx(
        expected, rel=1e-4
    )


@pytest.mark.slow
def test_report_says_what_score_says(on_validation):
    run = on_validation[0]
    told("report", run / "scores" / "mc-dropout-calibrated")
    page = (run / "scores" / "mc-dropout-calibrated" / "report.html").read_text()
    assert "Promises of mc-dropout: core: excess of lower: VACUOUS" in page
    assert "validation cases, which chose the best epoch" in page


def test_settings_take_the_key(balls):
    config = settings(
        balls, data={"split": {"train": 2, "validation": 1, "test": 1, "calibration": 2}}
    )
    assert config.data.split.calibration == 2
