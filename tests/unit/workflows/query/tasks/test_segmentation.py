"""The information of a segmented volume."""

import numpy as np
import pytest

from tests.support.data_files import write_nifti_file
from tfuq.workflows.query.tasks import segmentation


def test_it_is_the_mean_of_a_map(tmp_path):
    rng = np.random.default_rng(0)
    maps = {}
    for name in ("mutual_information", "predictive_entropy"):
        maps[name] = rng.random((3, 4, 5)).astype(np.float32)
        write_nifti_file(tmp_path / f"{name}.nii.gz", maps[name])
    queried = segmentation.QUERIED["segmentation"]
    assert queried.information(tmp_path, []) == pytest.approx(maps["mutual_information"].mean())
    assert queried.of_one_sample(tmp_path, []) == pytest.approx(maps["predictive_entropy"].mean())
