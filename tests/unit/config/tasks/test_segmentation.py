"""Segmentation: what a configuration of it must hold."""

import pytest

from tests.conftest import settings
from tests.support.refusals import assert_config_refused
from tfuq.config.tasks import segmentation
from tfuq.config.tasks.rules import TASKS


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("preprocessing.slice_axis=2", ["slice_axis"]),
        (
            "network.patch_size=[48, 64]",
            ["of 2 entries is of slices: set preprocessing.slice_axis"],
        ),
        ("preprocessing.crop_to_labels=[3]", ["crop_to_labels: 3 is no value that a label may"]),
        (
            "preprocessing.crop_to_labels=[1, 2, 7]",
            ["crop_to_labels: 7 is no value that a label may have"],
        ),
    ],
)
def test_what_contradicts_itself_is_refused(override, words):
    assert_config_refused(override, *words)


def test_values_to_crop_to_are_those_of_the_label_files(tmp_path):
    crop = {"crop_to_labels": [12]}
    settings(tmp_path, data={"label_values": {0: 0, "10-20": 1}}, preprocessing=crop)
    with pytest.raises(ValueError, match="12 is no value"):
        settings(tmp_path, data={"label_values": {0: 0, "13-20": 1}}, preprocessing=crop)


def test_one_of_several_raters_is_nothing_to_crop_to(tmp_path):
    data = {"layout": "folder", "rater_folders": "rater-*"}
    with pytest.raises(ValueError, match="crop_to_labels needs one label of each case"):
        settings(tmp_path, data=data, preprocessing={"crop_to_labels": [1]})


def test_parts_are_classes_but_the_first_and_regions(tmp_path):
    assert segmentation.TASKS is TASKS
    config = settings(tmp_path, data={"regions": {"whole": ["ball", "core"]}})
    assert list(TASKS["segmentation"].parts(config)) == ["ball", "core", "whole"]
