"""Files in the layout of the Medical Segmentation Decathlon."""

import json

import numpy as np
import pytest

from tfuq.data.layouts import list_cases
from tfuq.data.phantoms.ambiguity import LabelledPhantom
from tfuq.data.phantoms.decathlon import DecathlonSet, write_index
from tfuq.data.readers import read


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


@pytest.mark.parametrize("channels", [(), (2,)], ids=["one modality", "two"])
def test_what_is_written_is_what_the_layout_lists(tmp_path, channels):
    rng = np.random.default_rng(0)
    phantom = LabelledPhantom(
        image=rng.random((4, 3, 2, *channels)).astype(np.float32),
        probabilities=rng.random((4, 3, 2, 2)).astype(np.float32),
        raters=rng.integers(0, 2, (3, 4, 3, 2)).astype(np.uint8),
    )
    affine = np.diag([1.0, 2.0, 3.0, 1.0])
    names = ["T1", "T2"][: len(channels) + 1]
    data_set = DecathlonSet(
        title="Title", modalities=names, classes=["rest", "liver"], affine=affine
    )
    data_set.write(tmp_path, [("a", phantom)])
    (case,) = list_cases("decathlon", tmp_path)
    assert case.id == "a"
    np.testing.assert_array_equal(np.squeeze(read(case.images[0]).array), phantom.image)
    np.testing.assert_array_equal(read(case.label).affine, affine)
    np.testing.assert_array_equal(read(case.label).array, phantom.raters[0])
    last = read(tmp_path / "raters" / "rater-03" / "a.nii.gz")
    np.testing.assert_array_equal(last.array, phantom.raters[2])
    assert json.loads((tmp_path / "dataset.json").read_text())["name"] == "Title"
