"""Rows of a segmented case: structures, their mean, and means over references."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import settings
from tests.support import references
from tfuq.data.cases import Case
from tfuq.data.preprocessing import PADDING
from tfuq.data.volume import Volume
from tfuq.scoring.evaluation.case_rows import case_rows, mean_rows, overlap_rows
from tfuq.scoring.evaluation.references import fingerprint
from tfuq.scoring.evaluation.score_options import ScoreOptions
from tfuq.scoring.evaluation.voxels import CaseMaps


@pytest.fixture
def maps():
    rng = np.random.default_rng(0)
    probability = rng.dirichlet(np.ones(3), (6, 5, 4))
    return CaseMaps(
        label=probability.argmax(-1).astype(np.uint8),
        truth=rng.integers(0, 3, (6, 5, 4)).astype(np.uint8),
        probability=probability,
        maps={"predictive_entropy": rng.random((6, 5, 4))},
    )


def rows_of(maps, image, pixel_mm=None, **options):
    grid = Volume(maps.label, np.diag([1.0, 2.0, 3.0, 1.0]))
    case = Case("c", (Path(image),), pixel_mm=pixel_mm)
    return case_rows(case, maps, settings(Path("data")), grid, **options)


def test_voxels_that_are_not_known_have_no_accuracy(maps):
    maps.truth[:2] = PADDING
    right = maps.label[2:] == maps.truth[2:]
    assert rows_of(maps, "c.nii.gz")[-1]["voxel_accuracy"] == pytest.approx(right.mean())


def test_scores_of_a_label_alone_are_those_of_all_scores(maps):
    alone = overlap_rows(Case("c", (Path("c.nii.gz"),)), maps, settings(Path("data")))
    for row, of_all in zip(alone, rows_of(maps, "c.nii.gz"), strict=True):
        assert row == {name: of_all[name] for name in row}
    assert list(alone[-1])[2:] == ["dice", "iou", "precision", "recall", "voxel_accuracy"]


def test_surfaces_agree_within_the_tolerance_of_their_structure(maps):
    options = ScoreOptions(tolerance={"core": 2.0})
    ball, core, everything = rows_of(maps, "c.nii.gz", options=options)
    both = references.surface_distances(maps.label == 2, maps.truth == 2, np.array([1.0, 2, 3]))
    assert ball["nsd"] is None
    assert core["nsd"] == pytest.approx(np.mean(np.concatenate(both) <= 2.0))
    assert everything["nsd"] == core["nsd"]
    assert "nsd" not in rows_of(maps, "c.nii.gz")[0]


def test_each_structure_and_the_mean_over_the_foreground(maps):
    ball, core, everything = rows_of(maps, "c.nii.gz")
    dice = [references.dice(maps.label == k, maps.truth == k) for k in (1, 2)]
    assert [ball["dice"], core["dice"]] == pytest.approx(dice)
    sizes = [(maps.label == 1).sum(), (maps.truth == 1).sum()]
    assert ball["volume_difference_mm3"] == pytest.approx((sizes[0] - sizes[1]) * 6.0)
    assert everything["class"] == "all"
    assert everything["dice"] == pytest.approx(np.mean(dice))
    assert everything["reference"] == fingerprint(maps.truth)
    assert everything["image_predictive_entropy"] == pytest.approx(
        maps.maps["predictive_entropy"].mean()
    )


@pytest.mark.parametrize(
    ("pixel_mm", "columns"),
    [(None, {"hd95_px", "area_difference_px2"}), (0.5, {"hd95_mm", "area_difference_mm2"})],
)
def test_plain_images_have_areas(pixel_mm, columns, maps):
    ball, *_ = rows_of(maps, "c.png", pixel_mm)
    assert columns <= set(ball)
    assert not any(name.startswith("volume") for name in ball)


def test_means_over_references_are_of_the_values_that_exist_and_of_all_distances():
    head = {"case": "c", "class": "all"}
    first = {**head, "reference": "aa", "dice": 0.5, "precision": None, "hd95_mm": None}
    second = {**head, "reference": "bb", "dice": 0.7, "precision": 0.8, "hd95_mm": 3.0}
    assert mean_rows([[first], [second]]) == [
        {
            "case": "c",
            "class": "all",
            "reference": "aa+bb",
            "dice": pytest.approx(0.6),
            "precision": 0.8,
            "hd95_mm": None,  # the second rater's alone would be better for what the first lacks
        }
    ]
    assert mean_rows([[first]]) == [first]


def two_boxes(predicted_core: bool) -> CaseMaps:
    """A ball's box moved by two voxels, and a core that the prediction may miss."""
    truth = np.zeros((12, 8, 6), np.uint8)
    truth[1:5, 2:6, 1:5] = 1
    truth[9:11, 2:4, 1:3] = 2
    label = np.zeros_like(truth)
    label[3:7, 2:6, 1:5] = 1
    if predicted_core:
        label[9:11, 2:4, 1:3] = 2
    return CaseMaps(label=label, truth=truth, probability=np.eye(3)[label], maps={})


@pytest.mark.parametrize("is_invented", [False, True])
def test_a_missed_or_invented_structure_is_counted_and_leaves_no_distance_of_the_case(is_invented):
    maps = two_boxes(predicted_core=False)
    if is_invented:
        maps = replace(maps, label=maps.truth, truth=maps.label)
    ball, core, everything = rows_of(maps, "c.nii.gz")
    assert (core["missed"], core["invented"]) == (1 - is_invented, is_invented)
    assert core["hd95_mm"] is None
    assert (ball["missed"], ball["invented"], ball["hd95_mm"]) == (0, 0, 2.0)
    assert everything["hd95_mm"] is None
    assert everything["average_surface_distance_mm"] is None
    assert everything["missed"] == (1 - is_invented) / 2


def test_a_missed_structure_may_be_as_far_off_as_the_diagonal():
    maps = two_boxes(predicted_core=False)
    _, core, everything = rows_of(maps, "c.nii.gz", options=ScoreOptions(has_penalty=True))
    diagonal = math.dist((0, 0, 0), (11 * 1.0, 7 * 2.0, 5 * 3.0))
    assert core["hd95_mm"] == pytest.approx(diagonal)
    assert everything["hd95_mm"] == pytest.approx((2.0 + diagonal) / 2)
    found = rows_of(
        two_boxes(predicted_core=True), "c.nii.gz", options=ScoreOptions(has_penalty=True)
    )
    assert found[1]["hd95_mm"] == 0


def test_a_structure_that_is_neither_there_nor_predicted_takes_no_part():
    maps = two_boxes(predicted_core=False)
    maps = replace(maps, truth=np.where(maps.truth == 2, 0, maps.truth))
    _, core, everything = rows_of(maps, "c.nii.gz", options=ScoreOptions(has_penalty=True))
    assert (core["missed"], core["invented"], core["hd95_mm"]) == (0, 0, None)
    assert everything["hd95_mm"] == 2.0
