"""Which cases are predicted: those of a test split, or what files and folders hold."""

import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import settings, task_settings
from tests.support.data_files import write_nifti_file
from tests.support.dicom import Scan, noise
from tests.support.made import make_run
from tfuq.calibration.records import Calibration, Conformal, files_of
from tfuq.data.cases import Case
from tfuq.data.writers import write_json
from tfuq.errors import DataError
from tfuq.prediction.cases import (
    cases_of_split,
    cases_of_test_split,
    input_cases,
    known_cases,
    with_masks,
    with_series,
)
from tfuq.runs.results import Manifest


@pytest.fixture
def run(balls, tmp_path):
    return make_run(tmp_path / "run", "segmentation", balls)


def ids(cases):
    return [case.id for case in cases]


def touched(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths


def test_cases_are_those_of_the_split_in_its_order(run):
    write_json(
        run.path / "splits.json", {"train": [], "validation": [], "test": ["ball_005", "ball_001"]}
    )
    assert ids(cases_of_test_split(type(run)(run.path, run.config))) == ["ball_005", "ball_001"]


def test_each_part_of_the_split_has_its_cases_and_all_has_every_one(run):
    parts = {"train": ["ball_002"], "validation": [], "test": ["ball_005"]}
    write_json(run.path / "splits.json", parts | {"calibration": ["ball_003"]})
    opened = type(run)(run.path, run.config)
    assert ids(cases_of_split(opened, "train")) == ["ball_002"]
    assert sorted(ids(cases_of_split(opened, "all"))) == ["ball_002", "ball_003", "ball_005"]
    with pytest.raises(DataError, match=r"validation split is empty; give --split train or test"):
        cases_of_split(opened, "validation")


def test_a_run_without_its_data_set_takes_given_files(run, tmp_path):
    data = run.config.data.model_copy(update={"root": str(tmp_path / "gone")})
    moved = type(run)(run.path, run.config.model_copy(update={"data": data}))
    with pytest.raises(DataError, match=r"gone: the data set of .* is not there; .*with --input"):
        cases_of_test_split(moved)


def test_cases_that_were_calibrated_on_are_left_out(run):
    draws = Manifest(run="r", method="vi", samples=4, seed=0, weights_digest=[], tfuq_version="1")
    all_cases = cases_of_test_split(run)

    def left(count):
        calibrated = {case.id: files_of(case) for case in all_cases[:count]}
        conformal = Conformal(alpha=0.1)
        made = Calibration(
            draws=draws, source="test", cases=calibrated, scaling=None, conformal=conformal
        )
        return ids(cases_of_test_split(run, made))

    assert left(4) == ids(all_cases[4:])
    with pytest.raises(DataError, match="all of its test cases are calibration cases"):
        left(len(all_cases))


def test_splits_and_data_without_the_case_are_refused(run):
    with pytest.raises(DataError, match="case 'ball_9' is not there"):
        known_cases(run, ["ball_001", "ball_9"])
    write_json(run.path / "splits.json", {"train": [], "validation": [], "test": []})
    with pytest.raises(DataError, match="the test split is empty; name files with --input"):
        cases_of_test_split(type(run)(run.path, run.config))


def test_files_are_cases_of_their_names(tmp_path):
    paths = touched(*(tmp_path / name for name in ("b.nii", "a.nii.gz")))
    assert ids(input_cases(settings(tmp_path), 1, paths, ())) == ["a", "b"]
    # The images of other tasks have all of their channels in one file.
    assert ids(input_cases(task_settings("classification", tmp_path), 2, paths, ())) == ["a", "b"]


def test_channels_of_a_file_each_are_grouped(tmp_path):
    config = settings(tmp_path / "absent", data={"layout": "folder", "channels": ["T1", "IR"]})
    names = ("T1", "IR")
    for name in ("a_T1", "a_IR"):
        write_nifti_file(tmp_path / f"{name}.nii", np.zeros((3, 3, 2), np.float32))
    paths = (tmp_path / "a_T1.nii", tmp_path / "a_IR.nii")
    (case,) = input_cases(config, 2, paths, names)
    assert (case.id, case.images) == ("a", paths)
    (by_name,) = input_cases(config, 2, (tmp_path,), names)
    assert (by_name.id, by_name.images) == ("a", paths)
    with pytest.raises(DataError, match="is channel 'IR' where 'T1' is due"):
        input_cases(config, 2, paths[::-1], names)


def test_a_folder_of_the_layout_is_read_as_the_run_was_trained(tmp_path):
    """The run has told the numbers by its labels, which are not there now."""
    config = settings(tmp_path / "absent", data={"layout": "folder"})
    images = touched(tmp_path / "image" / "a_0000.nii", tmp_path / "image" / "a_0001.nii")
    (case,) = input_cases(config, 2, (tmp_path,), ("0000", "0001"))
    assert (case.id, case.images) == ("a", images)
    images[0].unlink()
    with pytest.raises(DataError, match="case 'a' has no file of channel '0000'"):
        input_cases(config, 2, (tmp_path,), ("0000", "0001"))


@pytest.mark.parametrize(
    ("layout", "is_taken"), [("decathlon", True), ("iseg2017", False), ("brats2018", False)]
)
def test_numbers_are_channels_where_the_data_set_numbers_them(tmp_path, layout, is_taken):
    """Others order BraTS's modalities otherwise, and give them numbers."""
    config = settings(tmp_path / "absent", data={"layout": layout})
    for number in range(2):
        array = np.zeros((3, 3, 2), np.float32)
        write_nifti_file(tmp_path / f"a_000{number}.nii", array)
    if is_taken:
        (case,) = input_cases(config, 2, (tmp_path,), ("T1", "T2"))
        assert [path.name for path in case.images] == ["a_0000.nii", "a_0001.nii"]
    else:
        with pytest.raises(DataError, match="ends in none of the channels T1, T2"):
            input_cases(config, 2, (tmp_path,), ("T1", "T2"))


def test_a_folder_of_scans_or_of_the_layout_is_read(balls, tmp_path):
    config = settings(balls)
    touched(tmp_path / "scans" / "b.nii.gz", tmp_path / "scans" / "notes.txt")
    assert ids(input_cases(config, 1, (tmp_path / "scans",), ())) == ["b"]
    assert len(input_cases(config, 1, (balls,), ())) == 6


@pytest.mark.parametrize(
    ("channels", "place", "words"),
    [
        (1, "none.nii", r"none\.nii: no such file or folder"),
        (1, "empty", "holds no scans that tfuq reads, and is no data set of layout decathlon"),
        (2, "pairs", "a case of this run has 2 channels"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, channels, place, words):
    (tmp_path / "empty").mkdir()
    (tmp_path / "pairs").mkdir()
    write_nifti_file(tmp_path / "pairs" / "b.nii", np.zeros((3, 3, 2), np.float32))
    with pytest.raises(DataError, match=words):
        input_cases(settings(tmp_path / "absent"), channels, (tmp_path / place,), ())


@pytest.fixture
def masked_config(tmp_path):
    return settings(tmp_path, preprocessing={"crop_to_labels": [1]})


def test_masks_are_found_by_the_id_of_the_case(masked_config, tmp_path):
    plain, _, predicted = touched(
        tmp_path / "masks" / "a.nii.gz",
        tmp_path / "masks" / "c.nii.gz",
        tmp_path / "masks" / "b" / "label.nii.gz",
    )
    cases = [Case("a", (Path("a.nii"),)), Case("b", (Path("b.nii"),))]
    found = with_masks(masked_config, cases, tmp_path / "masks")
    assert found == [replace(cases[0], mask=plain), replace(cases[1], mask=predicted)]
    assert with_masks(masked_config, cases[:1], plain) == found[:1]


def test_masks_of_two_places_are_refused(masked_config, tmp_path):
    touched(tmp_path / "masks" / "a.nii.gz", tmp_path / "masks" / "a" / "label.nii.gz")
    cases = [Case("a", (Path("a.nii"),))]
    with pytest.raises(DataError, match=r"has a.nii.gz and a/label.nii.gz; keep one"):
        with_masks(masked_config, cases, tmp_path / "masks")


def test_a_mask_of_a_similar_name_is_named(masked_config, tmp_path):
    touched(tmp_path / "masks" / "patient_1_mask.nii.gz")
    case = Case("patient_1", (Path("a.nii"),))
    with pytest.raises(DataError, match=r"; did you mean 'patient_1_mask'\?; add a mask"):
        with_masks(masked_config, [case], tmp_path / "masks")


def test_ids_and_masks_may_be_in_several_forms_of_unicode(masked_config, tmp_path):
    apart = unicodedata.normalize("NFD", "é")
    (mask,) = touched(tmp_path / "masks" / "é.nii.gz")
    (case,) = with_masks(masked_config, [Case(apart, (Path("a.nii"),))], tmp_path / "masks")
    assert (case.id, case.mask) == (apart, mask)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("masks", "has neither b.nii.gz nor b/label.nii.gz; add a mask"),
        ("masks/a.nii.gz", "is one file for 2 cases"),
        ("nowhere", "no such file or folder"),
    ],
)
def test_masks_that_are_not_there_are_refused(masked_config, tmp_path, place, words):
    touched(tmp_path / "masks" / "a.nii.gz")
    cases = [Case("a", (Path("a.nii"),)), Case("b", (Path("b.nii"),))]
    with pytest.raises(DataError, match=words):
        with_masks(masked_config, cases, tmp_path / place)


def test_a_run_that_looks_everywhere_takes_no_mask(tmp_path):
    with pytest.raises(DataError, match=r"has no preprocessing\.crop_to_labels"):
        with_masks(settings(tmp_path), [], tmp_path)


def test_pictures_of_a_folder_are_cases(tmp_path):
    for name in ("b.png", "a.png"):
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / name)
    config = task_settings("landmarks", tmp_path / "absent")
    assert ids(input_cases(config, 1, (tmp_path,), ())) == ["a", "b"]


def test_a_folder_of_a_series_is_a_case_and_one_of_series_a_case_each(tmp_path):
    config = settings(tmp_path / "absent")
    for name in ("b.1", "a"):
        Scan(noise((2, 4, 5))).write(tmp_path / "scans" / name, names=["IM1", "IM2"])
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "scans" / "a" / "thumb.png")
    (tmp_path / "scans" / "a" / "README").touch()
    assert ids(input_cases(config, 1, (tmp_path / "scans",), ())) == ["a", "b.1"]
    (case,) = input_cases(config, 1, (tmp_path / "scans" / "b.1",), ())
    assert (case.id, case.images) == ("b.1", (tmp_path / "scans" / "b.1",))
    Scan(noise((2, 4, 5))).enhanced(tmp_path / "scans" / "c.dcm")
    touched(tmp_path / "scans" / "d.nii")
    assert ids(input_cases(config, 1, (tmp_path / "scans",), ())) == ["a", "b.1", "c", "d"]


def test_series_are_grouped_as_files_are(tmp_path):
    folders = [Scan(noise((2, 4, 5))).write(tmp_path / name) for name in ("t1", "t2")]
    (case,) = input_cases(settings(tmp_path), 2, tuple(folders), ())
    assert (case.id, case.images) == ("t1", tuple(folders))


@pytest.mark.parametrize("pattern", ["a/{}", "a_{}"])
def test_a_folder_of_series_per_channel_is_a_case(tmp_path, pattern):
    names = ("T2", "T1")
    config = settings(tmp_path / "absent", data={"layout": "folder", "channels": list(names)})
    series = tuple(tmp_path / "scans" / pattern.format(name) for name in names)
    for folder in series:
        Scan(noise((2, 4, 5))).write(folder)
    for inputs in [(tmp_path / "scans",), series]:
        (case,) = input_cases(config, 2, inputs, names)
        assert (case.id, case.images) == ("a", series)
    Scan(noise((2, 4, 5))).write(tmp_path / "scans" / "b" / "T1" / "deep")
    with pytest.raises(DataError, match=r"deeper, in .*deep; give .* the channels of each case in"):
        input_cases(config, 2, (tmp_path / "scans",), names)


def test_a_series_is_not_chosen_of_several_channels():
    case = Case("a", (Path("a_T1"), Path("a_T2")))
    with pytest.raises(DataError, match="'a' has 2 series, one per channel; leave --series out"):
        with_series([case], "1.2.3")


def test_a_scan_among_the_slices_of_a_series_is_refused(tmp_path):
    folder = Scan(noise((2, 4, 5))).write(tmp_path / "a")
    touched(folder / "b.nii.gz")
    with pytest.raises(DataError, match=r"a: holds a DICOM series and, beside it, b\.nii\.gz"):
        input_cases(settings(tmp_path), 1, (folder,), ())


def test_series_that_lie_deeper_are_refused(tmp_path):
    Scan(noise((2, 4, 5))).write(tmp_path / "patient" / "study" / "series")
    with pytest.raises(DataError, match=r"files of study lie deeper, in .*study/series"):
        input_cases(settings(tmp_path / "absent"), 1, (tmp_path / "patient",), ())


def test_a_series_is_chosen_of_dicom_cases_alone(tmp_path):
    folder = Scan(noise((2, 4, 5))).write(tmp_path / "a")
    (case,) = with_series([Case("a", (folder,))], "1.2.3")
    assert case.series == "1.2.3"
    (nifti,) = touched(tmp_path / "b.nii")
    with pytest.raises(DataError, match=r"--series 1\.2\.3: .*b\.nii is no DICOM series"):
        with_series([case, Case("b", (nifti,))], "1.2.3")
