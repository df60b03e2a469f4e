"""What a report shows of a segmentation."""

from pathlib import Path

import numpy as np

from tests.conftest import settings
from tests.support.score_requests import request_of
from tfuq.report.page.sources import read_sources
from tfuq.report.page.volumes import volume_view
from tfuq.report.tasks import segmentation
from tfuq.report.tasks.base import REPORTS


def test_a_slice_at_rising_severity_has_a_strip_and_its_differences():
    plane = np.zeros((4, 5), np.uint8)
    example = {"image": plane, "truth": plane, "label": plane + 1}
    example |= {"affine": np.eye(4), "axis": np.array(2)}
    config = settings(Path("data"))
    strips = dict(REPORTS["segmentation"].strips(config, {0.5: example}, {0.5: [2, 3]}, "noise"))
    assert list(strips) == ["strip", "difference"]
    assert strips["strip"].axes[1].images[0].get_clim() == (0, 2)  # of three classes
    assert strips["difference"].axes[0].get_xlabel() == "100.00% differ"


def test_the_view_is_that_of_volumes(scored_tasks):
    folders = scored_tasks["segmentation"]
    sources = read_sources(folders)
    case = next(iter(request_of(folders[0]).manifest.cases))
    assert segmentation.REPORTS["segmentation"].view(sources, 10**6)(case) == volume_view(
        sources, case
    )
