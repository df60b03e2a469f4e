"""Rows of structures: each class, each region, and conformal intervals of volumes."""

import numpy as np
import pytest

from tests.conftest import settings
from tests.support.drawn import voxel_statistics
from tfuq.prediction.structures import rows_of_structures
from tfuq.prediction.voxel_channels import ChannelsInMemory

VOXEL = 1.0  # mm³
REGIONS = {"regions": {"whole": ["ball", "core"]}}


def drawn_of(masks):
    """What is said of samples ``[T, X, Y, Z]`` of classes 0, 1 and 2, by hand."""
    p = np.stack([(masks == k).mean(0) for k in range(3)], -1)[None]
    packed = np.stack([masks == k for k in (1, 2)], 1)[None].reshape(1, len(masks), 2, -1)
    terms = np.zeros_like(p)
    packed_bits = np.packbits(packed, -1, bitorder="little")
    drawn = voxel_statistics(
        p,
        predictive_entropy=np.full(p.shape[:-1], 0.5),
        mutual_information=np.full(p.shape[:-1], 0.25),
        masks=packed_bits,
        region_entropy_terms=terms[..., :1],
    )
    return ChannelsInMemory(statistics=drawn, slice_axis=None)


@pytest.fixture
def masks():
    """Class 1 has 4 and 6 voxels, class 2 has 2 in both."""
    masks = np.zeros((2, 2, 3, 4), int)
    masks[:, 0, 0] = 1
    masks[1, 0, 1, :2] = 1
    masks[:, 1, 2, :2] = 2
    return masks


def test_classes_and_regions_have_a_row_with_their_volumes(masks, tmp_path):
    rows = rows_of_structures(settings(tmp_path, data=REGIONS), drawn_of(masks), VOXEL, {})
    whole = {row["class"]: row for row in rows if row["component"] == "all"}
    assert list(whole) == ["ball", "core", "whole"]
    assert [row["volume_mean_mm3"] for row in whole.values()] == [5.0, 2.0, 7.0]
    assert whole["core"]["pairwise_dice"] == 1.0
    assert whole["ball"]["pairwise_dice"] == pytest.approx(2 * 4 / 10)
    assert whole["ball"]["image_entropy"] == 0.5


@pytest.mark.parametrize("quantile", [0.0, 0.3])
def test_a_conformal_interval_is_wider_than_the_spread_by_its_quantile(masks, tmp_path, quantile):
    """On a scale of logarithms of volumes plus a voxel of 1 mm³."""
    rows = rows_of_structures(settings(tmp_path), drawn_of(masks), VOXEL, {"ball": quantile})
    ball, core = (row for row in rows if row["component"] == "all")
    low, high = ball["volume_lower_mm3"], ball["volume_upper_mm3"]
    factor = np.exp(quantile)
    assert ball["volume_conformal_lower_mm3"] == pytest.approx((low + 1) / factor - 1)
    assert ball["volume_conformal_upper_mm3"] == pytest.approx((high + 1) * factor - 1)
    assert "volume_conformal_lower_mm3" not in core  # it has no quantile


def test_only_a_whole_class_has_an_interval(masks, tmp_path):
    rows = rows_of_structures(settings(tmp_path), drawn_of(masks), VOXEL, {"ball": 0.1})
    components = [row for row in rows if row["component"] != "all"]
    assert components
    assert not any("volume_conformal_lower_mm3" in row for row in components)
