"""Spatial headers: what a scan says of its place is copied to what is written for it."""

import nibabel
import numpy as np
import pytest

from tests.support.headers import FLIPPED, PLAIN, ROWS, SHEARED, SIZES, Row, corners
from tests.support.orientations import NAMES
from tests.support.volumes import TILTED, smooth_volume
from tfuq.data.headers import SpatialHeader
from tfuq.data.orientation import Turn
from tfuq.data.readers import read
from tfuq.data.volume import Volume, turned
from tfuq.data.writers import write_nifti
from tfuq.errors import DataError

FIELDS = ("qform_code", "sform_code", "quatern_b", "qoffset_x", "srow_y", "xyzt_units")


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("channels", [(), (3,)])
def test_what_is_written_for_a_scan_lies_on_it(name, channels, tmp_path):
    scan = ROWS[name].write(tmp_path / "scan.nii")
    volume = read(scan)
    written = tmp_path / "map.nii.gz"
    write_nifti(written, volume.with_array(np.zeros((*volume.shape, *channels), np.uint8)))
    expected = corners(scan)
    actual = corners(written)
    assert set(actual) == set(expected)
    for viewer, places in expected.items():
        np.testing.assert_allclose(actual[viewer], places, atol=1e-3, err_msg=viewer)
    headers = nibabel.load(scan).header, nibabel.load(written).header
    for field in FIELDS:
        np.testing.assert_array_equal(headers[1][field], headers[0][field])
    np.testing.assert_array_equal(headers[1]["pixdim"][:4], headers[0]["pixdim"][:4])


@pytest.mark.parametrize("name", ROWS)
def test_voxels_measure_what_they_do_in_millimetres(name, tmp_path):
    row = ROWS[name]
    volume = read(row.write(tmp_path / "scan.nii"))
    assert volume.voxel_volume == pytest.approx(row.voxel, rel=1e-5)
    again = volume.with_array(np.zeros(volume.shape, np.uint8))
    write_nifti(tmp_path / "label.nii.gz", again)
    assert read(tmp_path / "label.nii.gz").same_grid(volume)


def test_places_are_in_millimetres(tmp_path):
    volume = read(ROWS["microns"].write(tmp_path / "scan.nii"))
    np.testing.assert_allclose(volume.affine, np.diag([0.9, 0.9, 1.5, 1]), atol=1e-6)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (SIZES, "1×1×1 by its sform and 1.316×1.316×10 by its pixdim"),
        (FLIPPED, "turned against each other by 180°"),
    ],
)
def test_a_header_that_contradicts_itself_is_refused(row, words, tmp_path):
    path = row.write(tmp_path / "scan.nii")
    with pytest.raises(DataError, match=words) as error:
        read(path)
    assert str(path) in str(error.value)
    assert "image.set_sform(image.get_qform(), 1)" in str(error.value)


def test_the_advice_mends_the_header(tmp_path):
    image = nibabel.load(SIZES.write(tmp_path / "scan.nii"))
    image.set_sform(image.get_qform(), 1)
    nibabel.save(image, tmp_path / "mended.nii")
    assert read(tmp_path / "mended.nii").voxel_volume == pytest.approx(1.31579**2 * 10, rel=1e-5)
    image = nibabel.load(SIZES.write(tmp_path / "scan.nii"))
    image.set_qform(image.get_sform(), 1)
    nibabel.save(image, tmp_path / "other.nii")
    assert read(tmp_path / "other.nii").voxel_volume == pytest.approx(1, rel=1e-5)


def test_a_tilted_gantry_is_no_contradiction(tmp_path):
    """Its slices are 3 mm apart, and the line through their corners is longer."""
    tilted = np.eye(4)
    tilted[:3, 2] = 0, 3 * np.tan(np.deg2rad(25)), 3
    qform = np.diag([1.0, 1, 3, 1])
    assert read(Row((qform, 0), (tilted, 1), 3).write(tmp_path / "a.nii")).voxel_volume == (
        pytest.approx(3)
    )
    longer = np.diag([1.0, 1, 3 / np.cos(np.deg2rad(25)), 1])
    assert read(Row((longer, 0), (tilted, 1), 3).write(tmp_path / "b.nii")).voxel_volume == (
        pytest.approx(3)
    )


def test_an_unknown_unit_of_length_is_refused(tmp_path):
    path = ROWS["plain"].write(tmp_path / "scan.nii")
    content = bytearray(path.read_bytes())
    content[123] = 5  # xyzt_units
    path.write_bytes(content)
    with pytest.raises(DataError, match="its unit of length has the number 5"):
        read(path)


def test_rounding_of_a_quaternion_is_no_contradiction(tmp_path):
    """Of turns by about 180°, which single precision stores least well."""
    for number, name in enumerate(NAMES):
        volume = turned(smooth_volume(channels=1), Turn.to(TILTED, name))
        path = tmp_path / f"{number}.nii"
        image = nibabel.Nifti1Image(volume.array[..., 0], volume.affine)
        image.set_qform(volume.affine, 1)
        nibabel.save(image, path)
        again = read(path)
        np.testing.assert_allclose(again.affine, volume.affine, atol=1e-5)
        assert again.header.apart(again.shape) < 1e-2


def test_a_header_made_of_an_affine_says_that_affine(tmp_path):
    write_nifti(tmp_path / "a.nii.gz", Volume(np.zeros((3, 4, 5), np.uint8), PLAIN))
    image = nibabel.load(tmp_path / "a.nii.gz")
    np.testing.assert_allclose(image.get_sform(), PLAIN, atol=1e-5)
    np.testing.assert_allclose(image.get_qform(), PLAIN, atol=1e-5)
    assert SpatialHeader.of_affine(SHEARED, (1, 4)).codes == (1, 4)


def test_apart_is_the_distance_of_the_corner_that_moves_most(tmp_path):
    moved = PLAIN.copy()
    moved[:3, 3] += 3, 0, 4
    header = read(Row((PLAIN, 1), (moved, 1), 4.32).write(tmp_path / "a.nii")).header
    assert header.apart((18, 17, 15)) == pytest.approx(5, rel=1e-5)
    assert read(ROWS["plain"].write(tmp_path / "b.nii")).header.apart((9, 9, 9)) < 1e-4
    assert read(ROWS["qform alone"].write(tmp_path / "c.nii")).header.apart((9, 9, 9)) is None
