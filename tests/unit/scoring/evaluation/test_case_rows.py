"""Rows of a segmented case: structures, their mean, and means over references."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import settings
from tests.support import references
from tfuq.data.cases import Case
from tfuq.data.volume import Volume
from tfuq.scoring.evaluation.case_rows import case_rows, mean_rows
from tfuq.scoring.evaluation.references import fingerprint
from tfuq.scoring.evaluation.voxels import CaseMaps


@pytest.fixture
def maps():
    rng = np.random.default_rng(0)
    probability = rng.dirichlet(np.ones(3), (6, 5, 4))
    return CaseMaps(
        label=probability.argmax(-1).astype(np.uint8),
        truth=rng.integers(0, 3, (6, 5, 4)).astype(np.uint8),
        probability=probability,
        maps={"predictive_entropy": rng.random((6, 5, 4))},
    )


def rows_of(maps, image, pixel_mm=None):
    grid = Volume(maps.label, np.diag([1.0, 2.0, 3.0, 1.0]))
    case = Case("c", (Path(image),), pixel_mm=pixel_mm)
    return case_rows(case, maps, settings(Path("data")), grid)


def test_each_structure_and_the_mean_over_the_foreground(maps):
    ball, core, everything = rows_of(maps, "c.nii.gz")
    dice = [references.dice(maps.label == k, maps.truth == k) for k in (1, 2)]
    assert [ball["dice"], core["dice"]] == pytest.approx(dice)
    sizes = [(maps.label == 1).sum(), (maps.truth == 1).sum()]
    assert ball["volume_difference_mm3"] == pytest.approx((sizes[0] - sizes[1]) * 6.0)
    assert everything["class"] == "all"
    assert everything["dice"] == pytest.approx(np.mean(dice))
    assert everything["reference"] == fingerprint(maps.truth)
    assert everything["image_predictive_entropy"] == pytest.approx(
        maps.maps["predictive_entropy"].mean()
    )


@pytest.mark.parametrize(
    ("pixel_mm", "columns"),
    [(None, {"hd95_px", "area_difference_px2"}), (0.5, {"hd95_mm", "area_difference_mm2"})],
)
def test_plain_images_have_areas(pixel_mm, columns, maps):
    ball, *_ = rows_of(maps, "c.png", pixel_mm)
    assert columns <= set(ball)
    assert not any(name.startswith("volume") for name in ball)


def test_means_over_references_are_of_the_values_that_exist():
    first = {"case": "c", "class": "all", "reference": "aa", "dice": 0.5, "hd95_mm": None}
    second = {"case": "c", "class": "all", "reference": "bb", "dice": 0.7, "hd95_mm": 3.0}
    assert mean_rows([[first], [second]]) == [
        {
            "case": "c",
            "class": "all",
            "reference": "aa+bb",
            "dice": pytest.approx(0.6),
            "hd95_mm": 3.0,
        }
    ]
    assert mean_rows([[first]]) == [first]
