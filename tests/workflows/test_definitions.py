"""Files of a version of tfuq that measured otherwise are told from those of this one."""

import json
import shutil

import pytest

from tests.conftest import assert_refused, predicted
from tfuq.calibration.records import read_calibration
from tfuq.errors import RunError
from tfuq.prediction import make_predictor, request_of
from tfuq.runs import results


def aged(path):
    """Make a JSON file of tfuq one that an earlier version wrote, in place; earlier versions listed no files."""
    (path.parent / ".tfuq").unlink(missing_ok=True)
    found = json.loads(path.read_text())
    for holder in (found, found.get("draws", {})):
        holder.pop("definitions", None)
    path.write_text(json.dumps(found))
    return path


def test_predictions_of_an_earlier_version_are_not_gone_on_with(trained, tfuq, tmp_path):
    folder = predicted(trained, tfuq, tmp_path)
    command = ("predict", trained("mc-dropout").path, "--out", folder)
    assert results.read_manifest(folder).definitions == results.DEFINITIONS
    assert tfuq(*command).exit_code == 0
    aged(folder / "manifest.json")
    assert_refused(tfuq(*command), "by a version of tfuq that measured otherwise", "move it away")
    assert tfuq("score", folder).exit_code == 0  # what was predicted can still be scored
    folder.rename(tmp_path / "away")
    assert tfuq(*command).exit_code == 0


def test_scores_of_two_versions_are_not_set_side_by_side(scored_tasks, tfuq, tmp_path):
    new, other = (
        shutil.copytree(folder, tmp_path / folder.name) for folder in scored_tasks["segmentation"]
    )
    for folder in (new, other):
        summary = json.loads((folder / "summary.json").read_text())
        (folder / "summary.json").write_text(
            json.dumps(summary | {"definitions": results.DEFINITIONS})
        )
    assert tfuq("compare", new, other).exit_code == 0
    aged(other / "summary.json")
    assert_refused(
        tfuq("compare", new, other), str(other), "measured otherwise", "predict it again"
    )
    aged(new / "summary.json")
    assert tfuq("compare", new, other).exit_code == 0


@pytest.mark.slow
def test_a_calibration_of_an_earlier_version_is_refused(trained, tfuq, tmp_path):
    run = shutil.copytree(trained("mc-dropout").path, tmp_path / "run")
    made = tfuq("calibrate", run, "--cases", "test:0.5", "--alpha", "0.5")
    assert made.exit_code == 0, made.output
    (path,) = (run / "calibrations").glob("*.json")
    from tfuq.runs import open_run

    opened = open_run(run)
    draws = make_predictor(opened, request_of(opened.config, "mc-dropout", None, None)).manifest()
    assert read_calibration(opened, draws).draws.definitions == results.DEFINITIONS
    aged(path)
    with pytest.raises(
        RunError,
        match="by a version of tfuq that measured otherwise; move it away, and run tfuq calibrate",
    ):
        read_calibration(opened, draws)
