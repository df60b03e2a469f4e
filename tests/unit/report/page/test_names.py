"""Scores and measures by the names that people give them."""

import pytest

from tfuq.measures.catalogue import MEASURES
from tfuq.report.page.names import name_of
from tfuq.scoring.metrics import METRICS


@pytest.mark.parametrize(
    ("column", "text", "arrow", "meaning"),
    [
        ("dice", "Dice similarity", "↑", "higher is better"),
        ("hd95_mm", "95 % Hausdorff distance (mm)", "↓", "lower is better"),
        ("area_difference_px2", "area difference (pixel²)", "→ 0", "nearer zero is better"),
        ("nll", "negative log-likelihood (nat)", "↓", "lower is better"),
        ("rater_dice", "Dice similarity of raters to each other", "", "neither good nor bad"),
        ("pairwise_dice", "pairwise Dice", "↓", "lower is less certain"),
        ("predictive_entropy", "predictive entropy (nat)", "↑", "higher is less certain"),
        ("aleatoric_variance", "aleatoric variance", "↑", "higher is less certain"),
        ("of_nobody", "of nobody", "", ""),
    ],
)
def test_a_column_has_title_unit_and_which_way_is_better(column, text, arrow, meaning):
    name = name_of(column)
    assert (str(name), name.arrow, name.meaning) == (text, arrow, meaning)


def test_no_column_has_a_raw_name():
    columns = [*METRICS, *MEASURES]
    columns.remove("image_entropy")  # as older versions call the predictive entropy of the image
    names = [name_of(column) for column in columns]
    assert all("_" not in name.title for name in names)
    assert len({(str(name), name.symbol) for name in names}) == len(names)
