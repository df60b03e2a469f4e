"""The scan that comes with tfuq: of no person, with its licence, and one that the model takes."""

import numpy as np
import pytest

from tests.conftest import files_of
from tfuq.data.example import SCAN, write_example
from tfuq.data.readers import read
from tfuq.runs.models import open_model


@pytest.fixture
def scan(tmp_path):
    return write_example(tmp_path / "scan")


def test_its_licence_lies_beside_it(scan):
    assert sorted(files_of(scan.parent)) == ["LICENCE.txt", SCAN]
    text = (scan.parent / "LICENCE.txt").read_text(encoding="utf-8")
    assert "Permission to use, copy, modify, and distribute" in text
    assert "not a scan of a person" in text


def test_it_has_the_voxels_and_the_extent_that_the_model_takes(scan):
    volume = read(scan)
    np.testing.assert_allclose(volume.spacing, 1)
    appearance = open_model("hippocampus").run.appearance
    extents = np.array(volume.array.shape) * volume.spacing
    for extent, (low, high) in zip(extents, appearance.extent_limits, strict=True):
        assert low <= extent <= high


def test_it_shows_grey_and_white_matter(scan):
    values = read(scan).array
    assert np.ptp(np.percentile(values[values > 0], (10, 90))) > 40
