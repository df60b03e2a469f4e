"""NIfTI files as they are written: what nibabel reads of them."""

import gzip

import nibabel
import numpy as np
import pytest
import SimpleITK

from tests.support.volumes import TILTED
from tfuq.data.headers import SpatialHeader
from tfuq.data.readers import read
from tfuq.data.volume import Volume
from tfuq.data.writers import nifti
from tfuq.data.writers.compression import compressing
from tfuq.data.writers.nifti import write_nifti
from tfuq.errors import DataError


def test_array_affine_and_codes_are_those_of_the_volume(tmp_path):
    array = np.random.default_rng(0).normal(size=(5, 6, 7)).astype(np.float32)
    write_nifti(
        tmp_path / "a.nii.gz", Volume(array, TILTED, SpatialHeader.of_affine(TILTED, (1, 4)))
    )
    image = nibabel.load(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(image.get_fdata(dtype=np.float32), array)
    assert (int(image.header["qform_code"]), int(image.header["sform_code"])) == (1, 4)
    np.testing.assert_allclose(image.affine, TILTED, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_the_data_type_is_kept(tmp_path, dtype):
    write_nifti(tmp_path / "a.nii.gz", Volume(np.ones((2, 3, 4), dtype), np.eye(4)))
    assert nibabel.load(tmp_path / "a.nii.gz").get_data_dtype() == dtype


def test_the_same_volume_is_written_as_the_same_bytes(tmp_path, monkeypatch):
    volume = Volume(np.ones((2, 3, 4), np.uint8), np.eye(4))
    for name, now in (("a.nii.gz", 1e9), ("b.nii.gz", 2e9)):
        monkeypatch.setattr("time.time", lambda now=now: now)
        write_nifti(tmp_path / name, volume)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_two_dimensional_nifti_comes_back_two_dimensional(tmp_path):
    volume = Volume(np.ones((4, 5, 1), np.float32), np.eye(4), ndim=2)
    write_nifti(tmp_path / "b.nii.gz", volume)
    assert nibabel.load(tmp_path / "b.nii.gz").shape == (4, 5)
    channels = volume.with_array(np.stack([volume.array] * 3, -1))
    write_nifti(tmp_path / "c.nii.gz", channels)
    assert nibabel.load(tmp_path / "c.nii.gz").shape == (4, 5, 1, 3)
    assert read(tmp_path / "c.nii.gz").same_grid(volume)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none_are_not_written(tmp_path, value):
    array = np.ones((2, 3, 4), np.float32)
    array[1, 2, 3] = value
    with pytest.raises(DataError, match=r"a.nii.gz: is not written, as voxels of it are NaN"):
        write_nifti(tmp_path / "a.nii.gz", Volume(array, np.eye(4)))
    assert not (tmp_path / "a.nii.gz").exists()


@pytest.mark.parametrize("limits", [{}, {"_LEAST_PLANES": 2, "_LEAST_BYTES": 1}], ids=len)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, ">f4"])
@pytest.mark.parametrize(
    ("shape", "ndim"), [((5, 4, 7), 3), ((5, 4, 7, 3), 3), ((5, 4, 1), 2), ((5, 4, 1, 2), 2)]
)
def test_files_have_the_bytes_that_nibabel_writes(
    tmp_path, shape, ndim, dtype, limits, monkeypatch
):
    """But for their compression, of which other programs read the same numbers."""
    for name, limit in limits.items():
        monkeypatch.setattr(nifti, name, limit)
    array = (100 * np.random.default_rng(0).random(shape)).astype(dtype)
    spatial = SpatialHeader.of_affine(TILTED, (1, 4))
    write_nifti(tmp_path / "a.nii.gz", Volume(array, TILTED, spatial, ndim))
    header = nibabel.Nifti1Header()
    header.set_data_dtype(array.dtype.newbyteorder("="))
    spatial.copy_to(header)
    own = array[:, :, 0] if (ndim, array.ndim) == (2, 3) else array
    expected = nibabel.Nifti1Image(own, None, header).to_bytes()
    assert gzip.decompress((tmp_path / "a.nii.gz").read_bytes()) == expected
    by_itk = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "a.nii.gz")))
    np.testing.assert_array_equal(by_itk.T.squeeze(), own.squeeze())


@pytest.mark.parametrize(
    ("channels", "shape", "message"),
    [(1, (2, 3, 4), "1 channels where 2"), (2, (2, 3, 5), "where .2, 3, 4. is needed")],
)
def test_a_file_that_lacks_voxels_does_not_appear(tmp_path, channels, shape, message):
    def write():
        grid = Volume(np.zeros((2, 3, 4)), np.eye(4))
        with (
            compressing() as compressor,
            nifti.nifti_stream(tmp_path / "a.nii.gz", grid, np.dtype("f4"), 2, compressor) as file,
        ):
            for _ in range(channels):
                file.add(np.zeros(shape, np.float32))

    with pytest.raises(ValueError, match=message):
        write()
    assert not (tmp_path / "a.nii.gz").exists()
