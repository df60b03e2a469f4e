"""Which figures predictions of landmarks have."""

import numpy as np
import pytest

from tests.support.scored import scored_folder
from tfuq.data.json_csv import read_table
from tfuq.errors import RunError
from tfuq.report.landmark_figures import landmark_figures


def test_the_worst_cases_come_first_and_every_measure_has_its_errors(scored_tasks):
    scored = scored_folder(scored_tasks["landmarks"][0])
    figures = dict(landmark_figures(scored))
    whole = [row for row in scored.scores.cases if row["class"] == "all"]
    ordered = sorted(whole, key=lambda row: -row["radial_error_px"])
    assert list(figures)[:3] == [f"case-{row['case']}" for row in ordered[:3]]
    measures = scored.scores.summary["measures"]
    assert list(figures)[3::2] == [f"error-{name}" for name in measures]
    points = figures["error-variance"].axes[0].collections[0].get_offsets()
    rows = [row for row in scored.scores.cases if row["class"] != "all"]
    expected = [[row["variance"], row["radial_error_mm"]] for row in rows]
    np.testing.assert_allclose(points, expected)


def test_a_table_without_every_sample_is_refused(scored_tasks, tmp_path):
    scored = scored_folder(scored_tasks["landmarks"][0])
    for name in ("manifest.json", "samples.csv"):
        (tmp_path / name).write_bytes((scored.path / name).read_bytes())
    lines = (tmp_path / "samples.csv").read_text().splitlines(keepends=True)
    (tmp_path / "samples.csv").write_text("".join(lines[:2]))
    damaged = scored_folder(scored_tasks["landmarks"][0], path=tmp_path)
    with pytest.raises(RunError, match=r"samples.csv: has not 4 samples of"):
        next(landmark_figures(damaged))


@pytest.fixture(scope="module")
def scored(scored_tasks):
    return scored_folder(scored_tasks["landmarks"][0])


@pytest.fixture(scope="module")
def figures(scored):
    return dict(landmark_figures(scored))


def test_the_worst_cases_are_shown_with_their_samples(figures, scored):
    errors = {}
    for row in scored.scores.cases:
        if row["class"] != "all":
            errors.setdefault(row["case"], []).append(row["radial_error_px"])
    means = {name: np.mean(values) for name, values in errors.items()}
    worst = sorted(means, key=means.get)[-3:][::-1]
    assert list(figures)[:3] == [f"case-{name}" for name in worst]
    rows = read_table(scored.path / "samples.csv", (), "")
    expected = [(float(r["x"]), float(r["y"])) for r in rows if r["case"] == worst[0]]
    lines = {line.get_label(): line for line in figures[f"case-{worst[0]}"].axes[0].lines}
    samples = lines["sample"].get_xydata()
    np.testing.assert_allclose(sorted(samples.tolist()), sorted(expected))
    landmarks = read_table(scored.path / "landmarks.csv", (), "")
    means = [(float(r["x"]), float(r["y"])) for r in landmarks if r["case"] == worst[0]]
    np.testing.assert_allclose(lines["mean of the samples"].get_xydata(), means, rtol=1e-5)
