"""What tfuq data check says of a data set as a whole."""

import shutil
from dataclasses import replace

import nibabel
import numpy as np
import pytest

from tests.conftest import (
    BALLS_AFFINE,
    LISTED_SPLIT,
    settings,
    task_settings,
    write_decathlon,
)
from tfuq.data.cases import Case
from tfuq.data.checks.integrity import check_case, check_data
from tfuq.data.layouts import cases_of


def test_volumes_are_in_millilitres(tmp_path):
    config = settings(write_decathlon(tmp_path))
    reports = check_data(config)
    label = nibabel.load(tmp_path / "labelsTr" / "ball_000.nii.gz")
    voxel = abs(np.linalg.det(label.affine[:3, :3])) / 1000
    expected = np.bincount(np.asarray(label.dataobj).astype(int).ravel()) * voxel
    assert reports[0].class_volumes == pytest.approx(expected)
    assert reports[0].orientation == "RAS"


def checked(config):
    """The reports by case."""
    reports = check_data(config)
    return {report.id: report for report in reports}


def test_a_copied_image_is_told_with_the_part_of_the_other(tmp_path):
    root = write_decathlon(tmp_path)
    config = settings(root, data={"split": LISTED_SPLIT})
    shutil.copy(root / "imagesTr/ball_000.nii.gz", root / "imagesTr/ball_004.nii.gz")
    reports = checked(config)
    assert "same as that of 'ball_000' (train)" in reports["ball_004"].problem
    assert reports["ball_004"].part == "test"
    assert [report.problem for report in reports.values()].count("") == 5


def test_another_number_of_channels_is_told(tmp_path):
    root = write_decathlon(tmp_path)
    path = root / "imagesTr/ball_003.nii.gz"
    array = nibabel.load(path).get_fdata(dtype=np.float32)
    nibabel.save(nibabel.Nifti1Image(np.stack([array, -array], -1), BALLS_AFFINE), path)
    reports = checked(settings(root, data={"split": LISTED_SPLIT}))
    assert "has 2 channel(s) where 'ball_000' has 1" in reports["ball_003"].problem


def test_a_label_without_a_structure_is_a_problem(tmp_path):
    root = write_decathlon(tmp_path)
    path = root / "labelsTr/ball_002.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((18, 17, 15), np.uint8), BALLS_AFFINE), path)
    problem = checked(settings(root))["ball_002"].problem
    assert problem.startswith(f"{path}: no voxel of any foreground class")


def test_a_case_without_a_reference_is_read_but_needs_none_outside_of_the_split(balls):
    config = settings(balls)
    image = balls / "imagesTr/ball_000.nii.gz"
    report = check_case(config, Case("a", (image,)), "unused")
    assert (report.problem, report.class_volumes, report.shape) == ("", (), (18, 17, 15))
    assert "no label file" in check_case(config, Case("a", (image,)), "train").problem


def test_intensities_are_those_of_each_channel(balls):
    path = balls / "imagesTr/ball_000.nii.gz"
    array = nibabel.load(path).get_fdata(dtype=np.float32)
    report = check_case(settings(balls), Case("a", (path, path)), "unused")
    assert report.intensities == ((array.min(), array.max()),) * 2
    assert report.channels == 2


def test_an_image_is_one_of_its_class(digits):
    config = task_settings("classification", digits)
    case = cases_of(config.data)[0]
    expected = tuple(float(k == case.truth) for k in range(10))
    assert check_case(config, case, "train").class_volumes == expected


def test_landmarks_outside_of_their_image_are_a_problem(heads):
    config = task_settings("landmarks", heads)
    case = cases_of(config.data)[0]
    assert check_case(config, case, "train").problem == ""
    moved = replace(case, truth={name: points + 1000 for name, points in case.truth.items()})
    assert "is outside its image" in check_case(config, moved, "train").problem
