"""Every score has a title."""

import pytest

from tfuq.scoring.metric_titles import group_of, symbol_of, title_of
from tfuq.scoring.metrics import METRICS


@pytest.mark.parametrize("name", METRICS)
def test_every_score_has_a_title_and_a_group(name):
    assert title_of(name)
    assert "_" not in title_of(name)
    assert group_of(name)
    assert METRICS[name].title == title_of(name)
    assert METRICS[name].symbol == symbol_of(name)


def test_titles_with_units_tell_scores_apart():
    named = {(metric.title, metric.unit) for metric in METRICS.values()}
    assert len(named) == len(METRICS)


def test_known_names():
    assert (title_of("hd95_mm"), symbol_of("hd95_mm")) == ("95 % Hausdorff distance", "HD95")
    assert title_of("ece_adaptive") == "calibration error, bins of equal counts"
    assert symbol_of("precision") is None
