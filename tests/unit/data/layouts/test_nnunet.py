"""nnU-Net's raw data sets as folders of cases."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.support.nnunet_sets import IGNORE, V1, V2, write_description, write_set
from tfuq.data.cases import read_case_image
from tfuq.data.layouts import list_cases
from tfuq.data.layouts.nnunet import nnunet
from tfuq.errors import DataError

TRAINING = [f"ball_{index:03d}" for index in range(6)]
TESTS = ["ball_006", "ball_007"]


@pytest.fixture(scope="module")
def v2(tmp_path_factory):
    return write_set(tmp_path_factory.mktemp("raw") / "Dataset001_Balls", V2)


@pytest.fixture
def own(v2, tmp_path):
    return shutil.copytree(v2, tmp_path / "Dataset001_Balls")


def test_cases_have_a_file_per_channel_in_their_order(v2):
    cases = list_cases("nnunet", v2)
    assert [case.id for case in cases] == TRAINING + TESTS
    assert [case.part for case in cases] == ["train"] * 6 + ["test"] * 2
    first = cases[0]
    assert [path.name for path in first.images] == ["ball_000_0000.nii.gz", "ball_000_0001.nii.gz"]
    assert first.label == v2 / "labelsTr" / "ball_000.nii.gz"
    assert cases[-1].label == v2 / "labelsTs" / "ball_007.nii.gz"
    image = read_case_image(first).array
    assert image.shape == (18, 17, 15, 2)
    np.testing.assert_allclose(image[..., 1].mean(), 2 * image[..., 0].mean(), rtol=0.02)


def test_version_1_is_read_alike(tmp_path):
    root = write_set(tmp_path / "Task001_Balls", V1, labelled_tests=False)
    cases = list_cases("nnunet", root)
    assert [case.id for case in cases] == TRAINING + TESTS
    assert [case.has_reference for case in cases] == [True] * 6 + [False] * 2


def test_a_folder_of_images_alone_is_listed(v2):
    cases = list_cases("nnunet", v2 / "imagesTs")
    assert [case.id for case in cases] == TESTS
    assert [len(case.images) for case in cases] == [2, 2]
    assert not any(case.has_reference for case in cases)


def test_files_that_the_description_lists_are_taken(own):
    (own / "moved").mkdir()
    entries = {}
    for name in TRAINING[:2]:
        images = []
        for channel in ("0000", "0001"):
            image = own / "imagesTr" / f"{name}_{channel}.nii.gz"
            images.append(f"moved/{channel}-{name}.nii.gz")
            image.rename(own / images[-1])
        entries[name] = {"images": images, "label": f"labelsTr/{name}.nii.gz"}
    write_description(own, V2, dataset=entries, numTraining=2)
    cases = nnunet(own)
    assert [case.id for case in cases] == TRAINING[:2] + TESTS
    assert cases[1].images[1] == own / "moved" / "0001-ball_001.nii.gz"
    assert cases[1].label == own / "labelsTr" / "ball_001.nii.gz"


def test_a_picture_may_have_all_channels(tmp_path):
    names = {"0": "R", "1": "G", "2": "B"}
    root = write_description(tmp_path, V2, channel_names=names, file_ending=".png", numTraining=1)
    for folder, name in (("imagesTr", "road_0000"), ("labelsTr", "road")):
        (root / folder).mkdir()
        shape = (5, 4, 3) if folder == "imagesTr" else (5, 4)
        array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape) % 2
        Image.fromarray(array).save(root / folder / f"{name}.png")
    (case,) = nnunet(root)
    assert case.id == "road"
    assert read_case_image(case).array.shape == (5, 4, 1, 3)


def _remove(*names):
    def damage(root):
        for name in names:
            (root / name).unlink()

    return damage


def _rename(name, other):
    return lambda root: (root / name).rename(root / other)


def _describe(**changes):
    return lambda root: write_description(root, V2, **changes)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_remove("labelsTr/ball_003.nii.gz"), "labelsTr: has no ball_003.nii.gz for the images"),
        (
            _remove("imagesTr/ball_003_0000.nii.gz", "imagesTr/ball_003_0001.nii.gz"),
            "labelsTr/ball_003.nii.gz: has no image ball_003_0000.nii.gz",
        ),
        (_remove("imagesTr/ball_003_0001.nii.gz"), "case 'ball_003' has no file of channel '0001'"),
        (
            _remove(
                "imagesTr/ball_003_0000.nii.gz",
                "imagesTr/ball_003_0001.nii.gz",
                "labelsTr/ball_003.nii.gz",
            ),
            "'numTraining' is 6, and there are 5 training cases",
        ),
        (
            _rename("imagesTr/ball_003_0001.nii.gz", "imagesTr/ball_003_0002.nii.gz"),
            "ends in none of the channels 0000, 0001",
        ),
        (
            _rename("imagesTr/ball_003_0001.nii.gz", "imagesTr/ball_003.nii.gz"),
            r"imagesTr: has files without a channel's number, .* data.layout: decathlon",
        ),
        (
            _rename("labelsTs/ball_006.nii.gz", "labelsTs/ball_6.nii.gz"),
            "ball_6.nii.gz: has no image",
        ),
        (_rename("imagesTr", "images"), "imagesTr: is not there"),
        (_describe(file_ending=".xyz"), "file_ending .xyz is of no kind that tfuq reads"),
        (
            _describe(dataset={"a": {"images": []}}),
            "'dataset' has no 'images' and 'label' of case 'a'",
        ),
        (
            _describe(dataset={"a": {"images": ["x"] * 3, "label": "y"}}),
            r"case 'a' has 3 image\(s\) for the channels T1, T2",
        ),
    ],
)
def test_cases_are_not_lost_without_a_word(own, damage, words):
    damage(own)
    with pytest.raises(DataError, match=words):
        list_cases("nnunet", own)


def test_a_volume_as_tiff_is_refused_with_what_to_do(tmp_path):
    root = write_description(tmp_path, V2, channel_names={"0": "T1"}, file_ending=".tif")
    (root / "imagesTr").mkdir()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(root / "imagesTr" / "a_0000.tif")
    (root / "imagesTr" / "a.json").write_text(json.dumps({"spacing": [1, 1, 2]}))
    with pytest.raises(DataError, match=r"is a volume as TIFF, .* a.json; .* to NIfTI"):
        nnunet(root)


def test_the_label_to_ignore_is_no_matter_of_the_layout(tmp_path):
    root = write_set(tmp_path / "data", V2, labels=IGNORE, tests=0)
    assert len(nnunet(root)) == 6


def test_numbers_of_cases_are_no_channels(tmp_path):
    """Two scans ``anna_0001`` and ``anna_0002`` are not two channels of one."""
    for name in ("anna_0001", "anna_0002"):
        (tmp_path / f"{name}.nii.gz").touch()
    with pytest.raises(DataError, match=r"dataset.json: is not there"):
        nnunet(tmp_path)
