"""Which scans a model refuses."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import BALLS_AFFINE
from tfuq.data.cases import Case
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.prediction.likeness import refuse_other_channels, refuse_unlike
from tfuq.runs import Run


@pytest.fixture
def run(trained):
    """Its training images have 18×17×15 voxels of 1.5×1.5×2 mm."""
    return trained("mc-dropout")


def scan(shape=(18, 17, 15), factor=1.0):
    affine = BALLS_AFFINE @ np.diag([factor, factor, factor, 1])
    return Volume(np.zeros((*shape, 1), np.float32), affine)


def case(tmp_path, name="scan.nii.gz"):
    return Case(id="scan", images=(tmp_path / name,))


@pytest.mark.parametrize("shape", [(18, 17, 15), (26, 25, 22), (13, 12, 11)])
def test_scans_up_to_half_as_large_again_are_taken(run, tmp_path, shape):
    refuse_unlike(run, case(tmp_path), scan(shape))


@pytest.mark.parametrize(
    ("shape", "axis"), [((120, 17, 15), "left–right"), ((18, 17, 7), "bottom–top")]
)
def test_a_scan_of_another_field_of_view_is_refused(run, tmp_path, shape, axis):
    with pytest.raises(DataError, match=rf"scan\.nii\.gz: is unlike .*field of view.*{axis}"):
        refuse_unlike(run, case(tmp_path), scan(shape))


def test_a_scan_of_other_voxels_is_refused(run, tmp_path):
    refuse_unlike(run, case(tmp_path), scan(factor=1.2))
    with pytest.raises(DataError, match=r"voxel size 1\.95 along left–right"):
        refuse_unlike(run, case(tmp_path), scan((14, 13, 11), factor=1.3))


def test_a_picture_without_a_known_width_of_its_pixels_is_taken(run, tmp_path):
    refuse_unlike(run, case(tmp_path, "scan.png"), scan((500, 500, 1)))


def test_a_run_that_does_not_know_its_training_images_takes_all(run, tmp_path, monkeypatch):
    monkeypatch.setattr(Run, "appearance", None)
    refuse_unlike(run, case(tmp_path), scan((500, 500, 1)))


@pytest.mark.parametrize("channels", [2, 4])
def test_a_scan_of_other_channels_is_refused(run, tmp_path, channels):
    refuse_other_channels(run, case(tmp_path), scan())
    image = Volume(np.zeros((18, 17, 15, channels), np.float32), BALLS_AFFINE)
    with pytest.raises(
        DataError, match=rf"has {channels} channel\(s\), the run was trained with 1"
    ):
        refuse_other_channels(run, case(tmp_path), image)
