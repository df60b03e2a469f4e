"""What a segmentation is scored against: two raters, references of other values, references without a structure; and which ECE."""

import json
import shutil

import nibabel
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from tests.conftest import BALLS_AFFINE, assert_refused
from tests.support import references
from tests.support.made import make_predictions, make_run, make_scores
from tfuq.data.cases import majority, read_case_image, scored_references
from tfuq.data.checks import check_case, remarks
from tfuq.data.json_csv import read_table
from tfuq.data.layouts import cases_of
from tfuq.data.readers import read
from tfuq.report.ranking import reliability
from tfuq.scoring.segmentation import overlap_scores

RATERS = ("rater-01", "rater-02")
SHAPE = (20, 18)


@pytest.fixture
def two_raters(tmp_path):
    """Predictions of a run on four images of a disc that two raters draw, one larger and moved, and the data."""
    root, rng = tmp_path / "discs", np.random.default_rng(3)
    for folder in ("image", *RATERS):
        (root / folder).mkdir(parents=True)
    for k in range(4):
        places = np.indices(SHAPE) - rng.uniform(8, 10, (2, 1, 1))
        Image.fromarray(
            (180 * (np.hypot(*places) < 5) + rng.integers(0, 60, SHAPE)).astype(np.uint8)
        ).save(root / f"image/d{k}.png")
        for rater, radius in zip(RATERS, (4.0, 6.0), strict=True):
            moved = np.hypot(places[0] - radius / 2, places[1])
            Image.fromarray((moved < radius).astype(np.uint8)).save(root / rater / f"d{k}.png")
    data = {"layout": "folder", "rater_folders": "rater-*", "classes": ["rest", "disc"]}
    run = make_run(tmp_path / "run", "segmentation", root, data=data)
    make_scores(run, "hybrid", samples=3, noise=2.0)
    return run, root


def test_scores_of_two_raters_are_means_over_both(two_raters, tfuq):
    run, root = two_raters
    folder = run.predictions("hybrid")
    shown = tfuq("score", folder, "--no-figures")
    assert "4 of 4 case(s) have two raters: their scores are means over both" in shown.stdout
    rows = {
        (r["case"], r["class"]): r
        for r in read_table(run.scores("hybrid") / "cases.csv", ("dice", "nll"), "")
    }
    components, differences = (
        read_table(run.scores("hybrid") / "components.csv", ("false_positive",), ""),
        [],
    )
    for k in range(4):
        marked = [
            np.asarray(Image.open(root / rater / f"d{k}.png"))[..., None] > 0 for rater in RATERS
        ]
        label = read(folder / f"d{k}" / "label.nii.gz").array > 0
        p = read(folder / f"d{k}" / "probability.nii.gz").array
        row = rows[f"d{k}", "disc"]
        assert float(row["dice"]) == pytest.approx(
            np.mean([references.dice(label, m) for m in marked]), abs=1e-5
        )
        assert float(row["dice"]) == pytest.approx(float(row["dice_raters"]), abs=1e-5)
        recalls = [overlap_scores(label, m, 1.0)["recall"] for m in marked]
        assert float(row["recall"]) == pytest.approx(np.mean(recalls), abs=1e-5)
        both = references.dice(label, marked[0] & marked[1])
        differences.append(abs(float(row["dice"]) - both))
        nll = np.mean([-np.log(np.where(m, p[..., 1], p[..., 0])).mean() for m in marked])
        assert float(rows[f"d{k}", "all"]["nll"]) == pytest.approx(nll, rel=1e-4)
        numbered, count = ndimage.label(label)
        expected = sum(
            not (marked[0] | marked[1])[numbered == n].any() for n in range(1, count + 1)
        )
        of_case = [c for c in components if c["case"] == f"d{k}" and c["component"]]
        assert sum(int(c["false_positive"]) for c in of_case) == expected
    assert max(differences) > 0.01  # what both have marked is another reference
    assert (
        json.loads((run.scores("hybrid") / "summary.json").read_text())["references"][
            "of_two_raters"
        ]
        == 4
    )
    assert tfuq("report", run.scores("hybrid")).exit_code == 0


def test_three_raters_have_a_majority_and_two_have_none(two_raters):
    run, root = two_raters
    case = cases_of(run.config.data)[0]
    image = read_case_image(case)
    labels = [reference.array for reference in scored_references(case, image, 2, None)]
    assert len(labels) == 2
    np.testing.assert_array_equal(
        majority(np.stack(labels), 2), labels[0] & labels[1]
    )  # ties go to background
    shutil.copytree(root / RATERS[0], root / "rater-03")
    (one,) = scored_references(cases_of(run.config.data)[0], image, 2, None)
    np.testing.assert_array_equal(one.array, labels[0])


def test_data_check_says_what_training_by_two_raters_learns(two_raters):
    config = two_raters[0].config
    reports = [check_case(config, case, "train") for case in cases_of(config.data)]
    (line,) = [remark for remark in remarks(config, reports) if "two raters" in remark]
    assert line.startswith("4 case(s) have two raters, whose majority is what both have marked")
    by_random = config.model_copy(
        update={"data": config.data.model_copy(update={"train_on": "random"})}
    )
    assert not [remark for remark in remarks(by_random, reports) if "two raters" in remark]


def write_references(folder, balls, change):
    """The balls' labels with other values, a file a case."""
    folder.mkdir()
    for path in sorted((balls / "labelsTr").iterdir()):
        array = change(np.asarray(nibabel.load(path).dataobj)).astype(np.uint8)
        nibabel.save(nibabel.Nifti1Image(array, BALLS_AFFINE), folder / path.name)
    return folder


@pytest.fixture
def other_values(balls, tmp_path):
    """A run whose label values 10 to 99 are background, and references whose ball is 10 and whose core is 20."""
    values = {0: 0, 1: 1, 2: 2, "10-99": 0}
    run = make_run(tmp_path / "run", "segmentation", balls, data={"label_values": values})
    make_scores(run, "hybrid", most=2)
    return run, write_references(tmp_path / "references", balls, lambda label: 10 * label)


def test_references_that_all_map_to_background_are_refused(other_values, tfuq):
    run, folder = other_values
    before = (run.scores("hybrid") / "summary.json").read_bytes()
    result = tfuq("score", run.predictions("hybrid"), "--reference", folder, "--no-figures")
    assert_refused(
        result,
        "ball_000.nii.gz: its values 10, 20 all stand for background",
        "--label-values '{0: 0, 10: 1, 20: 2}'",
    )
    assert (run.scores("hybrid") / "summary.json").read_bytes() == before


@pytest.mark.slow
def test_label_values_of_references(other_values, tfuq):
    run, folder = other_values
    predictions, scores = run.predictions("hybrid"), run.scores("hybrid")
    assert tfuq("score", predictions, "--no-figures").exit_code == 0
    own = (scores / "cases.csv").read_bytes()
    given = "{0: 0, 10: 1, 20-29: 2}"
    assert (
        tfuq(
            "score", predictions, "--reference", folder, "--label-values", given, "--figures"
        ).exit_code
        == 0
    )
    assert (scores / "cases.csv").read_bytes() == own
    assert json.loads((scores / "summary.json").read_text())["label_values"] == given
    assert tfuq("report", scores).exit_code == 0
    assert given in (scores / "report.html").read_text()
    for text, words in (
        ("{0: 0, 10: 7}", "maps to class 7"), ("3", "is not of the form"), ("{0: 0, 9-1: 1}", "'9-1' is neither"),
        ("{0: 0", "not valid YAML"), ("{0: 0, 10: 1}", "label value 20 is outside the declared 0, 10"),
    ):  # fmt: skip
        assert_refused(
            tfuq("score", predictions, "--reference", folder, "--label-values", text), words
        )


def test_label_values_serve_segmentation(scored_tasks, tfuq):
    folder = scored_tasks["landmarks"][0].parent.parent / "predictions" / "hybrid"
    assert_refused(
        tfuq("score", folder, "--label-values", "{0: 0}"),
        "--label-values",
        "it serves segmentation",
    )


def test_references_without_a_structure_are_remarked(balls, tmp_path, tfuq):
    run = make_run(tmp_path / "run", "segmentation", balls)
    make_predictions(run, "hybrid", most=3)
    folder = write_references(tmp_path / "references", balls, lambda label: label)
    empty = write_references(tmp_path / "empty", balls, lambda label: 0 * label)
    shutil.copy(empty / "ball_002.nii.gz", folder / "ball_002.nii.gz")
    shown = tfuq("score", run.predictions("hybrid"), "--reference", folder, "--no-figures").stdout
    assert "1 of 3 references have no structure, 'ball_002' the first" in shown
    shown = tfuq("score", run.predictions("hybrid"), "--reference", empty, "--no-figures")
    assert (
        "3 of 3 references have no structure" in shown.stdout
    )  # scans without a finding are no mistake
    summary = json.loads((run.scores("hybrid") / "summary.json").read_text())
    assert summary["references"]["without_structure"] == [f"ball_00{k}" for k in range(3)]


def test_the_two_calibration_errors_are_named(balls, tmp_path, tfuq):
    """The mean over cases of each case's own, and that of the bins pooled over cases that count alike."""
    run = make_run(tmp_path / "run", "segmentation", balls)
    make_predictions(run, "hybrid", most=3)
    folder, scores = run.predictions("hybrid"), run.scores("hybrid")
    shown = tfuq("score", folder, "--no-figures").stdout
    gaps, own = np.zeros(15), []
    for k in range(3):
        p = read(folder / f"ball_00{k}" / "probability.nii.gz").array.reshape(-1, 3).astype(float)
        truth = read(balls / "labelsTr" / f"ball_00{k}.nii.gz").array.ravel()
        confidence = p.max(1)
        place = np.clip(np.ceil(confidence * 15).astype(int) - 1, 0, 14)
        gap = np.bincount(place, (p.argmax(1) == truth) - confidence, 15) / len(truth)
        own.append(np.abs(gap).sum())
        gaps += gap / 3
    summary = json.loads((scores / "summary.json").read_text())
    assert summary["scores"]["all"]["ece"]["mean"] == pytest.approx(np.mean(own), rel=1e-4)
    assert summary["ece_pooled"] == pytest.approx(np.abs(gaps).sum(), rel=1e-4)
    assert f"ece are means over cases; pooled over cases ece is {np.abs(gaps).sum():.4f}" in shown
    title = reliability(summary["reliability"]).axes[0].get_title()
    assert title == f"expected calibration error, pooled over cases: {summary['ece_pooled']:.4f}"
