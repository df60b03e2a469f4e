"""NIfTI files as they are written."""

import nibabel
import numpy as np

from tfuq.data.readers import read
from tfuq.data.writers import write_nifti


def test_two_dimensional_nifti_comes_back_two_dimensional(tmp_path):
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 5), np.float32), np.eye(4)), tmp_path / "a.nii.gz")
    volume = read(tmp_path / "a.nii.gz")
    assert volume.array.shape == (4, 5, 1)
    write_nifti(tmp_path / "b.nii.gz", volume)
    assert nibabel.load(tmp_path / "b.nii.gz").shape == (4, 5)
    channels = volume.with_array(np.stack([volume.array] * 3, -1))
    write_nifti(tmp_path / "c.nii.gz", channels)
    assert nibabel.load(tmp_path / "c.nii.gz").shape == (4, 5, 1, 3)
    assert read(tmp_path / "c.nii.gz").same_grid(volume)
