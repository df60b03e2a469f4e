"""The first picture: a shipped model finds the hippocampus in the shipped scan."""

import numpy as np
import pytest

from tfuq.data.readers import read
from tfuq.workflows.first_picture import PREDICTIONS, SCANS, write_first_picture


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("picture")
    return folder, write_first_picture(folder, "hippocampus")


def test_figures_are_written_and_the_whole_one_is_first(written):
    folder, figures = written
    assert figures[0] == folder / PREDICTIONS / "figures" / "slice-mc-dropout.png"
    assert all(path.stat().st_size > 10_000 for path in figures)
    assert list((folder / SCANS).glob("*.nii.gz"))


def test_the_hippocampus_is_found_where_it_is_in_the_template(written):
    """Its halves lie one behind the other, in 2 to 4 ml about the place that atlases give."""
    folder, _ = written
    (path,) = (folder / PREDICTIONS).glob("*/label.nii.gz")
    label = read(path)
    assert 2000 < (label.array > 0).sum() < 4500
    middles = []
    for k in (1, 2):
        voxels = np.argwhere(label.array == k)
        middles.append(voxels.mean(0) @ label.affine[:3, :3].T + label.affine[:3, 3])
    anterior, posterior = middles
    assert anterior[1] > posterior[1] + 5
    assert np.linalg.norm(np.mean(middles, 0) - (-26, -22, -14)) < 8
