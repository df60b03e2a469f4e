"""Several raters of each case: their files, what is trained on, and scores against all of them."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.conftest import assert_refused
from tests.support import references
from tests.support.made import make_run, make_scores
from tests.support.rater_discs import RATERS, SHAPE, by_raters, write_rater_discs
from tfuq.data.cases import read_case_image, read_label
from tfuq.data.json_csv import read_table
from tfuq.data.layouts import cases_of
from tfuq.data.readers import read
from tfuq.data.sets.dataset import make_preprocessor
from tfuq.data.sets.segmentation import SegmentationSet, load_examples
from tfuq.errors import DataError
from tfuq.measures.sample_masks import STORED


@pytest.fixture
def discs(tmp_path):
    return write_rater_discs(tmp_path / "discs")


@pytest.fixture
def scored(discs, tmp_path):
    """A run on the discs and the folder of its predictions, made without a network."""
    data = {"layout": "folder", "rater_folders": "rater-*", "classes": ["rest", "disc"]}
    run = make_run(tmp_path / "run", "segmentation", discs, data=data)
    make_scores(run, "hybrid", samples=3, noise=2.0)
    return run, run.predictions("hybrid")


def test_reference_is_the_majority_whatever_is_trained_on(discs):
    middle = np.asarray(Image.open(discs / "rater-02/d1.png"))[..., None]
    for chosen in (None, "majority", "random", "rater-03"):
        config = by_raters(discs, train_on=chosen)
        case = cases_of(config.data)[1]
        np.testing.assert_array_equal(read_label(config, case, read_case_image(case)).array, middle)
        examples = load_examples(config, make_preprocessor(config), case)
        assert examples.targets.sum() == middle.sum()


def test_scores_among_raters(scored, tfuq, discs):
    run, folder = scored
    assert tfuq("score", folder, "--no-figures").exit_code == 0
    summary = json.loads((run.scores("hybrid") / "summary.json").read_text())
    marked = [np.asarray(Image.open(discs / rater / "d2.png"))[..., None] > 0 for rater in RATERS]
    label = read(folder / "d2" / "label.nii.gz").array > 0
    row = next(
        r
        for r in read_table(run.scores("hybrid") / "cases.csv", ("ged",), "")
        if (r["case"], r["class"]) == ("d2", "all")
    )
    assert float(row["dice"]) == pytest.approx(references.dice(label, marked[1]), abs=1e-4)
    assert float(row["rater_dice"]) == pytest.approx(
        references.pairwise_dice(np.array(marked)), abs=1e-4
    )
    assert float(row["dice_raters"]) == pytest.approx(
        np.mean([references.dice(label, m) for m in marked]), abs=1e-4
    )
    share = np.mean(marked, 0)
    apart = np.vectorize(lambda q: references.entropy([q, 1 - q]))(share)
    shown = read(folder / "d2" / "predictive_entropy.nii.gz").array
    assert float(row["ncc_predictive_entropy"]) == pytest.approx(
        np.corrcoef(shown.ravel(), apart.ravel())[0, 1], abs=1e-3
    )
    rows = [
        r
        for r in read_table(run.scores("hybrid") / "raters.csv", ("rater",), "")
        if r["case"] == "d2"
    ]
    assert [r["rater"] for r in rows] == list(RATERS)
    assert [float(r["area_px2"]) for r in rows] == [m.sum() for m in marked]
    assert np.mean([int(r["covered"]) for r in rows]) == pytest.approx(
        float(row["volumes_covered"]), abs=1e-4
    )
    assert summary["raters"]["rater-02"]["dice"]["disc"] == pytest.approx(
        summary["scores"]["disc"]["dice"]["mean"]
    )
    assert 0 < summary["scores"]["disc"]["ged"]["mean"] < 2


def test_without_samples_there_is_no_energy_distance(scored, tfuq):
    run, folder = scored
    for path in folder.glob(f"*/{STORED}"):
        path.unlink()
    found = tfuq("score", folder, "--no-figures")
    assert "--save-samples" in found.output
    scores = json.loads((run.scores("hybrid") / "summary.json").read_text())["scores"]["all"]
    assert "ged" not in scores
    assert scores["dice_raters"]["n"] == 4


def test_a_reference_folder_of_other_raters(scored, tfuq, discs, tmp_path):
    run, folder = scored
    other = tmp_path / "other"
    other.mkdir()
    for path in (discs / "rater-01").iterdir():
        Image.open(path).save(other / path.name)
    assert tfuq("score", folder, "--no-figures", "--reference", other).exit_code == 0
    assert "raters" not in json.loads((run.scores("hybrid") / "summary.json").read_text())
    assert tfuq("score", folder, "--no-figures", "--reference", discs).exit_code == 0
    assert len(json.loads((run.scores("hybrid") / "summary.json").read_text())["raters"]) == 3


def test_a_rater_who_left_a_case_out(discs, scored, tfuq, tmp_path):
    (discs / "rater-03" / "d1.png").unlink()
    config = by_raters(discs, train_on="random")
    case = cases_of(config.data)[1]
    assert list(case.raters) == ["rater-01", "rater-02"]
    assert SegmentationSet(config, cases_of(config.data), None).terms == 4 * 20 * 18
    with pytest.raises(
        DataError, match="'d1' has no label by 'rater-03'; it has rater-01, rater-02"
    ):
        SegmentationSet(by_raters(discs, train_on="rater-03"), [case], None)
    (tmp_path / "config.yaml").write_text(config.dump())
    checked = tfuq("data", "check", tmp_path / "config.yaml")
    assert checked.exit_code == 0
    assert "rater-03 has not labelled d1" in checked.output
    run, folder = scored
    assert tfuq("score", folder, "--no-figures", "--reference", discs).exit_code == 0
    summary = json.loads((run.scores("hybrid") / "summary.json").read_text())
    assert {name: found["cases"] for name, found in summary["raters"].items()} == {
        "rater-01": 4,
        "rater-02": 4,
        "rater-03": 3,
    }


def test_bad_raters(discs, scored, tfuq, tmp_path):
    _, folder = scored
    Image.fromarray(np.ones((5, 5), np.uint8)).save(discs / "rater-02" / "d0.png")
    assert_refused(tfuq("score", folder), "rater-02/d0.png", "(5, 5, 1) differs")
    Image.fromarray(np.full(SHAPE, 9, np.uint8)).save(discs / "rater-02" / "d0.png")
    assert_refused(tfuq("score", folder), "rater-02/d0.png", "9 is outside")
    (tmp_path / "config.yaml").write_text(by_raters(discs).dump())
    for options, words in (
        (("data.train_on=rater-09",), ("no label by 'rater-09'", "rater-01")),
        (("data.rater_folders=null", "data.train_on=random"), ("rater_folders names",)),
        (("data.label_folder=label",), ("keep one",)),
        (("preprocessing.crop_to_labels=[1]",), ("one label of each case",)),
        (("data.rater_folders=doctor-*",), ("none of the 4 cases", "rater_folders")),
    ):
        changed = [word for option in options for word in ("-o", option)]
        assert_refused(
            tfuq("train", tmp_path / "config.yaml", *changed, "--run", tmp_path / "new"), *words
        )


def test_landmarks_among_raters(heads, tmp_path, tfuq):
    run = make_run(tmp_path / "run", "landmarks", heads)
    scores = make_scores(run, "hybrid", most=4)
    found = json.loads((scores / "summary.json").read_text())["raters"]
    rows = read_table(scores / "raters.csv", ("case", "landmark", "rater", "radial_error_mm"), "")
    predicted = {
        (r["case"], r["landmark"]): r
        for r in read_table(run.predictions("hybrid") / "landmarks.csv", ("x",), "")
    }
    cases = {case.id: case for case in cases_of(run.config.data)}
    errors, spread, within = {"senior": [], "junior": []}, [], []
    width, mm = (
        read_case_image(next(iter(cases.values()))).shape[1],
        0.67,
    )  # of a pixel that doctors saw, of images 288 wide
    for (case_id, name), row in predicted.items():
        k, at = (
            run.config.data.landmarks.index(name),
            (np.array([float(row["x"]), float(row["y"])]) + 0.5) * mm * 288 / width,
        )
        points = {rater: (written[k] + 0.5) * mm for rater, written in cases[case_id].truth.items()}
        for rater, point in points.items():
            errors[rater].append(np.hypot(*(at - point)))
        middle = (points["senior"] + points["junior"]) / 2
        spread.append(np.hypot(*(points["senior"] - middle)))
        within.append(np.hypot(*(at - middle)) <= spread[-1])
    assert len(rows) == 2 * len(predicted)
    for rater, values in errors.items():
        assert found["against"][rater]["mean"] == pytest.approx(np.mean(values), rel=1e-3)
        shown = [float(row["radial_error_mm"]) for row in rows if row["rater"] == rater]
        assert np.mean(shown) == pytest.approx(np.mean(values), rel=1e-3)
    assert found["spread"]["mean"] == pytest.approx(np.mean(spread), rel=1e-3)
    assert found["within_spread"] == pytest.approx(np.mean(within), abs=0.02)
    assert (
        "against raters (mm): junior"
        in tfuq("score", run.predictions("hybrid"), "--no-figures").output
    )
