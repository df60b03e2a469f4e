"""Rows for programs of what was found of each case and class."""

import nibabel
import SimpleITK

from tests.conftest import settings, task_settings
from tfuq.data.cases import Case
from tfuq.data.checks.integrity import check_case
from tfuq.data.checks.rows import rows_of_reports
from tfuq.data.layouts import cases_of


def test_a_row_is_of_a_case_and_a_class(balls):
    config = settings(balls, preprocessing={"spacing": [3.0, 3.0, 4.0]})
    case = cases_of(config.data)[0]
    report = check_case(config, case, "train")
    rows = list(rows_of_reports([report], config.data.classes))
    assert [row["class"] for row in rows] == ["rest", "ball", "core"]
    assert [row["voxels"] for row in rows] == list(report.class_voxels.own)
    assert [row["network_voxels"] for row in rows] == list(report.class_voxels.network)
    assert (rows[1]["voxels_x"], rows[1]["spacing_z_mm"], rows[1]["axes"]) == (18, 2.0, "RAS")
    assert rows[1]["volume_ml"] == report.class_volumes[1]


def test_what_only_a_nifti_header_says_is_empty_for_others(balls, tmp_path):
    config = settings(balls)
    case = cases_of(config.data)[0]
    nifti = nibabel.load(case.images[0])
    itk = SimpleITK.GetImageFromArray(nifti.get_fdata().T)
    SimpleITK.WriteImage(itk, tmp_path / "a.nrrd")
    nifti.set_qform(nifti.affine, 0)
    nibabel.save(nifti, tmp_path / "sform_alone.nii")
    for name in ("a.nrrd", "sform_alone.nii"):
        report = check_case(config, Case("a", (tmp_path / name,)), "unused")
        (row,) = rows_of_reports([report], config.data.classes)
        assert row["problem"] == ""
        assert row["qform_from_sform_mm"] is None


def test_a_case_without_classes_has_one_row(balls, digits):
    config = settings(balls)
    image = cases_of(config.data)[0].images
    reports = [
        check_case(config, Case("a", image), "unused"),
        check_case(config, Case("b", image), "train"),
    ]
    rows = list(rows_of_reports(reports, config.data.classes))
    assert [row["case"] for row in rows] == ["a", "b"]
    assert "no label file" in rows[1]["problem"]
    pictures = task_settings("classification", digits)
    case = cases_of(pictures.data)[0]
    counted = rows_of_reports([check_case(pictures, case, "train")], pictures.data.classes)
    assert sum(row["images"] for row in counted) == 1
