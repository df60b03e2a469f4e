"""NIfTI and Analyze files: what they hold, and the one line that a damaged one is refused with."""

import gzip
import struct

import nibabel
import numpy as np
import pytest

from tests.support.volumes import TILTED
from tfuq.data.readers import read
from tfuq.data.writers import write_nifti
from tfuq.errors import DataError


def test_nifti_keeps_array_affine_and_codes(tmp_path):
    array = np.random.default_rng(0).normal(size=(5, 6, 7)).astype(np.float32)
    image = nibabel.Nifti1Image(array, TILTED)
    image.set_qform(TILTED, 1)
    image.set_sform(TILTED, 4)
    nibabel.save(image, tmp_path / "a.nii.gz")
    volume = read(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(volume.array, array)
    np.testing.assert_allclose(volume.affine, TILTED, atol=1e-5)
    assert volume.codes == (1, 4)
    np.testing.assert_allclose(volume.spacing, [0.9487, 0.9487, 2], atol=1e-3)
    assert volume.voxel_volume == pytest.approx(0.9 * 2)
    write_nifti(tmp_path / "b.nii.gz", volume)
    again = nibabel.load(tmp_path / "b.nii.gz")
    np.testing.assert_array_equal(again.get_fdata(dtype=np.float32), array)
    assert (int(again.header["qform_code"]), int(again.header["sform_code"])) == (1, 4)
    np.testing.assert_allclose(again.affine, image.affine, atol=1e-6)


def test_analyze_pair_reads_by_either_name(tmp_path):
    array = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    nibabel.save(nibabel.Spm2AnalyzeImage(array, np.diag([2, 2, 3, 1.0])), tmp_path / "a.img")
    for name in ("a.img", "a.hdr"):
        volume = read(tmp_path / name)
        np.testing.assert_array_equal(volume.array, array)
        np.testing.assert_allclose(volume.spacing, [2, 2, 3])
        assert volume.codes == (0, 2)


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
        read(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
