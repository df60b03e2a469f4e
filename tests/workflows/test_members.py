"""What members of an ensemble say by themselves: kept by predict, compared by score."""

import json

import numpy as np
import pytest

from tests.conftest import assert_refused
from tfuq.data.json_csv import read_table
from tfuq.data.readers import read


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

    (case / "member-1.nii.gz").unlink()
    assert_refused(tfuq("score", folder, "--no-figures"), "1 member(s)", "--save-members")
    (case / "member-0.nii.gz").unlink()
    assert_refused(
        tfuq("score", folder, "--no-figures"), "members were kept of 1 cases", "2 were predicted"
    )


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
