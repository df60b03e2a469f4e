"""What becomes of structures on the network's grid."""

from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import settings
from tfuq.config import Config
from tfuq.config.text import read_yaml
from tfuq.data.class_voxels import ClassVoxels, count_classes, losses, unseen, untaught

CASE = ClassVoxels(
    case="a",
    own=(900, 64, 8),
    network=(100, 8, 1),
    own_shape=(10, 10, 10),
    own_spacing=(1.0, 1.0, 1.0),
    network_spacing=(2.0, 2.0, 2.0),
)


def config_of(root, **preprocessing):
    return settings(root, preprocessing=preprocessing)


def test_counts_are_those_of_numpy_and_pass_over_what_is_no_class():
    array = np.random.default_rng(0).integers(0, 5, (7, 6, 5)).astype(np.uint8)
    expected = np.bincount(array.ravel(), minlength=5)
    array[0, 0, 0] = 255
    expected[np.random.default_rng(0).integers(0, 5, (7, 6, 5))[0, 0, 0]] -= 1
    np.testing.assert_array_equal(count_classes(array, 5), expected)


def test_the_share_is_one_of_volumes():
    assert CASE.share(1) == 1.0
    assert replace(CASE, network=(100, 2, 0)).share(1) == 0.25
    assert replace(CASE, network=(100, 2, 0)).share(2) == 0.0
    assert replace(CASE, own=(900, 0, 0)).share(1) == 1.0


def test_structures_that_vanish_or_lose_more_than_half_are_told_with_their_cases(tmp_path):
    config = config_of(tmp_path, spacing=[2.0, 2.0, 2.0])
    gone = replace(CASE, case="b", network=(100, 0, 1))
    less = replace(CASE, case="c", network=(100, 3, 1), own_spacing=(0.5, 1.0, 2.0))
    just = replace(CASE, case="d", network=(100, 4, 1))
    assert list(losses(config, [CASE, just])) == []
    (loss,) = losses(config, [CASE, gone, less, just])
    assert loss.problem == (
        "on the network's grid, 'ball' vanishes in 1 of 4 case(s) (b) and loses more than half of "
        "its volume in 1 of 4 case(s) (c): voxels of 1×1×1 become 2×2×2 in b"
    )
    assert loss.remedy.endswith("preprocessing.spacing, as in [0.5, 1.0, 1.0]")


@pytest.mark.parametrize(
    ("steps", "case", "words"),
    [
        ({"spacing": [2.0, 2.0, 2.0]}, CASE, "preprocessing.spacing, as in [1.0, 1.0, 1.0]"),
        ({"size": [5, 5, 5]}, CASE, "preprocessing.size, as in [10, 10, 10]"),
        (
            {"crop_to_labels": [1]},
            replace(CASE, network_spacing=(1.0, 1.0, 1.0)),
            "preprocessing.crop_margin, as in 10",
        ),
    ],
)
def test_a_class_that_vanishes_from_training_is_told_with_what_keeps_it(
    tmp_path, steps, case, words
):
    config = config_of(tmp_path, **steps)
    (loss,) = untaught(config, [replace(case, network=(100, 8, 0))])
    assert "class 'core' has 8 voxel(s) in the training labels and none" in loss.problem
    assert words in loss.remedy
    key, _, value = words.partition(", as in ")
    tree = config.model_dump()
    tree["preprocessing"][key.removeprefix("preprocessing.")] = read_yaml(value, key)
    Config.model_validate(tree)


@pytest.mark.parametrize(
    ("own", "values", "classes", "moved"),
    [
        ((9, 5, 0), None, "[rest, ball]", None),
        ((9, 0, 5), None, "[rest, core]", "{0: 0, 2: 1}"),
        ((9, 0, 5), {0: 0, 7: 1, "8-9": 2}, "[rest, core]", "{0: 0, 8-9: 1}"),
    ],
)
def test_a_class_that_no_label_has_may_be_taken_out(tmp_path, own, values, classes, moved):
    config = settings(tmp_path, data={"label_values": values})
    (loss,) = untaught(config, [replace(CASE, own=own, network=own)])
    assert "has no voxel in any training case" in loss.problem
    assert f"data.classes: {classes}" in loss.remedy
    assert ("data.label_values: {" in loss.remedy) == bool(moved)
    tree = config.model_dump()
    tree["data"]["classes"] = read_yaml(classes, "data.classes")
    if moved:
        assert loss.remedy.endswith(f"data.label_values: {moved}")
        tree["data"]["label_values"] = read_yaml(moved, "data.label_values")
    assert len(Config.model_validate(tree).data.classes) == 2


def test_a_class_of_a_region_is_not_proposed_to_be_taken_out(tmp_path):
    config = settings(tmp_path, data={"regions": {"whole": ["ball", "core"]}})
    (loss,) = untaught(config, [replace(CASE, own=(9, 5, 0), network=(9, 5, 0))])
    assert "data.classes:" not in loss.remedy


def test_a_class_in_small_slices_alone_is_told(tmp_path):
    (loss,) = unseen(config_of(tmp_path), np.array([9, 0, 3]))
    assert "class 'ball' has no voxel in the slices" in loss.problem
    assert "preprocessing.min_slice_area: 0" in loss.remedy
    assert list(untaught(config_of(tmp_path), [])) == []
