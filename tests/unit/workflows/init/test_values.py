"""What the values of labels stand for."""

import numpy as np
import pytest
from PIL import Image

from tests.support.data_files import write_nifti_file
from tests.support.radiotherapy import write_rtstruct
from tfuq.errors import DataError
from tfuq.workflows.init.values import value_keys


def volume(tmp_path, *values, dtype=np.int16):
    array = np.resize(np.array(values, dtype), (4, 4, 4))
    return [write_nifti_file(tmp_path / "label.nii.gz", array)]


@pytest.mark.parametrize(
    ("values", "data"),
    [
        ((0, 1), {"classes": ["background", "liver"]}),
        ((0, 1, 2), {"classes": ["background", "label_1", "label_2"]}),
        (
            (0, 10, 250),
            {
                "classes": ["background", "label_10", "label_250"],
                "label_values": {0: 0, 10: 1, 250: 2},
            },
        ),
    ],
    ids=str,
)
def test_values_are_classes_in_their_order(tmp_path, values, data):
    assert value_keys(volume(tmp_path, *values), "liver").data == data


def test_values_beside_whole_numbers_are_rounded(tmp_path):
    paths = volume(tmp_path, 0, 0.9999, dtype=np.float32)
    data = value_keys(paths, None).data
    assert data == {"classes": ["background", "structure"], "label_tolerance": 0.001}


def test_a_jpeg_mask_is_split_in_the_middle(tmp_path):
    y, x = np.mgrid[:48, :48]
    mask = ((y - 20) ** 2 + (x - 22) ** 2 < 180) * np.uint8(255)
    Image.fromarray(mask).save(tmp_path / "mask.jpg", quality=70)
    data = value_keys([tmp_path / "mask.jpg"], None).data
    assert data["label_values"] == {"0-127": 0, "128-255": 1}


def test_a_structure_set_names_its_classes(tmp_path):
    path = write_rtstruct(tmp_path / "a.dcm", {"Heart": [], "Lung": []})
    assert value_keys([path], None).data == {"classes": ["background", "Heart", "Lung"]}


@pytest.mark.parametrize(
    ("values", "dtype", "words"),
    [
        ((0,), np.int16, "have the value 0 alone"),
        ((0, 0.5, 1), np.float32, "lie between whole numbers"),
        (tuple(range(60)), np.int16, None),
    ],
    ids=["one", "fractions", "sixty"],
)
def test_values_that_are_no_labels_are_refused(tmp_path, values, dtype, words):
    paths = volume(tmp_path, *values, dtype=dtype)
    if words is None:
        assert len(value_keys(paths, None).data["classes"]) == 60
        return
    with pytest.raises(DataError, match=words):
        value_keys(paths, None)
