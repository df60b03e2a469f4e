"""What training sets of every task share: statistics, members' examples, order."""

from collections import Counter
from pathlib import Path

import nibabel
import numpy as np
import pytest

from tests.conftest import settings, task_settings
from tfuq.data.cases import Case
from tfuq.data.layouts import cases_of, list_cases
from tfuq.data.sets.dataset import (
    epoch_order,
    make_preprocessor,
    training_statistics,
)
from tfuq.data.sets.segmentation import SegmentationSet
from tfuq.errors import DataError
from tfuq.tasks import task_of


@pytest.fixture
def training(balls):
    """``training(…)``: a training set of the six balls; arguments are changes of the configuration."""

    def make(rank=3, **changes):
        config = settings(balls, rank=rank, **changes)
        return SegmentationSet(config, list_cases("decathlon", balls), None)

    return make


def test_bootstrap_and_share_choose_whole_cases(balls):
    cases = list_cases("decathlon", balls)
    for subset, count in (("bootstrap", 6), (0.5, 3)):
        config = settings(balls, ensemble={"subset": subset})
        rows = SegmentationSet(config, cases, None).member_rows(np.random.default_rng(1))
        assert len(rows) == count
    assert len(set(rows)) == 3


def test_epoch_order_sees_everything_before_anything_twice():
    order = epoch_order(list(range(5)), 12, np.random.default_rng(0))
    assert len(order) == 12
    assert sorted(order[:5]) == sorted(order[5:10]) == list(range(5))


@pytest.mark.parametrize("count", [1, 5, 13])
def test_an_epoch_is_a_function_of_its_stream(count):
    one, two = (epoch_order([3, 1, 4], count, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert len(one) == count
    assert set(one) <= {1, 3, 4}


def test_a_bootstrap_member_has_every_slice_of_a_case_as_often_as_it_was_drawn(training):
    slices = training(rank=2, ensemble={"subset": "bootstrap"})
    rows = slices.member_rows(np.random.default_rng(1))
    chosen = Counter(np.random.default_rng(1).choice(range(6), 6, replace=True).tolist())
    expected = {row: chosen[case] for case, own in slices.rows_by_case.items() for row in own}
    assert Counter(rows) == {row: count for row, count in expected.items() if count}
    assert slices.terms_of_rows(rows) == len(rows) * 18 * 17


def test_without_a_subset_a_member_has_all(training):
    everything = training(ensemble={"subset": "none"})
    assert everything.member_rows(np.random.default_rng(0)) == list(range(6))


def test_a_share_is_one_case_at_least(training):
    small = training(ensemble={"subset": 0.01})
    assert len(small.member_rows(np.random.default_rng(0))) == 1


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_examples_and_counts_are_the_same_wherever_cases_are_kept(
    task, balls, digits, heads, tmp_path, monkeypatch
):
    monkeypatch.setenv("TFUQ_CACHE", str(tmp_path))
    root = {"segmentation": balls, "classification": digits, "landmarks": heads}[task]
    found = []
    for cache in ("memory", "none", "disk", "disk"):  # the second time it is there
        config = settings(root, training={"cache": cache})
        if task != "segmentation":
            config = task_settings(task, root, training={"cache": cache})
        cases = cases_of(config.data)[:4]
        training = task_of(config).training_set(config, cases, None)
        examples = [training.example(row, np.random.default_rng(row)) for row in range(4)]
        counts = (training.terms, training.terms_per_example, training.class_weights)
        found.append((examples, counts, training.index, training.losses))
    for other in found[1:]:
        for pair in zip(found[0][0], other[0], strict=True):
            np.testing.assert_array_equal(pair[0][0], pair[1][0])
            np.testing.assert_array_equal(pair[0][1], pair[1][1])
        assert other[1:] == found[0][1:]


def test_all_cases_need_the_same_channels(training):
    case = Case("a", (Path("a.nii"),))
    with pytest.raises(DataError, match=r"a.nii: has 2 channel\(s\), the other cases 1"):
        training().require_channels(case, 2)


def test_statistics_are_of_the_training_cases_alone(balls):
    steps = {"normalization": "zscore-training"}
    config = settings(balls, preprocessing=steps)
    cases = list_cases("decathlon", balls)[:2]
    found = training_statistics(config, cases)
    voxels = [nibabel.load(case.images[0]).get_fdata().ravel() for case in cases]
    assert found.mean[0] == pytest.approx(np.concatenate(voxels).mean(), rel=1e-5)
    assert found.std[0] == pytest.approx(np.concatenate(voxels).std(), rel=1e-5)
    assert training_statistics(settings(balls), cases) is None


@pytest.mark.parametrize(
    ("task", "size", "axis"), [("classification", [28, 28, 1], 2), ("landmarks", [32, 32, 1], 2)]
)
def test_pictures_are_resampled_to_the_networks_size(task, size, axis):
    steps = make_preprocessor(task_settings(task, "nowhere")).config
    assert (list(steps.size), steps.slice_axis) == (size, axis)


def test_volumes_keep_their_size(balls):
    preprocessor = make_preprocessor(settings(balls))
    assert preprocessor.config.size is None
    assert preprocessor.patch_size == (16, 16, 16)
