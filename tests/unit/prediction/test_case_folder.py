"""The folder of a segmented case: maps on the input's grid, rows of structures, and samples."""

import time

import nibabel
import numpy as np
import pytest

from tfuq.data.json_csv import read_table
from tfuq.data.volume import Volume
from tfuq.measures.sample_masks import StoredSamples, read_samples
from tfuq.prediction.case_folder import Prediction
from tfuq.prediction.on_input import MapChannel

AFFINE = np.diag([1.0, 2.0, 3.0, 1.0])
LABEL = Volume(np.arange(8, dtype=np.uint8).reshape(2, 2, 2) % 2, AFFINE)


def prediction(**changes):
    held = {
        "case": "a",
        "image": LABEL,
        "maps": [MapChannel(name="label", values=LABEL.array)],
        "structures": [{"class": "ball", "component": "all"}],
        "seconds": {"measures": 1.0},
    }
    return Prediction(**held | changes)


def test_files_say_what_was_predicted(tmp_path):
    prediction().write(tmp_path / "a")
    image = nibabel.load(tmp_path / "a" / "label.nii.gz")
    np.testing.assert_array_equal(np.asarray(image.dataobj), LABEL.array)
    np.testing.assert_array_equal(image.affine, AFFINE)
    rows = read_table(tmp_path / "a" / "structures.csv", ("case",), "")
    assert rows == [{"case": "a", "class": "ball", "component": "all"}]
    assert not (tmp_path / "a" / "samples.npz").exists()


def test_samples_are_written_where_they_are_kept(tmp_path):
    bits = np.array([[[[0b1010_1010]], [[0b0000_1111]]]], np.uint8)  # n, T, K − 1, bytes
    prediction(samples=StoredSamples(bits, None, LABEL)).write(tmp_path / "a")
    masks = read_samples(tmp_path / "a", 2).of_classes([1]).unpacked()
    found = [mask.ravel().astype(int).tolist() for mask in masks]
    assert found == [[0, 1, 0, 1, 0, 1, 0, 1], [1, 1, 1, 1, 0, 0, 0, 0]]


def test_a_case_that_cannot_be_written_leaves_nothing(tmp_path):
    bad = np.full((2, 2, 2), np.nan, np.float32)
    maps = [
        MapChannel(name="label", values=LABEL.array),
        MapChannel(name="probability", values=bad),
    ]
    with pytest.raises(Exception, match=r"probability.nii.gz: is not written"):
        prediction(maps=maps).write(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_channels_of_several_maps_may_take_turns(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {name: rng.random((2, 2, 2, 3), np.float32) for name in ("member-0", "member-1")}
    channels = []
    for k in range(3):
        for name, array in arrays.items():
            channels.append(MapChannel(name=name, values=array[..., k], channels=3))
    prediction(maps=channels).write(tmp_path / "a")
    for name, array in arrays.items():
        image = nibabel.load(tmp_path / "a" / f"{name}.nii.gz")
        np.testing.assert_array_equal(np.asarray(image.dataobj), array)


def test_the_time_that_maps_take_to_make_is_of_measures(tmp_path):
    def slowly():
        time.sleep(0.2)
        yield MapChannel(name="label", values=LABEL.array)

    made = prediction(maps=slowly())
    made.write(tmp_path / "a")
    assert made.seconds["measures"] >= 1.2
    assert made.seconds["write"] < 0.2
