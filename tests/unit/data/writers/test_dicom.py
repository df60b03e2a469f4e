"""Labels as DICOM SEG and maps as parametric maps, read back by highdicom, pydicom and SimpleITK."""

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK

from tests.support.dicom import OBLIQUE, Scan, noise
from tfuq.data.readers import read
from tfuq.data.readers.dicom.source import read_source
from tfuq.data.writers import dicom
from tfuq.data.writers.dicom import (
    Algorithm,
    Quantity,
    require_highdicom,
    write_parametric_map,
    write_segmentation,
)
from tfuq.errors import DataError, TfuqError

ALGORITHM = Algorithm(name="tfuq vi", version="0.1.0", serial="ab12", parameters={"samples": "20"})
ENTROPY = Quantity(
    name="predictive_entropy", title="predictive entropy", unit="nat", low=0.0, high=np.log(3)
)
# GDCM, of SimpleITK, misreads bits of frames that do not end with a byte.
SCAN = Scan(noise((6, 8, 9)), OBLIQUE)


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    """A folder of a series in another order, its volume and its headers."""
    folder = SCAN.write(tmp_path_factory.mktemp("scan"), order=[3, 1, 0, 2, 5, 4])
    return read(folder), read_source(folder)


def a_label(volume):
    label = np.random.default_rng(0).integers(0, 3, volume.shape).astype(np.uint8)
    label[:, :, 2] = 0
    return volume.with_array(label)


def frames_by_position(file, pixels):
    """Frames by segment and rounded position, of a file read by pydicom alone."""
    frames = {}
    for group, frame in zip(file.PerFrameFunctionalGroupsSequence, pixels, strict=True):
        position = group.PlanePositionSequence[0].ImagePositionPatient
        segment = 0
        if "SegmentIdentificationSequence" in group:
            segment = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        frames[segment, tuple(round(float(x), 3) for x in position)] = frame
    return frames


def expected_frames(array):
    frames = {}
    for index in range(array.shape[2]):
        frames[tuple(round(float(x), 3) for x in SCAN.position(index))] = array[:, :, index].T
    return frames


def test_each_segment_has_its_voxels_at_the_places_of_the_slices(tmp_path, scan):
    volume, source = scan
    label = a_label(volume)
    write_segmentation(tmp_path / "a.dcm", label, source, ["rest", "ball", "core"], ALGORITHM)
    file = pydicom.dcmread(tmp_path / "a.dcm")
    by_itk = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(tmp_path / "a.dcm")) > 0
    np.testing.assert_array_equal(by_itk, file.pixel_array)
    frames = frames_by_position(file, by_itk)
    for segment in (1, 2):
        for position, expected in expected_frames(label.array == segment).items():
            frame = frames.pop((segment, position), np.zeros(expected.shape))
            np.testing.assert_array_equal(frame, expected)
    assert not frames


def test_a_segmentation_names_its_segments_and_what_made_it(tmp_path, scan):
    volume, source = scan
    classes = ["rest", "Läsion", "a\\b" + "c" * 90]
    write_segmentation(tmp_path / "a.dcm", a_label(volume), source, classes, ALGORITHM)
    seg = highdicom.seg.segread(tmp_path / "a.dcm")
    first, second = (seg.get_segment_description(number) for number in (1, 2))
    assert (first.SegmentLabel, second.SegmentLabel) == ("Läsion", "a/b" + "c" * 61)
    assert first.segmented_property_category.value == "91723000"
    assert first.segmented_property_type.scheme_designator == "SCT"
    assert first.SegmentAlgorithmType == "AUTOMATIC"
    (algorithm,) = first.SegmentationAlgorithmIdentificationSequence
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("tfuq vi", "0.1.0")
    assert (seg.Manufacturer, seg.SoftwareVersions) == ("tfuq", "0.1.0")
    assert (seg.SeriesNumber, seg.SeriesDescription) == (301, "tfuq label")


def test_a_label_without_any_structure_is_written(tmp_path, scan):
    volume, source = scan
    empty = volume.with_array(np.zeros(volume.shape, np.uint8))
    write_segmentation(tmp_path / "a.dcm", empty, source, ["rest", "ball"], ALGORITHM)
    assert not pydicom.dcmread(tmp_path / "a.dcm").pixel_array.any()


def test_a_map_keeps_its_numbers_to_the_bit_and_says_its_unit(tmp_path, scan):
    volume, source = scan
    numbers = np.random.default_rng(0).random(volume.shape) * np.log(3)
    entropy = volume.with_array(numbers.astype(np.float32))
    entropy.array[0, 0, 0] = np.nextafter(np.float32(np.log(3)), np.float32(2))
    write_parametric_map(tmp_path / "a.dcm", entropy, source, ENTROPY, ALGORITHM, 2)
    file = pydicom.dcmread(tmp_path / "a.dcm")
    frames = frames_by_position(file, file.pixel_array)
    for position, expected in expected_frames(entropy.array).items():
        np.testing.assert_array_equal(frames[0, position], expected)
    image = highdicom.imread(tmp_path / "a.dcm")
    assert image.get_volume().array.max() == entropy.array.max()
    mapping = image.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "{nat}"
    (definition,) = mapping.QuantityDefinitionSequence
    concept = definition.ConceptCodeSequence[0]
    assert concept.CodeMeaning == "predictive entropy"
    assert concept.CodingSchemeDesignator == "99TFUQ"
    assert (image.InstanceNumber, image.FrameOfReferenceUID) == (2, SCAN.frame_of_reference)


def test_a_constant_map_is_written(tmp_path, scan):
    volume, source = scan
    constant = volume.with_array(np.zeros(volume.shape, np.float32))
    share = Quantity(name="share", title="share", unit="1", low=0, high=1)
    write_parametric_map(tmp_path / "a.dcm", constant, source, share, ALGORITHM)
    assert not pydicom.dcmread(tmp_path / "a.dcm").pixel_array.any()


def test_headers_that_do_not_allow_it_are_refused_and_nothing_is_left(tmp_path, scan):
    volume, source = scan
    broken = type(source)(headers=source.headers[:3], slices=source.slices)
    with pytest.raises(DataError, match="highdicom cannot make it of the scan's headers"):
        write_segmentation(
            tmp_path / "a.dcm", a_label(volume), broken, ["rest", "ball", "core"], ALGORITHM
        )
    assert not list(tmp_path.iterdir())


def test_without_highdicom_it_says_what_to_install(monkeypatch):
    require_highdicom()
    monkeypatch.setattr(dicom, "find_spec", lambda name: None)
    with pytest.raises(TfuqError, match=r"pip install 'tfuq\[dicom\]'"):
        require_highdicom()
