"""Labels from structure sets: names of ROIs become classes, contours become voxels."""

import logging
import re

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from tests.support.radiotherapy import FRAME, OTHER_FRAME, ring, write_rtstruct
from tfuq.config.text import read_yaml
from tfuq.data.cases import Case, read_case_label, written_values
from tfuq.data.cases.structures import read_structures
from tfuq.data.contours import filled
from tfuq.data.readers.dicom_objects import require_same_frame
from tfuq.data.volume import Volume
from tfuq.errors import DataError

AFFINE = np.diag([-1.5, 1.5, 3.0, 1.0])
GRID = Volume(np.zeros((40, 36, 8), np.uint8), AFFINE)
CLASSES = ("background", "lung", "tumour")


def disc(centre, radius, planes=range(2, 6)):
    return [ring(centre, radius, plane, AFFINE) for plane in planes]


def case_of(path, **names):
    return Case("a", (), path, classes=CLASSES, structure_names=names)


LUNG = disc((18, 18), 12)
TUMOUR = disc((22, 18), 4)


def test_each_class_is_the_roi_of_its_name(tmp_path):
    path = write_rtstruct(
        tmp_path / "a.dcm", {"BODY": disc((19, 18), 16), "lung": LUNG, "tumour": TUMOUR}
    )
    label = read_structures(path, case_of(path), GRID)
    lung = filled(LUNG, GRID).mask
    tumour = filled(TUMOUR, GRID).mask
    np.testing.assert_array_equal(label.array == 2, tumour)
    np.testing.assert_array_equal(label.array == 1, lung & ~tumour)
    assert label.same_grid(GRID)
    assert written_values(case_of(path)) == []


def test_label_values_say_nothing_of_names(tmp_path):
    path = write_rtstruct(tmp_path / "a.dcm", {"lung": LUNG, "tumour": TUMOUR})
    plain = read_case_label(case_of(path), GRID, 3, None)
    other = read_case_label(case_of(path), GRID, 3, {0: 0, 255: 1})
    np.testing.assert_array_equal(plain.array, other.array)
    assert set(np.unique(plain.array)) == {0, 1, 2}


def test_upper_and_lower_case_and_other_names(tmp_path):
    left, right = disc((10, 18), 6), disc((28, 18), 6)
    path = write_rtstruct(tmp_path / "a.dcm", {"Lung_L": left, "Lung_R": right, "TUMOUR": TUMOUR})
    label = read_structures(path, case_of(path, Lung_L="lung", Lung_R="lung"), GRID).array
    union = filled(left, GRID).mask | filled(right, GRID).mask
    np.testing.assert_array_equal(label > 0, union | filled(TUMOUR, GRID).mask)


def test_a_roi_without_contours_is_absent(tmp_path):
    path = write_rtstruct(tmp_path / "a.dcm", {"lung": LUNG, "tumour": []})
    label = read_structures(path, case_of(path), GRID).array
    assert set(np.unique(label)) == {0, 1}


def test_what_is_used_and_what_is_not_is_said_once(tmp_path, caplog):
    path = write_rtstruct(
        tmp_path / "a.dcm",
        {"couch": [], "lung": [*LUNG, *disc((18, 60), 3)], "GTV": disc((22, 18), 4, (2, 4, 5))},
    )
    with caplog.at_level(logging.INFO, "tfuq"):
        for _ in range(2):
            read_structures(path, case_of(path, GTV="tumour"), GRID)
    said = "\n".join(record.getMessage() for record in caplog.records)
    overlap = filled(LUNG, GRID).mask & filled(disc((22, 18), 4, (2, 4, 5)), GRID).mask
    assert said.splitlines() == [
        f"{path}: 4 of 8 contours of ROI 'lung' leave the scan; they are cut off",
        f"{path}: ROI 'GTV' has no contour on 1 planes within it; it is empty there",
        f"{path}: {overlap.sum()} voxels of 'tumour' lie in an earlier class too; they are 'tumour'",
        f"{path}: 'lung' → lung, 8 contours; 'GTV' → tumour, 3 contours; of no class: 'couch'",
    ]


@pytest.mark.parametrize(
    ("rois", "names", "proposed"),
    [
        (["BODY", "lung", "Tumor"], {}, {"Tumor": "tumour"}),
        (["x", "lung_L", "tumour_1"], {"x": "lung"}, {"x": "lung", "tumour_1": "tumour"}),
        (["lung", "1: tumour,"], {}, {"1: tumour,": "tumour"}),
    ],
)
def test_a_similar_name_is_proposed_in_yaml(rois, names, proposed, tmp_path):
    path = write_rtstruct(tmp_path / "a.dcm", dict.fromkeys(rois, LUNG))
    with pytest.raises(DataError) as refused:
        read_structures(path, case_of(path, **names), GRID)
    (text,) = re.findall(r"data.structure_names, as in (\{.*\})", str(refused.value))
    assert read_yaml(text, "") == proposed
    assert read_structures(path, case_of(path, **read_yaml(text, "")), GRID).array.any()


def test_no_other_name_is_proposed(tmp_path):
    path = write_rtstruct(tmp_path / "a.dcm", {"BODY": LUNG, "lung": LUNG})
    with pytest.raises(DataError, match=r"by --structure-names of .* or data.structure_names$"):
        read_structures(path, case_of(path), GRID)


def test_words_of_yaml_are_quoted(tmp_path):
    path = write_rtstruct(tmp_path / "a.dcm", {"yes": LUNG, "Tumor": TUMOUR})
    with pytest.raises(DataError, match=r'as in {"yes": lung, Tumor: tumour}$'):
        read_structures(path, case_of(path, yes="lung"), GRID)


@pytest.mark.parametrize(
    ("rois", "words"),
    [
        ({"lung": LUNG, "GTV": TUMOUR}, "has no ROI for the class 'tumour', only 'lung', 'GTV'"),
        ({"lung": LUNG, "Tumour": TUMOUR, "TUMOUR": TUMOUR}, "'Tumour' and 'TUMOUR' may both be"),
        ({"lung": LUNG, "tumour": disc((22, 18), 4, (2.5,))}, "ROI 'tumour': a contour lies betw"),
        ({"lung": LUNG, "tumour": disc((22, 18), 4, (20, 21))}, "holds no voxel of the scan"),
        ({"lung": LUNG, "tumour": disc((22, 18), 4, (0, 2, 4))}, "interpolate them"),
    ],
)
def test_structures_that_do_not_fit_are_refused(rois, words, tmp_path):
    path = write_rtstruct(tmp_path / "a.dcm", rois)
    with pytest.raises(DataError, match=words):
        read_structures(path, case_of(path), GRID)


def test_contours_of_another_scan_are_refused(tmp_path):
    path = write_rtstruct(tmp_path / "a.dcm", {"lung": LUNG, "tumour": TUMOUR})
    require_same_frame(path, FRAME, [tmp_path / "scan.nii.gz"])  # which has none
    require_same_frame(path, None, [path])
    scan = with_frame(tmp_path / "ct.dcm", OTHER_FRAME)
    case = Case("a", (scan,), path, classes=CLASSES)
    with pytest.raises(DataError, match=f"frame of reference {FRAME} is not that of {scan}"):
        read_structures(path, case, GRID)
    same = Case("a", (with_frame(tmp_path / "same.dcm", FRAME),), path, classes=CLASSES)
    assert read_structures(path, same, GRID).array.any()


def with_frame(path, frame):
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.FrameOfReferenceUID = frame
    dataset.save_as(path)
    return path
