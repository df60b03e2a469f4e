"""Points of free-response curves, against counting at each threshold."""

import numpy as np
import pytest

from tests.support.references_lesions import free_response as slow
from tfuq.scoring.free_response import free_response


def test_each_threshold_counts_what_is_at_it_or_above():
    rng = np.random.default_rng(0)
    confidence = rng.integers(0, 6, 40) / 5  # with ties
    kind = rng.integers(0, 3, 40)  # found, false, or a duplicate
    rows = free_response(confidence, kind == 0, kind == 1, lesions=25, scans=4)
    expected = slow(list(zip(confidence, kind == 0, kind == 1, strict=True)), 25, 4)
    assert [tuple(row.values()) for row in rows] == [pytest.approx(point) for point in expected]


def test_without_candidates_there_is_no_point():
    none = np.zeros(0, bool)
    assert free_response(np.zeros(0), none, none, lesions=1, scans=1) == []
