"""Volumes are predicted one by one, a folder each."""

import nibabel
import numpy as np
import pytest

from tests.conftest import files_of
from tests.support.drawn import make_finished_run, make_given_predictor
from tests.support.observers import Recorder
from tests.support.replies import true_reply
from tfuq.data.cases import read_case_image
from tfuq.data.json_csv import read_table
from tfuq.prediction import cases_of_test_split, predict, predict_image
from tfuq.prediction.on_input import HeldMaps
from tfuq.prediction.segmentation import VolumePredictor


@pytest.fixture
def predictor(balls, tmp_path):
    """Of balls of 18 × 17 × 15 voxels, padded to 16 along the last axis."""
    made = make_given_predictor(make_finished_run(tmp_path / "run", "segmentation", balls))
    assert isinstance(made, VolumePredictor)
    return made


@pytest.fixture
def case(predictor):
    return cases_of_test_split(predictor.run)[0]


def test_padding_is_cropped_from_all_that_is_drawn(predictor, case):
    prepared = predictor.preprocessed(case, read_case_image(case))
    assert prepared.shape == (18, 17, 15)
    drawn = predictor.sample(prepared)
    ((shape, *_),) = predictor.sampler.asked
    assert shape == (1, 18, 17, 16, 1)
    whole = true_reply(predictor.config, shape)
    np.testing.assert_array_equal(drawn.probability, whole["probability"][..., :15, :])
    bits = np.unpackbits(whole["masks"], axis=-1, bitorder="little")
    kept = bits[..., : 18 * 17 * 16].reshape(*bits.shape[:-1], 18, 17, 16)[..., :15]
    found = np.unpackbits(drawn.masks, axis=-1, bitorder="little")[..., : 18 * 17 * 15]
    np.testing.assert_array_equal(found, kept.reshape(found.shape))


def test_places_of_voxels_are_counted_in_the_padding(predictor, case):
    prepared = predictor.preprocessed(case, read_case_image(case))
    places = np.array([0, 14, 15, 18 * 17 * 15 - 1])
    found = predictor.places_in_padding(prepared, places)
    assert found.tolist() == [0, 14, 16, 18 * 17 * 16 - 2]


def test_the_label_is_the_likeliest_class_on_the_scan_s_grid(predictor, case):
    image = read_case_image(case)
    with predict_image(predictor, image, case) as prediction:
        volumes = HeldMaps.of(prediction.maps, image).volumes
    assert set(volumes) == set(predictor.written)
    label, p = volumes["label"], volumes["probability"]
    assert label.same_grid(image)
    np.testing.assert_array_equal(label.array, p.array.argmax(-1))
    assert {row["class"] for row in prediction.structures} == {"ball", "core"}
    assert prediction.samples is None
    assert set(prediction.seconds) == {"read", "network", "measures"}


def test_a_case_whose_files_are_whole_is_kept(predictor, case, tmp_path):
    folder = tmp_path / "out"

    def once():
        recorder = Recorder()
        predict(predictor, [case], folder, observer=recorder)
        (event,) = recorder.events
        assert event.case == case.id
        return event.seconds

    assert set(once()) == {"read", "network", "measures", "write"}
    before = files_of(folder)
    assert once() is None
    (folder / case.id / "label.nii.gz").unlink()
    assert once() is not None
    assert files_of(folder / case.id) == {
        name.removeprefix(f"{case.id}/"): content
        for name, content in before.items()
        if name.startswith(f"{case.id}/")
    }
    affine = nibabel.load(folder / case.id / "label.nii.gz").affine
    np.testing.assert_allclose(affine, read_case_image(case).affine, atol=1e-5)
    assert read_table(folder / case.id / "structures.csv", ("case",), "")[0]["case"] == case.id


@pytest.mark.parametrize(
    ("preprocessing", "method", "names"),
    [
        ({}, "mc-dropout", ()),
        ({"spacing": [1.0, 1.0, 1.0]}, "mc-dropout", ("variance",)),
        ({"size": [16, 16, 16]}, "mc-dropout", ("variance",)),
        ({"spacing": [1.0, 1.0, 1.0]}, "deterministic", ()),
    ],
)
def test_resampled_maps_are_made_of_the_variance_of_every_class(
    balls, tmp_path, preprocessing, method, names
):
    run = make_finished_run(
        tmp_path / "resampled", "segmentation", balls, preprocessing=preprocessing
    )
    assert make_given_predictor(run, method=method).statistics_of_maps == names


def test_chosen_maps_are_written_and_the_others_added_later(balls, tmp_path):
    run = make_finished_run(tmp_path / "run", "segmentation", balls)
    some = make_given_predictor(run, written_maps=("mutual_information",))
    every = make_given_predictor(run)
    case = cases_of_test_split(run)[0]
    folder = tmp_path / "out"
    predict(some, [case], folder)
    first = files_of(folder / case.id)
    assert {name for name in first if name.endswith(".nii.gz")} == {
        "label.nii.gz",
        "mutual_information.nii.gz",
    }
    predict(every, [case], folder)
    second = files_of(folder / case.id)
    assert {name for name in second if name.endswith(".nii.gz")} == {
        f"{name}.nii.gz" for name in every.written
    }
    for name in ("label.nii.gz", "mutual_information.nii.gz", "structures.csv"):
        assert first[name] == second[name]
    predict(some, [case], folder)  # what is there already stays
    assert files_of(folder / case.id) == second
