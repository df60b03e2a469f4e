"""Scores of a segmentation, made without a network, against slow references."""

import nibabel
import numpy as np
import pytest

from tests.support import references
from tests.support.references_lesions import detection
from tests.support.score_requests import request_of
from tfuq.errors import DataError
from tfuq.scoring.evaluation.segmentation import score_segmentation


@pytest.fixture(scope="module")
def request_(scored_tasks):
    return request_of(scored_tasks["segmentation"][0])


@pytest.fixture(scope="module")
def scores(request_):
    return score_segmentation(request_)


def arrays(request, balls, case):
    paths = [request.folder / case / "label.nii.gz", balls / "labelsTr" / f"{case}.nii.gz"]
    return [np.asarray(nibabel.load(path).dataobj) for path in paths]


def test_every_case_has_its_structures_and_their_mean(request_, scores, balls):
    assert [row["class"] for row in scores.cases] == ["ball", "core", "all"] * 6
    ball, core, everything = scores.cases[3:6]
    label, truth = arrays(request_, balls, "ball_001")
    dice = [references.dice(label == k, truth == k) for k in (1, 2)]
    assert [ball["dice"], core["dice"]] == pytest.approx(dice)
    assert everything["dice"] == pytest.approx(np.mean(dice))
    assert everything["case"] == "ball_001"


def test_structures_have_the_references_volume(request_, scores, balls):
    rows = [
        row
        for row in scores.tables["structures"]
        if (row["case"], row["class"], row["component"]) == ("ball_001", "ball", "all")
    ]
    _, truth = arrays(request_, balls, "ball_001")
    affine = nibabel.load(balls / "labelsTr" / "ball_001.nii.gz").affine
    voxel = abs(np.linalg.det(affine[:3, :3]))
    assert [row["volume_reference_mm3"] for row in rows] == [
        pytest.approx((truth == 1).sum() * voxel, rel=1e-5)
    ]
    assert rows[0]["dice"] == scores.cases[3]["dice"]


def test_lesions_are_found_as_a_slow_search_finds_them(request_, scores, balls):
    label, truth = arrays(request_, balls, "ball_002")
    rows = [row for row in scores.tables["detection"] if row["case"] == "ball_002"]
    for k, row in zip((1, 2), rows, strict=True):
        pairs, false, duplicates = detection(label == k, truth == k)
        assert (row["found"], row["false_positives"]) == (len(pairs), len(false))
        assert row["duplicates"] == len(duplicates)
    assert scores.summary["detection"]["ball"]["scans"] == 6
    assert {row["class"] for row in scores.tables["froc"]} == {"ball", "core"}


def test_false_components_are_those_that_touch_nothing_true(request_, scores, balls):
    label, truth = arrays(request_, balls, "ball_000")
    rows = [row for row in scores.tables["components"] if row["case"] == "ball_000"]
    for k, name in ((1, "ball"), (2, "core")):
        of_class = [row for row in rows if row["class"] == name]
        assert sum(row["voxels"] for row in of_class) == (label == k).sum()
        true_voxels = sum(row["voxels"] for row in of_class if not row["false_positive"])
        assert true_voxels >= ((label == k) & (truth == k)).sum()


def test_references_whose_values_all_mean_background_are_refused(scored_tasks, request_):
    data = request_.config.data.model_copy(update={"label_values": {0: 0, 1: 0, 2: 0}})
    config = request_.config.model_copy(update={"data": data})
    request = request_of(scored_tasks["segmentation"][0], config=config)
    with pytest.raises(
        DataError, match=r"values 1, 2 all stand for background .*\{0: 0, 1: 1, 2: 2\}"
    ):
        score_segmentation(request)
