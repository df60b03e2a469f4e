"""The conformance matrix: every backbone × method × rank trains, is read back, draws, and is exported; a few in the fast tests."""

import itertools

import pytest

from tests.conformance.runs import check_run
from tests.conftest import settings
from tfuq.config import METHODS
from tfuq.config.network import DENSE_NETWORKS
from tfuq.training import train

# Nothing here is of a validation case, whose graph takes a third of so short a training.
UNVALIDATED = {"split": {"train": 3, "validation": 0, "test": 3}}
FAST = {
    ("residual-unet", "mc-dropout", 2)
}  # and an FCN in tests/unit/networks/test_heteroscedastic.py
MATRIX = [
    pytest.param(*row, marks=[] if row in FAST else pytest.mark.slow)
    for row in itertools.product(DENSE_NETWORKS, METHODS, (2, 3))
    if row[0] != "unet"  # tests/unit/training/test_fit.py has it
]


@pytest.mark.parametrize(("name", "method", "rank"), MATRIX)
def test_conformance_of_a_backbone(balls, tmp_path, name, method, rank):
    own = {"vnet": {"kernel_size": 3}, "residual-unet": {"blocks": 1}}.get(name, {})
    network = {"name": name, "widths": [2, 4], **own}
    config = settings(balls, method, rank, network=network, data=UNVALIDATED)
    check_run(train(config, tmp_path / "run"), method, tmp_path / "exported")
