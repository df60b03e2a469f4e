"""A predicted case among raters, by hand."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import settings
from tests.support import references
from tfuq.data.cases import Case
from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti
from tfuq.measures.sample_masks import StoredSamples
from tfuq.scoring.evaluation.raters import rater_summary, score_raters
from tfuq.scoring.evaluation.voxels import CaseMaps

SHAPE = (6, 5, 4)
GRID = Volume(np.zeros(SHAPE, np.uint8), np.diag([1.0, 2.0, 3.0, 1.0]))


@pytest.fixture
def case(tmp_path):
    rng = np.random.default_rng(0)
    paths = {}
    for rater in ("one", "two", "three"):
        paths[rater] = tmp_path / f"{rater}.nii.gz"
        label = rng.integers(0, 3, SHAPE).astype(np.uint8)
        write_nifti(paths[rater], GRID.with_array(label))
    return Case("c", (Path("c.nii.gz"),), raters=paths), rng


def labels_of(case):
    import nibabel

    return [np.asarray(nibabel.load(path).dataobj) for path in case.raters.values()]


def scored(case, rng, folder):
    label = rng.integers(0, 3, SHAPE).astype(np.uint8)
    entropy = rng.random(SHAPE)
    maps = CaseMaps(
        label=label, truth=label, probability=None, maps={"predictive_entropy": entropy}
    )
    found = score_raters(folder, case, settings(Path("data")), GRID.with_array(label), maps)
    return found, label


def test_without_samples_a_label_has_the_mean_dice_of_raters(case, tmp_path):
    case, rng = case
    found, label = scored(case, rng, tmp_path / "none")
    raters = labels_of(case)
    dice = [references.dice(label == 1, rater == 1) for rater in raters]
    assert found.structures["ball"] == {
        "dice_raters": pytest.approx(np.mean(dice)),
        "rater_dice": pytest.approx(
            references.pairwise_dice(np.stack([rater == 1 for rater in raters]))
        ),
    }
    rows = [row for row in found.rows if row["class"] == "ball"]
    assert [row["rater"] for row in rows] == ["one", "two", "three"]
    assert [row["dice"] for row in rows] == pytest.approx(dice)
    assert [row["volume_mm3"] for row in rows] == [(rater == 1).sum() * 6.0 for rater in raters]
    assert list(found.image) == ["ncc_predictive_entropy"]


def test_samples_that_are_the_raters_have_no_distance_from_them(case, tmp_path):
    case, rng = case
    masks = np.stack([[rater == k for k in (1, 2)] for rater in labels_of(case)])
    packed = np.packbits(masks.reshape(1, 3, 2, -1), axis=-1, bitorder="little")
    StoredSamples(packed, None, GRID).write(tmp_path)
    found, _ = scored(case, rng, tmp_path)
    assert found.structures["core"]["ged"] == pytest.approx(0, abs=1e-12)
    assert found.structures["core"]["volumes_covered"] == 1.0
    assert all(row["covered"] == 1 for row in found.rows)


def test_the_summary_of_raters_counts_their_cases():
    rows = [
        {"case": "c", "rater": "one", "class": "a", "dice": 0.5},
        {"case": "c", "rater": "one", "class": "b", "dice": 0.1},
        {"case": "d", "rater": "one", "class": "a", "dice": 0.7},
        {"case": "d", "rater": "two", "class": "a", "dice": 0.2},
    ]
    assert rater_summary(rows) == {
        "one": {"cases": 2, "dice": {"a": pytest.approx(0.6), "b": 0.1}},
        "two": {"cases": 1, "dice": {"a": 0.2}},
    }
