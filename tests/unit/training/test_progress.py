"""How far a training has come, and how good its epochs were."""

import pytest

from tfuq.config import TrainingConfig
from tfuq.training.progress import Progress, monitored, monitored_or_loss

ROW = {"loss": 0.9, "val_loss": 0.5, "val_dice": 0.8, "val_accuracy": 0.7, "val_radial_error": 3.0}


@pytest.mark.parametrize(
    ("monitor", "value"),
    [("loss", 0.5), ("dice", -0.8), ("accuracy", -0.7), ("radial_error", 3.0)],
)
def test_less_of_what_is_monitored_is_better(monitor, value):
    assert monitored(TrainingConfig(monitor=monitor), ROW) == value


@pytest.mark.parametrize(
    ("row", "value"), [({"loss": 0.9, "val_loss": 0.5}, 0.5), ({"loss": 0.9}, None)]
)
def test_an_epoch_without_a_quality_has_its_validation_loss_if_it_has_one(row, value):
    assert monitored(TrainingConfig(monitor="dice"), row) == value


def test_without_validation_the_training_loss_counts():
    rows = [{"loss": 0.9}, ROW, {"loss": 0.7}]
    assert monitored_or_loss(TrainingConfig(), rows) == [0.9, 0.5, 0.7]


def test_two_trainings_do_not_share_a_history():
    first, second = Progress(), Progress()
    first.history.append(ROW)
    assert second == Progress(epoch=0, best=None, best_epoch=0, history=[])
