"""What is gathered begins empty, each time anew."""

from tfuq.scoring.evaluation.gathered import Gathered


def test_two_scorings_share_nothing():
    first = Gathered()
    first.cases.append({"case": "c"})
    first.bins.append(None)
    second = Gathered()
    assert (second.cases, second.bins, second.averaged) == ([], [], 0)
    assert second.diversity is not first.diversity
    assert second.diversity.quality == "dice"
