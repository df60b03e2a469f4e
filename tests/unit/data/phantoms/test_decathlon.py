"""Files in the layout of the Medical Segmentation Decathlon."""

import json

import numpy as np
import pytest

from tfuq.data.layouts import list_cases
from tfuq.data.phantoms.decathlon import write_case, write_index
from tfuq.data.readers import read
from tfuq.data.volume import Volume


@pytest.mark.parametrize(("modalities", "size"), [(["CT"], "3D"), (["T1", "T2"], "4D")])
def test_the_index_numbers_modalities_and_classes(tmp_path, modalities, size):
    write_index(tmp_path, "Title", modalities, ["rest", "liver"], ["a", "b"])
    index = json.loads((tmp_path / "dataset.json").read_text())
    assert index["tensorImageSize"] == size
    assert index["modality"] == dict(zip("01", modalities, strict=False))
    assert index["labels"] == {"0": "rest", "1": "liver"}
    assert index["numTraining"] == 2
    assert index["training"][1] == {
        "image": "./imagesTr/b.nii.gz",
        "label": "./labelsTr/b.nii.gz",
    }


def test_what_is_written_is_what_the_layout_lists(tmp_path):
    affine = np.diag([1.0, 2.0, 3.0, 1.0])
    image = Volume(np.random.default_rng(0).random((4, 3, 2)).astype(np.float32), affine)
    label = Volume(np.ones((4, 3, 2), np.uint8), affine)
    write_case(tmp_path, "a", image, label)
    write_index(tmp_path, "Title", ["CT"], ["rest", "liver"], ["a"])
    (case,) = list_cases("decathlon", tmp_path)
    assert case.id == "a"
    np.testing.assert_array_equal(read(case.images[0]).array, image.array)
    np.testing.assert_array_equal(read(case.label).array, label.array)
