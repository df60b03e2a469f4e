"""DICOM in and out, by the commands: series, predictions on their grid, DICOM SEG and maps."""

import highdicom
import nibabel
import numpy as np
import pydicom
import pytest

from tests.conftest import LISTED_SPLIT, assert_refused, ball_case, settings
from tests.support.dicom import AXIAL, CORONAL, MR, OBLIQUE, PATIENT, SAGITTAL, Scan
from tfuq.data.readers import read

SHAPE = (15, 17, 18)  # slices, rows, columns
MAPS = ("predictive_entropy", "mutual_information", "standard_deviation")
SHIFT = 500  # makes noise of a ball's image positive


def ball_scan(seed, cosines=AXIAL):
    """A scan of a ball, and its label ``[columns, rows, slices]``."""
    image, label = ball_case(np.random.default_rng(seed), SHAPE)
    stored = np.rint(image + SHIFT).astype(np.int16)
    return Scan(stored, cosines, spacing=(1.5, 1.5), step=2.0), label.T


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """Scans of four orientations, one of frames in one file, and by name how they were made."""
    folder = tmp_path_factory.mktemp("scans")
    made = {}
    for name, cosines in {"axial": AXIAL, "sagittal": SAGITTAL, "coronal": CORONAL}.items():
        made[name], _ = ball_scan(len(made), cosines)
        made[name].write(folder / name, sop_class=MR)
    made["oblique"], _ = ball_scan(4, OBLIQUE)
    made["oblique"].write(folder / "oblique", order=range(SHAPE[0])[::-1], sop_class=MR)
    made["frames"], _ = ball_scan(5, OBLIQUE)
    made["frames"].enhanced(folder / "frames.dcm", order=range(SHAPE[0])[::-1])
    (folder / "axial" / "README").write_text("of the scanner")
    return folder, made


@pytest.fixture(scope="module")
def predicted(scans, trained, tmp_path_factory):
    """The folder of their predictions with DICOM, and what the command printed."""
    from click.testing import CliRunner

    from tfuq_cli.main import main

    out = tmp_path_factory.mktemp("predicted") / "out"
    run = trained("mc-dropout").path
    arguments = ["predict", run, "--input", scans[0], "--out", out, "--dicom"]
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return out, result.output


NAMES = ("axial", "sagittal", "coronal", "oblique", "frames")


def onto_scan(volume, reference):
    """A volume of highdicom's ``[slices, rows, columns]``, as an array on the grid of a NIfTI file.

    Each of its voxels is looked up by its place in mm, which may be off by 0.001 mm.
    """
    to_ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.affine
    mapping = np.linalg.inv(reference.affine) @ to_ras
    indices = np.indices(volume.array.shape).reshape(3, -1)
    places = mapping[:3, :3] @ indices + mapping[:3, 3:]
    nearest = np.rint(places).astype(int)
    away = reference.affine[:3, :3] @ (places - nearest)
    assert np.linalg.norm(away, axis=0).max() < 1e-3
    array = np.zeros(reference.shape, volume.array.dtype)
    array[tuple(nearest)] = volume.array.reshape(-1)
    return array


@pytest.mark.parametrize("name", NAMES)
def test_outputs_lie_on_the_scan(scans, predicted, name):
    made = scans[1][name]
    label = nibabel.load(predicted[0] / name / "label.nii.gz")
    assert label.shape == SHAPE[::-1]
    for corner in ((0, 0, 0), (17, 0, 0), (0, 16, 0), (17, 16, 14)):
        for affine in (label.affine, label.get_qform(), label.get_sform()):
            np.testing.assert_allclose((affine @ (*corner, 1))[:3], made.place(*corner), atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_dicom_seg_is_the_label(scans, predicted, name):
    made = scans[1][name]
    folder = predicted[0] / name
    label = nibabel.load(folder / "label.nii.gz")
    seg = highdicom.seg.segread(folder / "label.dcm")
    assert [seg.get_segment_description(n).SegmentLabel for n in (1, 2)] == ["ball", "core"]
    expected = np.asarray(label.dataobj)
    assert {1, 2} & set(np.unique(expected))
    found = np.zeros(expected.shape, int)
    for segment in np.unique(expected)[1:]:
        volume = seg.get_volume(segment_numbers=[int(segment)], combine_segments=True)
        found[onto_scan(volume, label) > 0] = segment
    np.testing.assert_array_equal(found, expected)
    assert seg.FrameOfReferenceUID == made.frame_of_reference
    assert seg.StudyInstanceUID == made.study
    assert seg.PatientID == "P-17"
    (referenced,) = seg.ReferencedSeriesSequence
    assert referenced.SeriesInstanceUID == made.series
    files = [scans[0] / "frames.dcm"] if name == "frames" else (scans[0] / name).glob("*.dcm")
    sources = {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in files}
    named = {item.ReferencedSOPInstanceUID for item in referenced.ReferencedInstanceSequence}
    assert named == sources


@pytest.mark.parametrize("name", NAMES)
def test_parametric_maps_are_the_maps(scans, predicted, name):
    folder = predicted[0] / name
    series = set()
    for map_name in MAPS:
        expected = nibabel.load(folder / f"{map_name}.nii.gz")
        image = highdicom.imread(folder / f"{map_name}.dcm")
        found = onto_scan(image.get_volume(), expected)
        np.testing.assert_array_equal(
            found.astype(np.float32), expected.get_fdata(dtype=np.float32)
        )
        assert image.FrameOfReferenceUID == scans[1][name].frame_of_reference
        series.add(image.SeriesInstanceUID)
        mapping = image.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
        assert mapping.LUTExplanation == map_name.replace("_", " ")
        unit = mapping.MeasurementUnitsCodeSequence[0].CodeValue
        assert unit == ("1" if map_name == "standard_deviation" else "{nat}")


def test_nothing_tells_the_patient_s_name(predicted):
    out, printed = predicted
    paths = [path for path in out.rglob("*") if path.is_file()]
    assert len(paths) > 60
    for text in (PATIENT, *PATIENT.split("^")):
        assert text not in printed
        for path in paths:
            assert text.encode() not in path.read_bytes(), path
    assert highdicom.seg.segread(out / "axial" / "label.dcm").PatientName == ""


@pytest.mark.slow
def test_predictions_are_gone_on_with_and_their_dicom_added(scans, trained, tfuq, tmp_path):
    run = trained("mc-dropout").path
    arguments = ("predict", run, "--input", scans[0] / "axial", "--out", tmp_path / "out")
    assert tfuq(*arguments).exit_code == 0
    assert not list(tmp_path.rglob("*.dcm"))
    assert tfuq(*arguments, "--dicom").exit_code == 0
    assert len(list(tmp_path.rglob("*.dcm"))) == 6
    again = tfuq(*arguments, "--dicom")
    assert "complete" in again.output + again.stderr


def test_a_scan_that_is_not_dicom_is_refused_before_anything_is_predicted(
    balls, scans, trained, tfuq, tmp_path
):
    nifti = balls / "imagesTr" / "ball_000.nii.gz"
    run = trained("mc-dropout").path
    inputs = ("--input", scans[0] / "axial", "--input", nifti)
    for more in ((), ("--dry-run",)):
        result = tfuq("predict", run, *inputs, "--out", tmp_path / "out", "--dicom", *more)
        assert_refused(result, "--dicom", str(nifti), "is no DICOM series", "leave --dicom out")
        assert not (tmp_path / "out").exists()


def test_dicom_of_another_task_or_without_highdicom_is_refused(
    scans, trained, trained_task, tfuq, monkeypatch
):
    other = trained_task("classification", "mc-dropout").path
    assert_refused(tfuq("predict", other, "--dicom"), "--dicom", "classification", "segmentation")
    monkeypatch.setattr("tfuq.data.writers.dicom.find_spec", lambda name: None)
    result = tfuq("predict", trained("mc-dropout").path, "--input", scans[0], "--dicom")
    assert_refused(result, "--dicom", "highdicom", "pip install 'tfuq[dicom]'")


@pytest.mark.slow
def test_one_of_several_series_is_chosen(scans, trained, tfuq, tmp_path):
    folder = tmp_path / "two"
    first, _ = ball_scan(7)
    second, _ = ball_scan(8, CORONAL)
    first.write(folder, sop_class=MR, names=[f"a{n}" for n in range(SHAPE[0])])
    second.write(folder, sop_class=MR, names=[f"b{n}" for n in range(SHAPE[0])])
    run = trained("mc-dropout").path
    out = ("--out", tmp_path / "out")
    refused = tfuq("predict", run, "--input", folder, *out)
    assert_refused(refused, "holds 2 series", first.series, second.series, "--series UID")
    chosen = tfuq("predict", run, "--input", folder, *out, "--series", second.series)
    assert chosen.exit_code == 0, chosen.output
    label = read(tmp_path / "out" / "two" / "label.nii.gz")
    np.testing.assert_allclose(label.affine, second.affine(), atol=1e-4)
    other = tfuq("predict", run, "--input", folder, *out, "--series", first.series)
    assert_refused(other, "holds case 'two'", second.series, "--overwrite")
    checked = tfuq("doctor", run)
    assert checked.exit_code in (0, 1), checked.output
    nifti = tfuq("predict", run, "--series", first.series, *out)
    assert_refused(nifti, "--series", "is no DICOM series")


def dicom_set(root, cases=6):
    """A data set in the folder layout: series as scanners write them, one of frames in one file."""
    for index in range(cases):
        scan, label = ball_scan(index, (AXIAL, CORONAL, OBLIQUE)[index % 3])
        name = f"ball_{index:03d}"
        if index == 1:
            scan.enhanced(root / "image" / f"{name}.dcm")
        else:
            scan.write(root / "image" / name, sop_class=MR)
        (root / "label").mkdir(exist_ok=True)
        # As dcm2niix writes it: rows upwards.
        flip = np.diag([1.0, -1.0, 1.0, 1.0])
        flip[1, 3] = label.shape[1] - 1
        nifti = nibabel.Nifti1Image(label[:, ::-1].astype(np.uint8), scan.affine() @ flip)
        nibabel.save(nifti, root / "label" / f"{name}.nii.gz")
    return root


@pytest.mark.slow
def test_a_dicom_data_set_goes_all_the_way(tfuq, tmp_path):
    root = dicom_set(tmp_path / "set")
    data = {"layout": "folder", "split": LISTED_SPLIT}
    (tmp_path / "config.yaml").write_text(settings(root, data=data).dump())
    for command in (
        ("data", "check", tmp_path / "config.yaml"),
        ("train", tmp_path / "config.yaml", "--run", tmp_path / "run"),
        ("predict", tmp_path / "run", "--dicom"),
        ("score", tmp_path / "run" / "predictions" / "mc-dropout"),
    ):
        result = tfuq(*command)
        assert result.exit_code == 0, result.output + result.stderr
    predictions = tmp_path / "run" / "predictions" / "mc-dropout"
    assert len(list(predictions.glob("*/label.dcm"))) == 2
    for path in tmp_path.joinpath("run").rglob("*"):
        assert not path.is_file() or b"Hopper" not in path.read_bytes(), path


def test_labels_of_a_dicom_data_set_lie_on_their_scans(tmp_path):
    from tfuq.data.cases import read_case_image, read_label
    from tfuq.data.layouts import cases_of

    root = dicom_set(tmp_path / "set", cases=3)
    config = settings(root, data={"layout": "folder"})
    cases = cases_of(config.data)
    assert [case.id for case in cases] == ["ball_000", "ball_001", "ball_002"]
    for index, case in enumerate(cases):
        _, expected = ball_scan(index)
        label = read_label(config, case, read_case_image(case))
        np.testing.assert_array_equal(label.array, expected)
