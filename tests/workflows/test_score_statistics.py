"""What ``tfuq score`` and ``tfuq report`` say of samples: their number, and how often their spread held the truth."""

import json
import re

import nibabel
import numpy as np
import pytest
from scipy import stats

from tests.support.made import make_run, make_scores
from tfuq.data.json_csv import read_table
from tfuq.measures.landmark import landmark_measures
from tfuq.report.page.images import landmark_views
from tfuq.report.page.render import write_page
from tfuq.report.page.sources import read_sources
from tfuq.runs.results import LANDMARKS, SAMPLES
from tfuq.scoring.evaluation import predictions_of


def test_the_spread_of_volumes_and_how_often_it_held_the_reference(scored_tasks, balls):
    """Volumes recomputed from the label files."""
    folder = scored_tasks["segmentation"][0]
    summary = json.loads((folder / "summary.json").read_text())
    for k, name in enumerate(("ball", "core"), start=1):
        held, widths = [], []
        for case in sorted(path.parent for path in predictions_of(folder).glob("*/label.nii.gz")):
            image = nibabel.load(balls / "labelsTr" / f"{case.name}.nii.gz")
            voxel = abs(np.linalg.det(image.affine[:3, :3]))
            members = np.asarray(image.dataobj) == k
            rows = read_table(case / "structures.csv", (), "")
            row = next(r for r in rows if (r["class"], r["component"]) == (name, "all"))
            low, high = float(row["volume_lower_mm3"]), float(row["volume_upper_mm3"])
            held.append(low <= members.sum() * voxel <= high)
            widths.append(high - low)
        found = summary["volume_spread"][name]
        assert found["share"] == pytest.approx(np.mean(held))
        assert (found["lower"], found["upper"]) == pytest.approx(
            stats.binomtest(sum(held), len(held)).proportion_ci()
        )
        assert (found["n"], found["samples"]) == (6, 4)
        assert (found["width"], found["unit"]) == (pytest.approx(np.mean(widths), rel=1e-4), "mm³")
    alone = json.loads((scored_tasks["segmentation"][1] / "summary.json").read_text())
    assert alone["volume_spread"] == {}  # one sample has no spread


def test_landmarks_have_intervals_over_images_and_no_p(scored_tasks):
    summary = json.loads((scored_tasks["landmarks"][0] / "summary.json").read_text())
    ellipse = summary["ellipse"]
    assert 0 <= ellipse["lower"] <= ellipse["share"] <= ellipse["upper"] <= 1
    assert (ellipse["samples"], ellipse["cases"], ellipse["n"]) == (4, 8, 8 * 19)
    found = summary["measures"]["variance"]["correlation"]["spearman"]
    assert set(found) == {
        "within",
        "within_lower",
        "within_upper",
        "groups",
        "rho",
        "lower",
        "upper",
        "n",
        "cases",
    }
    assert (found["groups"], found["n"], found["cases"]) == (19, 152, 8)
    assert '"p"' not in json.dumps(summary)


@pytest.mark.parametrize("task", ["segmentation", "landmarks", "classification"])
def test_score_prints_what_was_drawn_and_what_it_held(task, scored_tasks, tfuq, tmp_path, request):
    root = request.getfixturevalue(
        {"segmentation": "balls", "landmarks": "heads", "classification": "digits"}[task]
    )
    scores = make_scores(make_run(tmp_path / "run", task, root), "hybrid", samples=6)
    result = tfuq("score", predictions_of(scores), "--no-figures")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "hybrid: T = 6, seed 5"
    if task == "segmentation":
        assert re.search(
            r"ball: spread of the samples \(2.5 to 97.5 %\) held the reference's volume in [01]\.\d{3} ",
            result.stdout,
        )
        assert "mutual information (nat, times T/(T − 1))" in result.stdout
    if task == "landmarks":
        assert re.search(r"95 % ellipses of further samples held the true landmark in 0\.\d{3} \(.*\) of 152 in 8 cases, T = 6",
                         result.stdout)  # fmt: skip
        assert re.search(
            r"variance: Spearman with the error within landmarks -?0\.\d{3} \(.* to .*\), pooled",
            result.stdout,
        )
        assert "(p " not in result.stdout


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_every_column_of_a_report_has_its_number_of_samples(task, scored_tasks, tmp_path):
    write_page(scored_tasks[task], tmp_path / "page.html", 1)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    headings = re.findall(
        r"<tr><th scope=\"col\"><button type=\"button\">(?:score|difference|measure)</button></th>(.*?)</tr>",
        text,
    )
    assert len(headings) >= 3
    for heading in headings:
        assert re.findall(r"<button type=\"button\">(.*?)</button>", heading) == [
            "hybrid, T = 4",
            "deterministic, T = 1",
        ]


def test_ellipses_of_older_predictions_are_drawn_by_the_number_of_samples(heads, tmp_path):
    """Their files hold the ellipses of many samples, which are too small."""
    run = make_run(tmp_path / "run", "landmarks", heads)
    scores = make_scores(run, "hybrid", samples=4, most=2)
    path = run.predictions("hybrid") / LANDMARKS
    rows = read_table(path, (), "")
    place = list(rows[0]).index("ellipse_long")
    lines = [line.split(",") for line in path.read_text().splitlines()]
    for cells in lines[1:]:
        cells[place] = "0.5"
    path.write_text("".join(",".join(cells) + "\n" for cells in lines))
    case = rows[0]["case"]
    shown = landmark_views(read_sources([scores]))(case)["methods"]["hybrid"]["ellipses"]
    samples = read_table(run.predictions("hybrid") / SAMPLES, (), "")
    for found, name in zip(shown, run.config.data.landmarks, strict=True):
        points = [
            (float(r["x"]), float(r["y"]))
            for r in samples
            if (r["case"], r["landmark"]) == (case, name)
        ]
        expected = landmark_measures(np.array(points), np.ones(4), None)
        assert found[:2] == pytest.approx(
            [expected["ellipse_long"], expected["ellipse_short"]], abs=0.02
        )
