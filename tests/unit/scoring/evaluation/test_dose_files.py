"""Which file is the dose of which case, and what is no dose."""

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from tests.support.radiotherapy import FRAME, OTHER_FRAME, write_rtdose, write_rtstruct
from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti
from tfuq.errors import DataError
from tfuq.runs.entries import CaseEntry
from tfuq.runs.results import Manifest
from tfuq.scoring.dose import BEYOND
from tfuq.scoring.evaluation.dose_files import dose_files, dose_on, read_dose

DOSE = np.linspace(1, 60, 3 * 4 * 5).reshape(3, 4, 5)
PLANES = (0.0, 2.0, 4.0)


def manifest_of(*cases):
    entries = {case: CaseEntry(images=[], label=None, seconds={}) for case in cases}
    return Manifest(
        run="run", method="hybrid", samples=2, seed=0, weights_digest=[], tfuq_version="0", cases=entries
    )  # fmt: skip


def plan(path, **elements):
    return write_rtdose(path, DOSE, offsets=PLANES, **elements)


def test_each_form_of_a_folder(tmp_path):
    """Content tells DICOM; a UID is a whole name; of a case's folder the plan is taken, and no beam."""
    nifti = tmp_path / "a.nii.gz"
    write_nifti(nifti, Volume(np.ones((2, 2, 2), np.float32), np.eye(4)))
    files = {
        "a": nifti,
        "b": plan(tmp_path / "b.dcm"),
        "1.2.840": plan(tmp_path / "1.2.840"),
        "c": plan(tmp_path / "c" / "RD.plan"),
    }
    plan(tmp_path / "c" / "RD.beam", DoseSummationType="BEAM")
    write_rtstruct(tmp_path / "c" / "RS", {"lung": []})
    (tmp_path / "c" / "notes.txt").write_text("theirs")
    (tmp_path / "d").mkdir()
    assert dose_files(tmp_path, manifest_of(*files)) == files


def test_one_file_for_one_case(tmp_path):
    path = plan(tmp_path / "RD.any name")
    assert dose_files(path, manifest_of("a")) == {"a": path}
    with pytest.raises(DataError, match="is one file for 2 cases"):
        dose_files(path, manifest_of("a", "b"))


def nothing(folder):
    pass


def two_names(folder):
    plan(folder / "a.dcm")
    write_nifti(folder / "a.nii.gz", Volume(np.ones((2, 2, 2), np.float32), np.eye(4)))


def beams(folder):
    for name in ("RD.1", "RD.2"):
        plan(folder / "a" / name, DoseSummationType="BEAM")


def plans(folder):
    for name in ("RD.1", "RD.2"):
        plan(folder / "a" / name)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (nothing, r"has no file for case 'a'; name it a\.nii\.gz or a\.dcm, or put the RTDOSE"),
        (two_names, r"has a\.dcm and a\.nii\.gz for case 'a'; keep one"),
        (beams, r"0 of its RTDOSE files \(RD\.1, RD\.2\) hold the dose of a whole plan"),
        (plans, r"2 of its RTDOSE files .* doses are not summed"),
    ],
)
def test_what_is_no_choice_is_refused(make, words, tmp_path):
    make(tmp_path)
    with pytest.raises(DataError, match=words):
        dose_files(tmp_path, manifest_of("a"))


def test_doses_of_both_kinds_are_read_alike(tmp_path):
    dose = read_dose(plan(tmp_path / "a"), [])
    write_nifti(tmp_path / "a.nii.gz", dose)
    again = read_dose(tmp_path / "a.nii.gz", [])
    np.testing.assert_allclose(again.array, dose.array)
    assert again.same_grid(dose)


def test_a_dose_in_other_coordinates_is_refused(tmp_path):
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    for name, frame in (("own", FRAME), ("other", OTHER_FRAME)):
        dataset.FrameOfReferenceUID = frame
        (tmp_path / name).mkdir()
        dataset.save_as(tmp_path / name / "slice.dcm")
    path = plan(tmp_path / "a")
    assert read_dose(path, [tmp_path / "own", tmp_path / "scan.nii.gz"]).array.max() > 59
    with pytest.raises(DataError, match=r"is not that of .*slice.dcm"):
        read_dose(path, [tmp_path / "other" / "slice.dcm"])


def test_what_is_no_dose_is_refused(tmp_path):
    structures = write_rtstruct(tmp_path / "RS", {"lung": []})
    with pytest.raises(DataError, match="no RTDOSE"):
        read_dose(structures, [])
    with pytest.raises(DataError, match="some above 0"):
        read_dose(write_rtdose(tmp_path / "zero", DOSE * 0, offsets=PLANES), [])
    write_nifti(tmp_path / "cold.nii.gz", Volume(np.full((2, 2, 2), -1, np.float32), np.eye(4)))
    with pytest.raises(DataError, match="none below"):
        read_dose(tmp_path / "cold.nii.gz", [])


def test_a_dose_that_is_perhaps_in_cgy_is_a_remark(tmp_path, caplog):
    write_nifti(tmp_path / "d.nii.gz", Volume(np.full((2, 2, 2), 60, np.float32), np.eye(4)))
    read_dose(tmp_path / "d.nii.gz", [])
    assert not caplog.records
    write_nifti(tmp_path / "c.nii.gz", Volume(np.full((2, 2, 2), 6000, np.float32), np.eye(4)))
    read_dose(tmp_path / "c.nii.gz", [])
    assert "highest dose is 6000 Gy; if its unit is cGy, divide it by 100" in caplog.text


def test_voxels_that_the_dose_does_not_reach_are_marked(tmp_path):
    path = plan(tmp_path / "a")
    dose = read_dose(path, [])
    wide = Volume(np.zeros((8, 4, 3), np.uint8), dose.affine)
    found = dose_on(path, dose, wide)
    np.testing.assert_array_equal(found[:5], dose.array)
    assert (found[5:] == BEYOND).all()
    far = dose.affine.copy()
    far[:3, 3] += 1000
    with pytest.raises(DataError, match="does not overlap its case"):
        dose_on(path, dose, Volume(np.zeros((8, 4, 3), np.uint8), far))
