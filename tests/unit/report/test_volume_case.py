"""A slice of a case by several methods."""

import pytest

from tests.support.plotted import CASE, predicted_run
from tfuq.errors import DataError
from tfuq.report.shown_case import ShownCase
from tfuq.report.volume_case import volume_case_figures


@pytest.fixture
def folder(balls, tmp_path):
    return predicted_run(balls, tmp_path / "run").predictions("vi")


def test_the_slice_is_the_one_that_is_asked_for(folder):
    shown = ShownCase(id=CASE, folders={"vi": folder}, axis=1, index=7)
    figures = dict(volume_case_figures(shown))
    assert list(figures) == ["slice-vi", "histograms", "difference"]
    assert "slice 7 along axis 1" in figures["slice-vi"].get_suptitle()


def test_landmarks_of_a_segmentation_are_refused(folder):
    with pytest.raises(DataError, match="--landmark sella: a segmentation has none"):
        list(volume_case_figures(ShownCase(id=CASE, folders={"vi": folder}, landmarks=["sella"])))
