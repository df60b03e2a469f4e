"""Examples of segmentation: which slices and patches, whose labels, what counts."""

from __future__ import annotations

from collections import Counter

import nibabel
import numpy as np
import pytest
from PIL import Image

from tests.conftest import settings, write_decathlon
from tests.support.nnunet_sets import IGNORE, IGNORED, V2, write_set
from tests.support.rater_discs import RATERS, by_raters, write_rater_discs
from tfuq.data.cases import training_views
from tfuq.data.layouts import cases_of, list_cases
from tfuq.data.preprocessing import PADDING, is_structure
from tfuq.data.sets.dataset import make_preprocessor
from tfuq.data.sets.segmentation import SegmentationSet, load_examples
from tfuq.errors import DataError

RANKS = pytest.mark.parametrize("rank", [3, 2])
BEYOND = {3: [24, 24, 24], 2: [24, 32]}  # patches that are larger than the scans of 18×17×15 voxels
WITHIN = {3: [8, 8, 8], 2: [8, 8]}


@pytest.fixture
def discs(tmp_path):
    return write_rater_discs(tmp_path / "discs")


def test_small_slices_are_left_out(balls):
    config = settings(balls, rank=2, preprocessing={"min_slice_area": 20})
    everything = SegmentationSet(settings(balls, rank=2), list_cases("decathlon", balls), None)
    kept = SegmentationSet(config, list_cases("decathlon", balls), None)
    assert 0 < len(kept.index) < len(everything.index)
    with pytest.raises(DataError, match="min_slice_area"):
        SegmentationSet(
            settings(balls, rank=2, preprocessing={"min_slice_area": 10_000}),
            list_cases("decathlon", balls),
            None,
        )


def test_patches_are_balanced_towards_foreground(tmp_path):
    root = write_decathlon(tmp_path, cases=1, shape=(40, 40, 40))
    share = {}
    for wanted in (0.0, 1.0):
        config = settings(root, training={"foreground_share": wanted})
        training = SegmentationSet(config, list_cases("decathlon", root), None)
        labels = [training.example(0, np.random.default_rng(i))[1] for i in range(60)]
        assert labels[0].shape == (16, 16, 16)
        share[wanted] = np.mean([label.any() for label in labels])
    assert share[1.0] == 1.0
    assert share[0.0] < 0.95


def test_what_is_trained_on(discs):
    config = by_raters(discs, train_on="rater-03")
    case = cases_of(config.data)[0]
    assert [view.label.parent.name for view in training_views(config, case)] == ["rater-03"]
    assert [
        view.label.parent.name for view in training_views(by_raters(discs, train_on="random"), case)
    ] == list(RATERS)
    areas = [int((np.asarray(Image.open(discs / rater / "d0.png")) > 0).sum()) for rater in RATERS]
    terms = set()
    for chosen, area in (
        ("rater-01", areas[0]),
        ("majority", areas[1]),
        ("rater-03", areas[2]),
        ("random", np.mean(areas)),
    ):
        training = SegmentationSet(by_raters(discs, train_on=chosen), [case], None)
        terms.add(training.terms)
        assert training.class_weights[1] == pytest.approx(training.terms / (2 * area))
    assert terms == {20 * 18}  # voxels of images, however many label them


def test_each_example_draws_a_rater(discs):
    config = by_raters(discs, train_on="random")
    config = config.model_copy(
        update={"network": config.network.model_copy(update={"patch_size": [20, 18]})}
    )
    training = SegmentationSet(config, cases_of(config.data)[:1], None)
    areas = {
        (np.asarray(Image.open(discs / rater / "d0.png")) > 0).sum(): rater for rater in RATERS
    }
    drawn = Counter(
        areas[training.example(0, np.random.default_rng([5, p]))[1].sum()] for p in range(300)
    )
    assert set(drawn) == set(RATERS)
    assert max(drawn.values()) - min(drawn.values()) < 50
    again = [training.example(0, np.random.default_rng([5, p]))[1].sum() for p in range(300)]
    assert drawn == Counter(areas[area] for area in again)


def test_training_labels_that_all_map_to_background_are_refused(balls):
    config = settings(balls, data={"label_values": {0: 0, 1: 0, 2: 0}})
    with pytest.raises(
        DataError, match=r"every voxel of all 2 training labels is 'rest'.*data\.label_values"
    ):
        SegmentationSet(config, cases_of(config.data)[:2], None)


def training_set(root, rank: int, patch: list[int], **changes) -> SegmentationSet:
    config = settings(root, rank=rank, network={"patch_size": patch, "widths": [2, 4]}, **changes)
    return SegmentationSet(config, list_cases("decathlon", root), None)


def labels_of(root, rank: int) -> list[np.ndarray]:
    """The label files' classes."""
    files = sorted((root / "labelsTr").glob("*.nii.gz"))
    labels = [np.asarray(nibabel.load(file).dataobj).astype(int) for file in files]
    return [(label > 0).astype(int) for label in labels] if rank == 2 else labels


@RANKS
def test_terms_and_class_weights_are_of_the_scans_own_voxels(rank, balls):
    labels = labels_of(balls, rank)
    counts = sum(np.bincount(label.ravel()) for label in labels)
    voxels = sum(label.size for label in labels)
    for patch in (WITHIN[rank], BEYOND[rank]):
        training = training_set(balls, rank, patch)
        assert training.terms == voxels
        assert training.class_weights == pytest.approx(voxels / (len(counts) * counts))
        inside = np.minimum(patch, labels[0].shape[:rank]).prod()
        assert training.terms_per_example == inside


@RANKS
def test_examples_have_padding_where_their_scan_has_none(rank, balls):
    changes = {"augmentation": {"flip_axes": [0, 1]}, "preprocessing": {"normalization": "none"}}
    training = training_set(balls, rank, BEYOND[rank], **changes)
    (shape,) = {label.shape for label in labels_of(balls, rank)}
    for seed in range(5):
        image, label = training.example(0, np.random.default_rng(seed))
        assert (label != PADDING).sum() == np.prod(shape[:rank])
        np.testing.assert_array_equal(image[label == PADDING], 0)
        assert set(np.unique(label)) <= {0, 1, 2, PADDING}


def test_patches_about_a_structure_are_not_drawn_about_padding(tmp_path):
    """Every patch has a voxel of a structure where every one is to be about one, also in scans thinner than the patch."""
    root = write_decathlon(tmp_path, cases=1, shape=(64, 40, 12))
    training = training_set(root, 3, [16, 16, 16], training={"foreground_share": 1.0})
    labels = [training.example(0, np.random.default_rng(seed))[1] for seed in range(40)]
    assert all(np.isin(label, [1, 2]).any() for label in labels)


def test_padding_is_no_labelled_area(balls):
    small = {"slice_axis": 2, "min_slice_area": 20}
    within, beyond = (
        training_set(balls, 2, patch[2], preprocessing=small) for patch in (WITHIN, BEYOND)
    )
    areas = [
        (label[:, :, z] > 0).sum() for label in labels_of(balls, 2) for z in range(label.shape[2])
    ]
    assert len(within.index) == len(beyond.index) == sum(area > 20 for area in areas)


def test_an_example_is_the_z_scored_scan_with_its_label(balls):
    config = settings(balls)
    case = list_cases("decathlon", balls)[0]
    examples = load_examples(config, make_preprocessor(config), case)
    image = nibabel.load(case.images[0]).get_fdata()
    inside = (0, slice(None), slice(None), slice(0, 15))  # the patch's 16 add one slice
    expected = (image - image.mean()) / image.std()
    np.testing.assert_allclose(examples.images[(*inside, 0)], expected, atol=1e-4)
    np.testing.assert_array_equal(examples.targets[inside], labels_of(balls, 3)[0])
    assert (examples.targets[0, :, :, 15] == PADDING).all()


def test_padding_is_no_structure():
    labels = np.array([0, 1, 2, PADDING], np.uint8)
    np.testing.assert_array_equal(is_structure(labels), [False, True, True, False])


def ignoring(root, rank=3, **changes):
    """A configuration of balls, seven of whose 18 planes nothing is known of."""
    data = {"layout": "nnunet", "ignore_label": 3} | changes.pop("data", {})
    if rank == 3:
        data |= {"classes": ["background", "ball", "core"]}
    return settings(root, rank=rank, data=data, **changes)


@pytest.fixture(scope="module")
def partly_labelled(tmp_path_factory):
    return write_set(tmp_path_factory.mktemp("partly"), V2, labels=IGNORE, tests=0)


def test_voxels_to_ignore_are_no_terms_and_no_class(partly_labelled):
    config = ignoring(partly_labelled)
    cases = cases_of(config.data)
    training = SegmentationSet(config, cases, None)
    labels = [nibabel.load(case.label).get_fdata() for case in cases]
    assert training.terms == sum(int((label != 3).sum()) for label in labels) == 6 * 11 * 17 * 15
    for k in range(3):
        count = sum(int((label == k).sum()) for label in labels)
        assert training.class_weights[k] == pytest.approx(training.terms / (3 * count))
    assert training.terms_per_example == 11 * 16 * 15  # a patch of 16³ within the labelled box


def test_targets_to_ignore_are_marked(partly_labelled):
    config = ignoring(partly_labelled)
    (case, *_) = cases_of(config.data)
    target = load_examples(config, make_preprocessor(config), case).targets[0]
    scan = target[tuple(slice(0, size) for size in (18, 17, 15))]  # 16 slices, the last of padding
    assert (scan[IGNORED] == PADDING).all()
    assert (scan[7:] != PADDING).all()


def test_patches_lie_where_labels_are(tmp_path):
    """A labelled voxel is in every patch, whatever is asked for."""
    root = write_set(tmp_path, V2, labels=IGNORE, tests=0)
    for path in (root / "labelsTr").iterdir():
        file = nibabel.load(path)
        label = np.full(file.shape, 3, np.uint8)
        label[17, 0, 14] = 0
        label[0, 16, 0] = 1
        label[0, 0, 14] = 2
        nibabel.save(nibabel.Nifti1Image(label, file.affine), path)
    config = ignoring(root, network={"patch_size": [8, 8, 8]}, training={"foreground_share": 0.0})
    training = SegmentationSet(config, cases_of(config.data), None)
    labels = [training.example(0, np.random.default_rng(seed))[1] for seed in range(30)]
    values = [set(np.unique(label)) - {PADDING} for label in labels]
    assert all(values)
    assert {0} in values
    assert {1} in values
    assert {2} in values


def test_slices_of_which_nothing_is_known_are_left_out(partly_labelled):
    config = ignoring(partly_labelled, rank=2, preprocessing={"slice_axis": 0})
    training = SegmentationSet(config, cases_of(config.data), None)
    assert len(training.index) == 6 * 11
