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
from tests.support.itk import write_itk
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


def test_a_label_without_a_structure_is_no_problem(tmp_path):
    root = write_decathlon(tmp_path)
    path = root / "labelsTr/ball_002.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((18, 17, 15), np.uint8), BALLS_AFFINE), path)
    reports = checked(settings(root))
    assert reports["ball_002"].problem == ""
    assert reports["ball_002"].class_volumes[1:] == (0, 0)


@pytest.mark.parametrize("spacing", [None, [3.0, 3.0, 4.0]])
def test_voxels_of_classes_are_counted_on_both_grids(tmp_path, spacing):
    root = write_decathlon(tmp_path, cases=4)
    split = {"train": 2, "validation": 1, "test": 1}
    config = settings(root, data={"split": split}, preprocessing={"spacing": spacing})
    for report in check_data(config):
        array = np.asarray(nibabel.load(root / "labelsTr" / f"{report.id}.nii.gz").dataobj)
        expected = np.bincount(array.ravel(), minlength=3)
        assert report.class_voxels.own == tuple(expected)
        if spacing is None:
            assert report.class_voxels.network == tuple(expected)
            assert report.network_shape == (18, 17, 15)
            continue
        # About half as many voxels along each axis, each in the middle of its field.
        assert report.network_shape == (9, 9, 8)
        places = [
            ((np.arange(n) + 0.5) * m / n - 0.5)
            for n, m in zip((9, 9, 8), (18, 17, 15), strict=True)
        ]
        near = [np.floor(place + 0.5).astype(int) for place in places]
        nearest = np.bincount(array[np.ix_(*near)].ravel(), minlength=3)
        assert np.abs(np.array(report.class_voxels.network) - nearest).max() <= 8  # of ties


def test_orientations_of_the_network_are_those_of_training(tmp_path):
    """A spacing is of the network's axes, wherever a case's own point."""
    root = write_decathlon(tmp_path, cases=3)
    path = root / "labelsTr/ball_002.nii.gz"
    for folder in ("imagesTr", "labelsTr"):
        path = root / folder / "ball_002.nii.gz"
        image = nibabel.load(path)
        steps = nibabel.orientations.axcodes2ornt("SRA")
        nibabel.save(
            image.as_reoriented(
                nibabel.orientations.ornt_transform(nibabel.io_orientation(image.affine), steps)
            ),
            path,
        )
    split = {"train": ["ball_000", "ball_001"], "validation": [], "test": ["ball_002"]}
    config = settings(root, data={"split": split}, preprocessing={"spacing": [1.5, 1.5, 6.0]})
    reports = checked(config)
    assert reports["ball_002"].orientation != "RAS"
    assert reports["ball_002"].network_shape == reports["ball_000"].network_shape == (18, 17, 5)


def test_headers_are_told(tmp_path):
    root = write_decathlon(tmp_path, cases=3)
    assert {
        report.header for report in check_data(settings(root, data={"split": {"train": 1}}))
    } == {"sform, no unit (mm)"}
    scan = write_itk(tmp_path / "a.nrrd", np.random.default_rng(0).random((4, 4, 3)), axes=3)
    scan.write_bytes(scan.read_bytes().replace(b"left-posterior-superior", b"scanner-xyz"))
    report = check_case(settings(root), Case("a", (scan,)), "unused")
    assert report.header == "space directions, mm"
    assert "names no space" in report.doubt


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
