"""What counts as a failure."""

import numpy as np
import pytest

from tfuq.errors import DataError
from tfuq.scoring.evaluation.failures import FailureOptions, failure_tables, refuse_limit
from tfuq.scoring.failure import Cohort


def cohort(level, risk):
    risk = np.array(risk, float)
    return Cohort(
        level=level,
        risk=risk,
        failed=risk > 0,
        cases=np.arange(len(risk)),
        confidences={"variance": -risk},
    )


def test_without_a_limit_the_worst_quarter_fails():
    options = FailureOptions()
    risk = np.array([0.5, 0.1, 0.9, 0.3])
    assert options.failed(risk, None).tolist() == [False, False, True, False]
    assert options.failed(risk, 0.5).tolist() == [True, False, True, False]
    assert options.failed(np.ones(8), None).sum() == 0  # none is worse than another
    assert options.failed(np.zeros(0), None).shape == (0,)


def test_levels_that_are_not_asked_for_or_have_no_items_have_no_table():
    cohorts = [
        cohort("case", [0, 1, 2]),
        cohort("structure left lung", [1]),
        cohort("component", []),
    ]
    assert list(failure_tables(cohorts, FailureOptions())) == ["case", "structure left lung"]
    tables = failure_tables(cohorts, FailureOptions(levels=["structure", "component"]))
    assert [row["measure"] for row in tables.pop("structure left lung")] == ["variance"]
    assert tables == {}


def test_a_limit_of_right_and_wrong_is_refused():
    refuse_limit(FailureOptions())
    with pytest.raises(DataError, match=r"--failure-at 0\.5: a class is right or wrong"):
        refuse_limit(FailureOptions(limit=0.5))


@pytest.mark.parametrize("limit", [0.0, -3.0, np.nan, np.inf])
def test_a_limit_that_nothing_is_on_either_side_of_is_refused(limit):
    with pytest.raises(DataError, match=r"--failure-at .* is not above 0"):
        FailureOptions(limit=limit)
