"""Runs of every method in 2D and 3D."""

import pytest

from tests.conformance.runs import check_run
from tests.conftest import ALL_METHODS


@pytest.mark.parametrize("rank", [pytest.param(2, marks=pytest.mark.slow), 3])
@pytest.mark.parametrize("method", ALL_METHODS)
def test_conformance_train_reload_predict_export(trained, tmp_path, method, rank):
    """Every method × rank: two steps of training, weights read back, samples drawn, the same bytes from a SavedModel."""
    check_run(trained(method, rank), method, tmp_path)
