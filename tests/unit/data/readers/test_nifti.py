"""NIfTI and Analyze files: what they hold, and the one line that a damaged one is refused with."""

import gzip
import struct

import nibabel
import numpy as np
import pytest

from tests.support.itk import corners, itk_corners, write_itk
from tests.support.volumes import TILTED
from tfuq.data.readers.nifti import read_affine, read_nifti
from tfuq.errors import DataError


def test_nifti_keeps_array_affine_and_codes(tmp_path):
    array = np.random.default_rng(0).normal(size=(5, 6, 7)).astype(np.float32)
    image = nibabel.Nifti1Image(array, TILTED)
    image.set_qform(TILTED, 1)
    image.set_sform(TILTED, 4)
    nibabel.save(image, tmp_path / "a.nii.gz")
    volume = read_nifti(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(volume.array, array)
    np.testing.assert_allclose(volume.affine, TILTED, atol=1e-5)
    assert volume.header.codes == (1, 4)
    np.testing.assert_allclose(volume.spacing, [0.9487, 0.9487, 2], atol=1e-3)
    assert volume.voxel_volume == pytest.approx(0.9 * 2)


def test_analyze_pair_reads_by_either_name(tmp_path):
    array = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    nibabel.save(nibabel.Spm2AnalyzeImage(array, np.diag([2, 2, 3, 1.0])), tmp_path / "a.img")
    for name in ("a.img", "a.hdr"):
        volume = read_nifti(tmp_path / name)
        np.testing.assert_array_equal(volume.array, array)
        np.testing.assert_allclose(volume.spacing, [2, 2, 3])
        assert volume.header.codes == (0, 2)


@pytest.mark.parametrize(("written", "named"), [("a.nii.gz", "b.nii"), ("a.nii", "b.nii.gz")])
@pytest.mark.parametrize("is_label", [False, True])
def test_the_content_tells_whether_it_is_compressed(tmp_path, written, named, is_label):
    array = np.random.default_rng(0).integers(0, 99, (5, 6, 7)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(array, TILTED), tmp_path / written)
    (tmp_path / written).rename(tmp_path / named)
    volume = read_nifti(tmp_path / named, is_label=is_label)
    np.testing.assert_array_equal(volume.array, array)
    np.testing.assert_allclose(volume.affine, TILTED, atol=1e-5)


def corrupt(content: bytes, how: str) -> bytes:
    if how == "truncated":
        return content[: len(content) // 2]
    if how == "header only":
        return content[:100]
    if how == "wrong magic":
        return content[:344] + b"xxxx" + content[348:]
    if how == "huge dimensions":
        return content[:40] + struct.pack("<8h", 3, 32000, 32000, 32000, 1, 1, 1, 1) + content[56:]
    return b""


@pytest.mark.parametrize(
    "how", ["truncated", "header only", "wrong magic", "huge dimensions", "empty"]
)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_damaged_nifti_is_one_clear_line(tmp_path, how, suffix):
    array = np.random.default_rng(0).normal(size=(9, 9, 9)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), tmp_path / "good.nii")
    damaged = corrupt((tmp_path / "good.nii").read_bytes(), how)
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(gzip.compress(damaged) if suffix.endswith("gz") else damaged)
    with pytest.raises(
        DataError,
        match="of memory that are free" if how == "huge dimensions" else "not a readable NIfTI",
    ) as error:
        read_nifti(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def saved(path, array, affine=None, kind=nibabel.Nifti1Image):
    nibabel.save(kind(array, np.eye(4) if affine is None else affine), path)
    return path


def test_two_axes_are_one_slice_and_the_fourth_is_channels(tmp_path):
    flat = read_nifti(saved(tmp_path / "a.nii", np.ones((4, 5), np.float32)))
    assert (flat.shape, flat.array.ndim, flat.ndim) == ((4, 5, 1), 3, 2)
    channels = np.random.default_rng(0).random((4, 5, 2, 3)).astype(np.float32)
    volume = read_nifti(saved(tmp_path / "b.nii", channels))
    np.testing.assert_array_equal(volume.array, channels)


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_components_of_itk_are_channels(tmp_path, axes, suffix):
    """Its files are of the shape (X, Y, Z, 1, C)."""
    array = np.random.default_rng(0).random((5, 4, 3, 2)[4 - axes - 1 :]).astype(np.float32)
    path = write_itk(tmp_path / f"a{suffix}", array, axes=axes, direction=-np.eye(axes))
    assert nibabel.load(path).ndim == 5
    volume = read_nifti(path)
    np.testing.assert_array_equal(volume.array, array if axes == 3 else array[:, :, None])
    expected = itk_corners(path)
    actual = corners(volume.affine, volume.shape[:axes])
    np.testing.assert_allclose(actual, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("axes", "kept"),
    [
        ((5, 4, 3, 1, 1), (5, 4, 3)),
        ((5, 4, 3, 2, 1), (5, 4, 3, 2)),
        ((5, 4, 3, 1, 1, 2), (5, 4, 3, 2)),
        ((5, 4, 3, 1), (5, 4, 3, 1)),
    ],
)
def test_axes_of_length_1_are_no_channels(tmp_path, axes, kept):
    array = np.random.default_rng(0).random(axes).astype(np.float32)
    volume = read_nifti(saved(tmp_path / "a.nii", array))
    np.testing.assert_array_equal(volume.array, array.reshape(kept))


def coloured(array):
    """As NIfTI holds red, green and blue."""
    return array.view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]


@pytest.mark.parametrize("sizes", [(5, 4, 3), (5, 4)])
def test_colours_are_channels(tmp_path, sizes):
    array = np.random.default_rng(0).integers(0, 255, (*sizes, 3)).astype(np.uint8)
    path = saved(tmp_path / "a.nii", coloured(array))
    volume = read_nifti(path)
    np.testing.assert_array_equal(volume.array, array.reshape(5, 4, -1, 3))
    assert volume.array.dtype == np.float32
    with pytest.raises(DataError, match="and none of colours"):
        read_nifti(saved(tmp_path / "b.nii", coloured(np.zeros((5, 4, 3, 2, 3), np.uint8))))


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_slope_and_intercept_are_applied_in_either_version(tmp_path, kind, suffix):
    stored = np.arange(24, dtype=np.int16).reshape(4, 3, 2)
    image = kind(stored, np.eye(4))
    image.header.set_slope_inter(2.0, -10.0)
    nibabel.save(image, tmp_path / f"a{suffix}")
    written = nibabel.load(tmp_path / f"a{suffix}").get_fdata(dtype=np.float32)
    volume = read_nifti(tmp_path / f"a{suffix}")
    np.testing.assert_allclose(volume.array, written)
    assert volume.array.dtype == np.float32


def test_a_file_without_codes_keeps_them(tmp_path):
    image = nibabel.Nifti1Image(np.ones((3, 3, 3), np.float32), np.eye(4))
    image.set_qform(None, 0)
    image.set_sform(None, 0)
    nibabel.save(image, tmp_path / "a.nii")
    assert read_nifti(tmp_path / "a.nii").header.codes == (0, 0)


@pytest.mark.parametrize(
    ("array", "affine", "words"),
    [
        (np.ones((2, 2, 2, 2, 2), np.float32), np.eye(4), "only one axis after the third"),
        (np.ones(4, np.float32), np.eye(4), "which must have 2 to 4 axes"),
        (np.ones((2, 2, 2), np.complex64), np.eye(4), "which must be a real number"),
        (np.array([1, np.nan, np.inf], np.float32).reshape(3, 1, 1), None, "2 voxels are NaN"),
        (np.ones((2, 2, 2), np.float32), np.diag([1, 1, 1e-9, 1.0]), "affine is singular"),
    ],
)
def test_what_is_no_volume_is_refused(tmp_path, array, affine, words):
    path = saved(tmp_path / "a.nii", array, affine)
    with pytest.raises(DataError, match=words) as refused:
        read_nifti(path)
    assert str(path) in str(refused.value)


def test_an_analyze_pair_is_read_only_with_both_files(tmp_path):
    array = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    saved(tmp_path / "a.img", array, kind=nibabel.Spm2AnalyzeImage)
    (tmp_path / "a.img").write_bytes((tmp_path / "a.img").read_bytes()[:-1])
    with pytest.raises(DataError, match="claims 120 bytes, more than the 119"):
        read_nifti(tmp_path / "a.img")
    (tmp_path / "a.hdr").unlink()
    with pytest.raises(DataError, match="not a readable NIfTI or Analyze file"):
        read_nifti(tmp_path / "a.img")


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
@pytest.mark.parametrize("is_compressed", [False, True])
def test_the_affine_alone_is_read_by_content_not_by_name(tmp_path, name, is_compressed):
    affine = nibabel.affines.from_matvec(np.diag([-1.0, 3.0, 2.0]), [4.0, 5.0, 6.0])
    content = nibabel.Nifti1Image(np.zeros((4, 3, 2), np.float32), affine).to_bytes()
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if is_compressed else content)
    np.testing.assert_allclose(read_affine(path), affine)
