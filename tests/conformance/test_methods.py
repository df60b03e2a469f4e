"""Runs of every method in 2D and 3D."""

import pytest

from tests.conformance.runs import check_run
from tests.support.matrix import rows_of_methods


@pytest.mark.parametrize(("method", "rank"), rows_of_methods({("mc-dropout", 3)}))
def test_conformance_train_reload_predict_export(trained, tmp_path, method, rank):
    """Every method × rank: two steps of training, weights read back, samples drawn, the same bytes from a SavedModel."""
    check_run(trained(method, rank), method, tmp_path)
