"""Scores of one case's maps, against slow references and sklearn."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from tests.support import references
from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti
from tfuq.errors import DataError
from tfuq.scoring.evaluation.voxels import CaseMaps, read_map, read_maps


@pytest.fixture
def maps():
    rng = np.random.default_rng(0)
    probability = rng.dirichlet(np.ones(3), (9, 8, 1))
    truth = np.zeros((9, 8, 1), np.uint8)
    truth[:2] = 1
    return CaseMaps(
        label=probability.argmax(-1).astype(np.uint8),
        truth=truth,
        probability=probability,
        maps={"variation_ratio": rng.random((9, 8, 1)) * 2 / 3},
    )


def test_voxels_near_a_boundary_have_scores_of_their_own(maps):
    scores = maps.scores()
    p = maps.probability.reshape(-1, 3)
    y = maps.truth.ravel()
    assert scores["nll"] == pytest.approx(sklearn_metrics.log_loss(y, p, labels=[0, 1, 2]))
    near = slice(0, 4 * 8)  # the two rows on either side of it
    assert scores["nll_boundary"] == pytest.approx(
        sklearn_metrics.log_loss(y[near], p[near], labels=[0, 1, 2])
    )
    assert scores["brier_boundary"] == pytest.approx(
        np.mean(((p[near] - np.eye(3)[y[near]]) ** 2).sum(1))
    )
    wrong = maps.label.ravel() != y
    assert scores["auroc_variation_ratio"] == pytest.approx(
        references.area_under_roc(maps.maps["variation_ratio"].ravel(), wrong)
    )


def test_an_image_of_one_class_has_no_boundary(maps):
    alone = CaseMaps(
        label=maps.label, truth=np.zeros_like(maps.truth), probability=maps.probability, maps={}
    )
    assert not [name for name in alone.scores() if name.endswith("boundary")]


def test_numbers_of_the_image(maps):
    found = maps.confidences()
    values = maps.maps["variation_ratio"]
    assert found["maximum_probability"] == pytest.approx(maps.probability.max(-1).mean())
    assert found["image_variation_ratio"] == pytest.approx(values.mean())
    assert found["uncertain_share_variation_ratio"] == np.mean(values > 1 / 3)
    assert found["patch_maximum_variation_ratio"] == pytest.approx(values.mean())  # fits in one
    assert maps.reliability().items.sum() == 72


def test_components_are_of_the_foreground(maps):
    label = np.zeros((9, 8, 1), np.uint8)
    label[0, :2] = 1
    label[5, 5] = 1
    label[8] = 2
    one = CaseMaps(label=label, truth=maps.truth, probability=maps.probability, maps={})
    rows = one.components(["rest", "a", "b"])
    assert [(row["class"], row["voxels"], row["false_positive"]) for row in rows] == [
        ("a", 2, 0),
        ("a", 1, 1),
        ("b", 8, 1),
    ]
    largest = maps.probability.max(-1)
    assert rows[0]["maximum_probability"] == pytest.approx(largest[0, :2].mean())


LABEL = Volume(np.zeros((2, 3, 4), np.uint8), np.eye(4))


@pytest.mark.parametrize(
    ("array", "affine"),
    [
        pytest.param(np.full((2, 3, 4), 1.01), np.eye(4), id="above"),
        pytest.param(np.full((2, 3, 4), -0.1), np.eye(4), id="below"),
        pytest.param(np.zeros((2, 3, 3)), np.eye(4), id="shape"),
        pytest.param(np.zeros((2, 3, 4, 2)), np.eye(4), id="channels"),
        pytest.param(np.zeros((2, 3, 4)), np.diag([2.0, 1, 1, 1]), id="affine"),
    ],
)
def test_a_map_that_does_not_fit_its_label_is_refused(array, affine, tmp_path):
    write_nifti(tmp_path / "map.nii.gz", Volume(array.astype(np.float32), affine))
    with pytest.raises(DataError, match=r"map.nii.gz: is not on the grid of its label, or beyond"):
        read_map(tmp_path / "map.nii.gz", LABEL, 1.0)


def test_entropies_may_be_as_large_as_the_classes_allow(tmp_path):
    p = np.full((2, 3, 4, 5), 0.2, np.float32)
    entropy = np.full((2, 3, 4), np.log(5), np.float32)
    write_nifti(tmp_path / "probability.nii.gz", LABEL.with_array(p))
    write_nifti(tmp_path / "predictive_entropy.nii.gz", LABEL.with_array(entropy))
    found = read_maps(tmp_path, LABEL, LABEL.array, ["predictive_entropy"], 5)
    np.testing.assert_array_equal(found.maps["predictive_entropy"], entropy)
    with pytest.raises(DataError, match=r"probability.nii.gz"):
        read_maps(tmp_path, LABEL, LABEL.array, [], 4)


def test_a_map_that_was_not_written_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(DataError, match=r"probability.nii.gz: this map .* without --maps"):
        read_maps(tmp_path, LABEL, LABEL.array, [], 4)
