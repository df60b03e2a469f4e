"""How far a training has come, and how good its epochs were."""

import pytest

from tests.conftest import settings
from tfuq.config import TrainingConfig
from tfuq.training.progress import Progress, kept_row, monitored, monitored_or_loss

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


def rows_of(losses: list[float]) -> list[dict[str, float]]:
    return [{"epoch": epoch, "val_loss": loss} for epoch, loss in enumerate(losses, start=1)]


def test_the_kept_epoch_is_the_first_of_the_best(tmp_path):
    config = settings(tmp_path, method="deterministic")
    assert kept_row(config, rows_of([0.5, 0.2, 0.4, 0.2]))["epoch"] == 2
    assert kept_row(config, [{"epoch": 1}, {"epoch": 2}])["epoch"] == 2


@pytest.mark.parametrize("kind", ["folds", "snapshots"])
def test_a_member_that_chooses_no_epoch_keeps_the_last(tmp_path, kind):
    ensemble = {"diversity": kind, "members": 2}
    training = {"epochs": 4, "schedule": "cyclical", "cycle": {"epochs": 2}}
    config = settings(tmp_path, "ensemble", ensemble=ensemble, training=training)
    assert kept_row(config, rows_of([0.5, 0.2, 0.4, 0.3]))["epoch"] == 4


def test_no_epoch_is_kept_that_held_the_widths(tmp_path):
    held = {"variational": {"width_warmup_epochs": 2}, "training": {"epochs": 4}}
    config = settings(tmp_path, method="vi", **held)
    assert kept_row(config, rows_of([0.1, 0.2, 0.4, 0.3]))["epoch"] == 4
