"""Scores of one case's maps, against slow references and sklearn."""

import math
import tracemalloc

import numpy as np
import pytest
from scipy import ndimage
from sklearn import metrics as sklearn_metrics

from tests.support import references
from tfuq.data.preprocessing import PADDING
from tfuq.data.readers import nifti_blocks
from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti
from tfuq.errors import DataError
from tfuq.scoring import calibration
from tfuq.scoring.aggregation import boundary_band
from tfuq.scoring.calibration import calibration_errors
from tfuq.scoring.evaluation.voxels import CaseMaps, read_maps


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


@pytest.mark.parametrize("has_unknown", [False, True])
def test_a_case_read_block_by_block_has_the_scores_of_whole_arrays(
    has_unknown, tmp_path, monkeypatch
):
    """Against whole tables of probabilities, scikit-learn, and scipy over the whole volume."""
    monkeypatch.setattr(nifti_blocks.NiftiBlocks.blocks, "__defaults__", (100,))
    rng = np.random.default_rng(3)
    shape = (9, 8, 7)
    p = np.round(rng.dirichlet(np.full(4, 0.4), shape), 2).astype(np.float32)  # many ties
    entropy = np.round(rng.random(shape), 2).astype(np.float32)
    truth = (ndimage.gaussian_filter(rng.random(shape), 1) * 40 % 4).astype(np.uint8)
    if has_unknown:
        truth[rng.random(shape) < 0.1] = PADDING
    label = Volume(p.argmax(-1).astype(np.uint8), np.eye(4))
    write_nifti(tmp_path / "probability.nii.gz", label.with_array(p))
    write_nifti(tmp_path / "predictive_entropy.nii.gz", label.with_array(entropy))
    case = read_maps(tmp_path, label, truth, ["predictive_entropy"], 4)
    known = truth != PADDING
    y = truth[known].astype(int)
    expected = calibration_errors(p[known].astype(np.float64), y)
    band = boundary_band(truth, case.known)
    near = p[band].astype(np.float64)
    y_near = truth[band].astype(int)
    expected["nll_boundary"] = calibration.negative_log_likelihood(near, y_near)
    expected["brier_boundary"] = calibration.brier(near, y_near)
    expected["ece_boundary"] = calibration.expected_calibration_error(near, y_near)
    wrong = (label.array != truth)[known]
    auroc = sklearn_metrics.roc_auc_score(wrong, entropy[known])
    expected["auroc_predictive_entropy"] = auroc
    assert case.scores() == pytest.approx(expected, rel=1e-10)
    numbers = case.confidences()
    largest = p.max(-1)[known].mean(dtype=np.float64)
    assert numbers["maximum_probability"] == pytest.approx(largest, rel=1e-12)
    assert numbers["image_predictive_entropy"] == pytest.approx(entropy[known].mean(), rel=1e-6)
    rows = case.components(["rest", "a", "b", "c"])
    sizes = [row["voxels"] for row in rows if row["class"] == "b"]
    components, _ = ndimage.label((label.array == 2) & known)
    assert sizes == sorted(np.bincount(components[components > 0])[1:], reverse=True)


def test_a_file_is_looked_at_once(tmp_path, monkeypatch):
    label = Volume(np.zeros((4, 3, 2), np.uint8), np.eye(4))
    p = np.full((4, 3, 2, 2), 0.5, np.float32)
    write_nifti(tmp_path / "probability.nii.gz", label.with_array(p))
    write_nifti(tmp_path / "predictive_entropy.nii.gz", label.with_array(p[..., 0]))
    looked_at = []
    blocks = nifti_blocks.NiftiBlocks.blocks

    def counted(file, *arguments):
        looked_at.append(file.path.name)
        return blocks(file, *arguments)

    monkeypatch.setattr(nifti_blocks.NiftiBlocks, "blocks", counted)
    case = read_maps(tmp_path, label, label.array, ["predictive_entropy"], 2)
    assert not looked_at
    for numbers in (case.scores, case.reliability, case.confidences):
        numbers()
    case.components(["rest", "a"])
    assert sorted(looked_at) == ["predictive_entropy.nii.gz", "probability.nii.gz"]


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


def test_entropies_may_be_as_large_as_the_classes_allow(tmp_path):
    p = np.full((2, 3, 4, 5), 0.2, np.float32)
    entropy = np.full((2, 3, 4), np.log(5), np.float32)
    write_nifti(tmp_path / "probability.nii.gz", LABEL.with_array(p))
    write_nifti(tmp_path / "predictive_entropy.nii.gz", LABEL.with_array(entropy))
    found = read_maps(tmp_path, LABEL, LABEL.array, ["predictive_entropy"], 5)
    np.testing.assert_array_equal(found.maps["predictive_entropy"], entropy)
    with pytest.raises(DataError, match=r"probability.nii.gz"):
        read_maps(tmp_path, LABEL, LABEL.array, [], 4)


def test_memory_does_not_follow_the_number_of_classes(tmp_path):
    """A table of all classes would take as many times the bytes of a map as there are classes."""
    shape = (40, 40, 40)
    map_bytes = 4 * math.prod(shape)
    peaks = []
    for classes in (3, 30):
        truth = np.random.default_rng(0).integers(0, 3, shape).astype(np.uint8)
        label = Volume(truth, np.eye(4))
        p = np.full((*shape, classes), 1 / classes, np.float32)
        write_nifti(tmp_path / "probability.nii.gz", label.with_array(p))
        del p
        tracemalloc.start()
        read_maps(tmp_path, label, truth, [], classes).scores()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    few, many = peaks
    assert many < few + map_bytes
    assert many < 20 * map_bytes


def test_a_map_that_was_not_written_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(DataError, match=r"probability.nii.gz: this map .* without --maps"):
        read_maps(tmp_path, LABEL, LABEL.array, [], 4)
