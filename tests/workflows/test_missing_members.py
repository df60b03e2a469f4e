"""An ensemble whose members have not all finished training is refused, and what does without them says so."""

import json
import shutil

import numpy as np
import pytest

import tfuq
from tests.conftest import assert_refused, files_of, task_settings
from tests.support.made import make_network_run
from tfuq.data.layouts import cases_of
from tfuq.errors import RunError


@pytest.fixture(scope="module")
def three(digits, shared_run):
    """A run of three members."""
    config = task_settings("classification", digits, "hybrid", ensemble={"members": 3})
    return shared_run("classification-hybrid-of-three", config)


@pytest.fixture
def unfinished(three, tmp_path):
    """``unfinished(member)``: a run of three members of which this one's training has not ended."""

    def make(member):
        run = shutil.copytree(three.path, tmp_path / f"without-{member}")
        (run / "members" / str(member) / "done").unlink()
        return run

    return make


def test_refused_with_a_command_that_works(unfinished, tfuq):
    run = unfinished(1)
    before = files_of(run)
    for command in (("predict", run), ("predict", run, "--dry-run"), ("calibrate", run, "--cases", "validation", "--alpha", 0.3),
                    ("shift", run, "--perturbation", "noise", "--severity", "0.1"),
                    ("review", run),
                    ("export", run, "--to", run.parent / "models" / "m")):  # fmt: skip
        remedy = f"tfuq train {run}/config.yaml --run {run} --resume"
        result = tfuq(*command)
        assert_refused(
            result,
            "member(s) 1 have not finished training",
            "draws from all 3",
            remedy,
            "--allow-missing",
        )
    assert files_of(run) == before
    assert tfuq(*remedy.split()[1:]).exit_code == 0
    assert tfuq("predict", run).exit_code == 0
    assert (
        json.loads((run / "predictions" / "hybrid" / "manifest.json").read_text())[
            "missing_members"
        ]
        == []
    )


@pytest.mark.slow
def test_allowed_and_recorded(unfinished, tfuq):
    run = unfinished(1)
    assert tfuq("predict", run, "--allow-missing").exit_code == 0
    manifest = json.loads((run / "predictions" / "hybrid" / "manifest.json").read_text())
    assert (manifest["missing_members"], len(manifest["weights_digest"])) == ([1], 2)
    scored = tfuq("score", run / "predictions" / "hybrid", "--no-figures")
    assert "predicted without member(s) 1, which had not finished training" in scored.stdout
    assert json.loads((run / "scores" / "hybrid" / "summary.json").read_text())[
        "missing_members"
    ] == [1]
    folder = run.parent / "models" / "m"
    export = ("export", run, "--method", "ensemble", "--to", folder, "--allow-missing")
    assert tfuq(*export).exit_code == 0
    assert json.loads((folder / "1" / "tfuq_export.json").read_text())["missing_members"] == [1]
    assert tfuq("serve-check", folder).exit_code == 0
    shutil.rmtree(run / "members" / "2")
    assert_refused(
        tfuq("predict", run, "--method", "ensemble", "--allow-missing"),
        "needs two members or more, this run has 1",
    )


@pytest.mark.slow
def test_what_reads_predictions_without_a_member_says_so(digits, tfuq, tmp_path):
    config = task_settings("classification", digits, "ensemble", ensemble={"members": 3})
    ids = [case.id for case in cases_of(config.data)][:3]
    run = make_network_run(tmp_path / "run", config, ids)
    (run.member(1) / "done").unlink()
    words = "predicted without member(s) 1, which had not finished training"
    reviewed = tfuq("review", run.path, "--allow-missing")
    assert words in reviewed.stderr, reviewed.output
    summary = json.loads((run.path / "reviews" / "ensemble" / "review.json").read_text())
    assert summary["missing_members"] == [1]
    shift = ("shift", run.path, "--perturbation", "noise", "--severity", "1", "--no-figures")
    assert_refused(tfuq(*shift), "member(s) 1 have not finished training")
    assert words in tfuq(*shift, "--allow-missing").stderr
    view = ("view", run.predictions("ensemble"), "--no-browser", "--idle", 0)
    assert words in tfuq(*view).stderr


@pytest.mark.slow
def test_methods_of_one_member_need_that_member(unfinished, tfuq):
    with_first, without_first = unfinished(1), unfinished(0)
    for method in ("deterministic", "mc-dropout"):
        assert tfuq("predict", with_first, "--method", method).exit_code == 0
        assert_refused(
            tfuq("predict", without_first, "--method", method),
            "member(s) 0 have not",
            "draws from member 0",
        )


@pytest.mark.slow
def test_from_python(unfinished, digits):
    run = tfuq.load(unfinished(1))
    image = np.zeros((28, 28, 1, 1), np.float32)
    from tfuq.data.volume import Volume

    volume = Volume(image + np.arange(28, dtype=np.float32)[:, None, None, None], np.eye(4))
    with pytest.raises(RunError, match="have not finished training"):
        run.predict(volume)
    assert run.predict(volume, allow_missing=True).rows
