"""Layouts of volumes with label maps: the official ones and plain folders."""

import json
import unicodedata

import nibabel
import numpy as np
import pytest

from tests.conftest import real
from tests.support.dicom import Scan, noise
from tests.support.radiotherapy import write_rtstruct
from tfuq import config as configuration
from tfuq.data.cases import read_case_image, read_case_label
from tfuq.data.layouts import list_cases
from tfuq.data.layouts.volumes import (
    brats2018,
    decathlon,
    folder,
    iseg2017,
    label_files,
    mrbrains2013,
)
from tfuq.data.phantoms import synthesize
from tfuq.data.splits import split_cases
from tfuq.errors import DataError


def test_real_layouts_list_their_cases():
    cases = list_cases("iseg2017", real("iSeg-2017-simulated"))
    assert [case.id for case in cases[:2]] == ["subject-01", "subject-02"]
    assert len(cases) == 10
    image = read_case_image(cases[0])
    assert image.array.shape == (82, 99, 114, 2)
    label = read_case_label(cases[0], image, 2, {0: 0, 10: 0, 150: 1, 250: 1})
    assert set(np.unique(label.array)) == {0, 1}
    assert len(list_cases("decathlon", real("Task04_Hippocampus"))) == 200
    assert len(list_cases("folder", real("shenzhen_lungs").parent / "mindboggle_slices")) == 12


def test_labels_may_be_structure_sets(tmp_path):
    """Told by their content: of a file, or of the only one in a case's folder."""
    for name in ("image", "label"):
        (tmp_path / name).mkdir()
    for case in ("a", "b", "1.2.3"):
        (tmp_path / "image" / f"{case}.nii.gz").touch()
    rois = {"ball": []}
    paths = {
        "a": write_rtstruct(tmp_path / "label" / "a.dcm", rois),
        "b": write_rtstruct(tmp_path / "label" / "b" / "RS.1.2.840", rois),
        "1.2.3": write_rtstruct(tmp_path / "label" / "1.2.3", rois),
    }
    (tmp_path / "label" / "b" / "notes.txt").write_text("of whoever drew it")
    assert {case.id: case.label for case in folder(tmp_path)} == paths
    assert label_files(tmp_path / "label") == paths
    write_rtstruct(tmp_path / "label" / "b" / "RS.another", rois)
    with pytest.raises(DataError, match="holds 2 structure sets"):
        folder(tmp_path)


def test_layouts_refuse_what_is_not_theirs(tmp_path):
    for layout in ("decathlon", "folder"):
        with pytest.raises(DataError, match=str(tmp_path)):
            list_cases(layout, tmp_path)
    with pytest.raises(DataError, match="no cases in the iseg2017 layout"):
        list_cases("iseg2017", tmp_path)


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '{"training": 3}', '{"training": [{"image": "a.nii"}]}', "[" * 10_000],
)
def test_an_index_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(DataError, match=r"dataset.json: not a Decathlon index"):
        decathlon(tmp_path)


ENTRY = '{"image": "i/b.nii", "label": "l/b.nii"}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'{{"training": [\n  {ENTRY},\n]}}', "line 2, column 43: is a comma too many; remove it"),
        (f'{{"training": [{ENTRY}],\n}}', "line 1, column 56: is a comma too many"),
        (f'{{"training": [{ENTRY},,{ENTRY}]}}', "line 1, column 56: is a comma too many"),
        (f'{{"training": [\n{ENTRY} {ENTRY}]}}', r"line 2, column 42: is no JSON \(Expecting ','"),
        ("{", "line 1, column 2: is no JSON"),
    ],
)
def test_a_fault_in_the_text_of_an_index_is_told_with_its_place(tmp_path, text, words):
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(DataError, match=f"dataset.json: {words}"):
        decathlon(tmp_path)


def test_an_index_may_begin_with_a_byte_order_mark(tmp_path):
    text = f'{{"training": [{ENTRY}]}}'
    (tmp_path / "dataset.json").write_text(text, encoding="utf-8-sig")
    assert [case.id for case in decathlon(tmp_path)] == ["b"]


def test_an_index_names_files_below_its_own_folder(tmp_path):
    entries = [{"image": "./i/b.nii.gz", "label": "./l/b.nii.gz"}]
    (tmp_path / "dataset.json").write_text(json.dumps({"training": entries}))
    (case,) = decathlon(tmp_path)
    assert case.id == "b"
    assert case.images == (tmp_path / "i/b.nii.gz",)
    assert case.label == tmp_path / "l/b.nii.gz"


def test_an_index_may_be_written_on_windows(tmp_path):
    text = r'{"training": [{"image": ".\\\\imagesTr\\\\b.nii.gz", "label": "../labels/b.nii.gz"}]}'
    (tmp_path / "dataset.json").write_text(text)
    (case,) = decathlon(tmp_path)
    assert case.id == "b"
    assert case.images == (tmp_path / "imagesTr/b.nii.gz",)
    assert case.label == tmp_path / "../labels/b.nii.gz"
    (tmp_path / "dataset.json").write_text(text.replace("../labels", "../../labels"))
    with pytest.raises(DataError, match="leads more than one folder out"):
        decathlon(tmp_path)


@pytest.mark.parametrize(
    ("modality", "channels"),
    [
        ({"1": "T1w", "0": "FLAIR"}, ("FLAIR", "T1w")),
        ({"0": "MRI"}, ("MRI",)),
        ({"1": "MRI"}, ()),
        (["MRI"], ()),
    ],
)
def test_an_index_names_the_channels(tmp_path, modality, channels):
    index = {"modality": modality, "training": [{"image": "i/b.nii", "label": "l/b.nii"}]}
    (tmp_path / "dataset.json").write_text(json.dumps(index))
    assert decathlon(tmp_path)[0].channels == channels


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_subjects_have_two_modalities_and_perhaps_a_label(tmp_path):
    touch(tmp_path, "subject-2-T1.img", "subject-2-T2.img", "subject-2-label.img")
    touch(tmp_path, "subject-11-T1.nii.gz", "subject-11-T1.hdr", "subject-x-T1.img")
    cases = {case.id: case for case in iseg2017(tmp_path)}
    assert set(cases) == {"subject-02", "subject-11"}
    assert [path.name for path in cases["subject-02"].images] == [
        "subject-2-T1.img",
        "subject-2-T2.img",
    ]
    assert cases["subject-02"].label == tmp_path / "subject-2-label.img"
    assert cases["subject-11"].label is None
    assert cases["subject-11"].channels == ("T1", "T2")


def test_no_file_of_a_subject_is_lost(tmp_path):
    """A subject without T1 is refused when it is read; its files may have several endings."""
    touch(tmp_path, "subject-1-T1.nii", "subject-1-T2.nii.gz", "subject-1-label.nii.gz")
    touch(tmp_path, "subject-2-T2.nii", "subject-2-label.nii")
    first, second = iseg2017(tmp_path)
    assert [path.name for path in first.images] == ["subject-1-T1.nii", "subject-1-T2.nii.gz"]
    assert first.label == tmp_path / "subject-1-label.nii.gz"
    with pytest.raises(DataError, match=r"subject-2-T1.nii: no such file; restore it"):
        read_case_image(second)
    touch(tmp_path, "subject-1-T1.nii.gz")
    with pytest.raises(DataError, match=r"T1.nii.gz: is the same image as subject-1-T1.nii is"):
        iseg2017(tmp_path)


def test_subjects_of_mrbrains_to_test_on_have_no_label(tmp_path):
    names = ("T1.nii", "T1_IR.nii", "T2_FLAIR.nii.gz")
    for name in (*names, "LabelsForTraining.nii", "LabelsForTesting.nii", "T1_1mm.nii"):
        touch(tmp_path, f"TrainingData/1/{name}")
    for name in names:
        touch(tmp_path, f"TestData/1/{name}")
    training, to_test = mrbrains2013(tmp_path)
    assert (training.id, to_test.id) == ("1", "test-1")
    assert [path.name for path in training.images] == list(names)
    assert training.label == tmp_path / "TrainingData/1/LabelsForTraining.nii"
    assert training.channels == ("T1", "T1-IR", "FLAIR")
    assert to_test.label is None
    assert mrbrains2013(tmp_path / "TrainingData") == [training]


def test_images_and_labels_of_one_name_belong_together(tmp_path):
    touch(tmp_path, "image/a.png", "image/b.nii.gz", "image/notes.txt", "label/a.nii")
    cases = {case.id: case.label for case in folder(tmp_path)}
    assert cases == {"a": tmp_path / "label/a.nii", "b": None}


def test_forms_of_unicode_are_one_name(tmp_path):
    """The id is that of the image as it is written."""
    apart = unicodedata.normalize("NFD", "Jürgen")
    touch(tmp_path, f"image/{apart}.nii", "label/Jürgen.nii")
    (case,) = folder(tmp_path)
    assert case.id == apart
    assert case.label == tmp_path / "label/Jürgen.nii"


@pytest.mark.parametrize("place", ["image", "label", "rater-a"])
def test_two_files_of_one_name_are_refused(tmp_path, place):
    touch(tmp_path, "image/x.nii", "label/x.nii", "rater-a/x.nii", f"{place}/x.nii.gz")
    options = {"rater_folders": "rater-*"} if place.startswith("rater") else {}
    with pytest.raises(DataError, match=rf"{place}/x.nii.gz: has the name of x.nii, .*keep one"):
        list_cases("folder", tmp_path, **options)


@pytest.mark.parametrize(
    ("names", "options", "channels"),
    [
        (["a_0000.nii.gz", "a_0001.nii.gz"], {}, ("0000", "0001")),
        (["a_0000.nii.gz"], {}, ("0000",)),
        (["a-IR.nii", "a_T1.nii"], {"channels": ["T1", "IR"]}, ("T1", "IR")),
        (["a/T1.nii", "a/T1_IR.nii", "a/T1_1mm.nii"], {"channels": ["T1", "IR"]}, ("T1", "IR")),
    ],
)
def test_channels_may_have_a_file_each(tmp_path, names, options, channels):
    touch(tmp_path, "label/a.nii", *(f"image/{name}" for name in names))
    (case,) = folder(tmp_path, **options)
    assert (case.id, case.channels) == ("a", channels)
    assert case.label == tmp_path / "label/a.nii"
    assert len(case.images) == len(channels)


def test_numbers_of_cases_are_none_of_channels(tmp_path):
    touch(tmp_path, *(f"{place}/a_000{n}.nii" for n in range(3) for place in ("image", "label")))
    cases = folder(tmp_path)
    assert [case.id for case in cases] == ["a_0000", "a_0001", "a_0002"]
    assert {case.channels for case in cases} == {()}


def test_a_case_without_one_of_the_numbers_is_refused(tmp_path):
    touch(tmp_path, "label/a.nii", "label/b.nii", "image/a_0000.nii", "image/a_0001.nii")
    touch(tmp_path, "image/b_0001.nii")
    with pytest.raises(DataError, match="case 'b' has no file of channel '0000'"):
        folder(tmp_path)


def test_an_image_may_be_a_folder_of_a_dicom_series(tmp_path):
    Scan(noise((2, 4, 5))).write(tmp_path / "image" / "case.1")
    Scan(noise((2, 4, 5))).enhanced(tmp_path / "image" / "b.dcm")
    touch(tmp_path, "label/case.1.nii.gz", "label/b.nii.gz")
    (tmp_path / "image" / "notes").mkdir()
    cases = {case.id: (case.images, case.label) for case in folder(tmp_path)}
    image = tmp_path / "image"
    assert cases == {
        "case.1": ((image / "case.1",), tmp_path / "label/case.1.nii.gz"),
        "b": ((image / "b.dcm",), tmp_path / "label/b.nii.gz"),
    }
    Scan(noise((1, 4, 5))).write(image / "c" / "study")
    with pytest.raises(
        DataError, match=r"files of c lie deeper.* or name these folders in data.ch"
    ):
        folder(tmp_path)


def test_channels_may_be_folders_of_dicom_series(tmp_path):
    image = tmp_path / "image"
    for name in ("a/T1", "a/T2", "a/raw", "b_T1", "b_T2"):
        Scan(noise((2, 4, 5))).write(image / name)
    cases = {case.id: case.images for case in folder(tmp_path, channels=["T2", "T1"])}
    assert cases == {
        "a": (image / "a" / "T2", image / "a" / "T1"),
        "b": (image / "b_T2", image / "b_T1"),
    }
    Scan(noise((1, 4, 5))).write(image / "c" / "T1" / "study")
    with pytest.raises(
        DataError, match=r"files of T1 lie deeper, in .*; move .* image/CASE/T2/ or"
    ):
        folder(tmp_path, channels=["T2", "T1"])


def test_labels_without_an_image_of_their_name_are_refused(tmp_path):
    touch(tmp_path, "image/a.png", "mask/a_mask.png")
    with pytest.raises(DataError, match=r"\(image/a.png, mask/a_mask.png\); rename"):
        folder(tmp_path, "mask")


def test_a_rater_may_have_left_cases_out(tmp_path):
    touch(tmp_path, "image/a.png", "image/b.png", "r1/a.png", "r1/b.png", "r2/b.png", "other/a.png")
    cases = {case.id: list(case.raters) for case in folder(tmp_path, rater_folders="r*")}
    assert cases == {"a": ["r1"], "b": ["r1", "r2"]}


@pytest.mark.parametrize(
    ("folder", "labels", "values", "classes", "count"),
    [
        ("shenzhen_lungs", "mask", {0: 0, 1: 1}, 2, 240),
        ("mindboggle_slices", "label", {0: 0, "1-999": 1, "1000-2999": 2}, 3, 12),
    ],
)
def test_real_pairs_of_folders(folder, labels, values, classes, count):
    cases = list_cases("folder", real(folder), label_folder=labels)
    assert len([case for case in cases if case.label]) == count
    image = read_case_image(cases[0])
    label = read_case_label(cases[0], image, classes, values)
    assert set(np.unique(label.array)) == set(range(classes))
    parts = split_cases(cases, configuration.SplitConfig(train=count - 2, validation=1, test=1))
    assert sum(map(len, parts.values())) == count


@pytest.fixture(scope="module")
def brats(tmp_path_factory):
    root = tmp_path_factory.mktemp("brats")
    synthesize("brats-phantom", root, cases=2, seed=0, shape=(16, 16, 16))
    return root


def test_releases_without_grades_or_labels_and_single_cases_are_read(brats, tmp_path):
    for case in list_cases("brats2018", brats)[:2]:
        (tmp_path / case.id).mkdir()
        for path in case.images:
            (tmp_path / case.id / path.name).symlink_to(path)
    (tmp_path / "notes").mkdir()
    cases = list_cases("brats2018", tmp_path)
    assert len(cases) == 2
    assert not any(case.has_reference for case in cases)
    (alone,) = brats2018(tmp_path / cases[0].id)
    assert alone == cases[0]
    packed = alone.images[1]
    nibabel.save(nibabel.load(packed), packed.with_name(packed.name.removesuffix(".gz")))
    packed.unlink()
    assert list_cases("brats2018", tmp_path)[0].images[1].suffix == ".nii"
    packed.touch()
    with pytest.raises(DataError, match=r"_t1.nii: is the same image as .*_t1.nii.gz is; keep one"):
        list_cases("brats2018", tmp_path)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".mhd", ".mgz", ".nii"])
def test_official_layouts_may_be_in_any_format_of_scans(tmp_path, suffix):
    for ending in ("T1", "T2", "label"):
        (tmp_path / f"subject-3-{ending}{suffix}").write_bytes(b"")
    (case,) = iseg2017(tmp_path)
    assert case.id == "subject-03"
    assert case.label == tmp_path / f"subject-3-label{suffix}"
    folder_of_case = tmp_path / "brats" / "HGG" / "one"
    folder_of_case.mkdir(parents=True)
    for ending in ("flair", "t1", "t1ce", "t2", "seg"):
        (folder_of_case / f"one_{ending}{suffix}").write_bytes(b"")
    (case,) = brats2018(tmp_path / "brats")
    assert [path.name for path in case.images][2] == f"one_t1ce{suffix}"
    assert case.label == folder_of_case / f"one_seg{suffix}"
