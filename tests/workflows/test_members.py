"""What members of an ensemble say by themselves: kept by predict, compared by score."""

import json

import numpy as np
import pytest

from tests.conftest import assert_refused
from tfuq.data.json_csv import read_table
from tfuq.data.readers import read


@pytest.mark.slow
def test_volumes(trained, tfuq, tmp_path):
    run, folder = trained("hybrid", 2), tmp_path / "predicted"
    predicted = tfuq("predict", run.path, "--method", "hybrid", "--out", folder, "--save-members")
    assert predicted.exit_code == 0, predicted.output
    case = next(path for path in folder.iterdir() if path.is_dir())
    members = np.stack([read(case / f"member-{k}.nii.gz").array for k in range(2)])
    np.testing.assert_allclose(members.mean(0), read(case / "probability.nii.gz").array, atol=1e-4)
    between = read(case / "between_member_variance.nii.gz").array
    np.testing.assert_allclose(between, members.var(0).mean(-1), atol=1e-4)
    assert read(case / "within_member_variance.nii.gz").array.max() > 0

    assert tfuq("score", folder, "--figures").exit_code == 0
    assert (folder / "scores" / "figures" / "diversity.png").is_file()
    summary = json.loads((folder / "scores" / "summary.json").read_text())
    found = summary["diversity"]
    assert found["curve"][-1]["dice"] == pytest.approx(
        summary["scores"]["all"]["dice"]["mean"], abs=1e-3
    )
    assert found["curve"][-1]["nll"] == pytest.approx(
        summary["scores"]["all"]["nll"]["mean"], abs=1e-3
    )
    (pair,) = read_table(folder / "scores" / "diversity.csv", ("member", "other"), "")
    assert float(pair["disagreement"]) == pytest.approx(found["disagreement"], rel=1e-4)
    assert found["divergence"] > 0

    assert_scored_as_alone(run, folder, tfuq, tmp_path)

    (case / "member-1.nii.gz").unlink()
    assert_refused(tfuq("score", folder, "--no-figures"), "1 member(s)", "--save-members")
    (case / "member-0.nii.gz").unlink()
    assert_refused(
        tfuq("score", folder, "--no-figures"), "members were kept of 1 cases", "2 were predicted"
    )


def assert_scored_as_alone(run, folder, tfuq, tmp_path):
    """The row of a member is that of the predictions of this member alone."""
    joint = tmp_path / "joint"
    told = ("--method", "ensemble", "--save-members", "--out", joint)
    assert tfuq("predict", run.path, *told).exit_code == 0
    scored = tfuq("score", joint, "--no-figures")
    assert "member 1, all: dice " in scored.output, scored.output
    rows = read_table(joint / "scores" / "members.csv", ("member", "class"), "")
    for member in ("0", "1"):
        alone = tmp_path / f"alone-{member}"
        told = ("--method", "ensemble", "--member", member, "--out", alone)
        assert tfuq("predict", run.path, *told).exit_code == 0
        assert tfuq("score", alone, "--no-figures").exit_code == 0
        scores = json.loads((alone / "scores" / "summary.json").read_text())["scores"]
        of_member = [row for row in rows if row["member"] == member]
        assert [row["class"] for row in of_member] == list(scores)
        for row in of_member:
            for name in ("dice", "iou", "precision", "recall"):
                mean = scores[row["class"]][name]["mean"]
                assert float(row[name]) == pytest.approx(mean, abs=1e-5)
        accuracy = scores["all"]["voxel_accuracy"]["mean"]
        assert float(of_member[-1]["voxel_accuracy"]) == pytest.approx(accuracy, abs=1e-5)


@pytest.mark.slow
def test_members_that_were_not_kept_are_told_of(trained_task, tfuq, tmp_path):
    run, folder = trained_task("classification", "ensemble"), tmp_path / "predicted"
    assert tfuq("predict", run.path, "--out", folder).exit_code == 0
    scored = tfuq("score", folder, "--no-figures")
    assert "members: none is scored by itself" in scored.output
    assert "--save-members" in scored.output
    assert not (folder / "scores" / "members.csv").exists()


def test_images(trained_task, tfuq, tmp_path):
    run, folder = trained_task("classification", "ensemble"), tmp_path / "predicted"
    assert tfuq("predict", run.path, "--out", folder, "--save-members").exit_code == 0
    table = read_table(folder / "members.csv", ("case", "member", "probability_0"), "")
    rows = read_table(folder / "predictions.csv", ("case", "between_member_variance"), "")
    assert len(table) == 2 * len(rows)
    own = [float(row["probability_0"]) for row in table if row["case"] == rows[0]["case"]]
    assert np.mean(own) == pytest.approx(float(rows[0]["probability_0"]), rel=1e-4)
    assert {float(row["within_member_variance"]) for row in rows} == {0.0}
    assert tfuq("score", folder, "--no-figures").exit_code == 0
    summary = json.loads((folder / "scores" / "summary.json").read_text())
    found = summary["diversity"]
    assert found["curve"][-1]["accuracy"] == pytest.approx(
        summary["scores"]["all"]["accuracy"]["mean"]
    )
    assert found["curve"][-1]["nll"] == pytest.approx(
        summary["scores"]["all"]["nll"]["mean"], rel=1e-4
    )
    rows_of_members = read_table(folder / "scores" / "members.csv", ("member", "f1_macro"), "")
    assert [row["member"] for row in rows_of_members] == ["0", "1", "all"]
    lines = (folder / "members.csv").read_text().splitlines(keepends=True)
    (folder / "members.csv").write_text("".join(lines[:-1]))
    assert_refused(tfuq("score", folder, "--no-figures"), "members.csv", "--save-members")


def test_fewer_than_two_members(trained, trained_task, tfuq, tmp_path):
    told = ("--save-members", "--out", tmp_path / "none")
    assert_refused(
        tfuq("predict", trained("hybrid", 2).path, "--method", "mc-dropout", *told),
        "1 member here",
        "two or more",
    )
    assert_refused(
        tfuq("predict", trained_task("landmarks", "mc-dropout").path, *told), "run of landmarks"
    )
    assert not (tmp_path / "none").exists()
