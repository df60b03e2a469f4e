"""Scalars of each epoch for TensorBoard."""

import pytest
import tensorflow as tf

from tfuq.data.events import EpochEnd, EpochStep
from tfuq.training.tensorboard import SCALARS, TensorBoardLog


def scalars_of(path):
    found = {}
    for event in tf.compat.v1.train.summary_iterator(str(path)):
        for value in event.summary.value:
            found[value.tag, event.step] = float(tf.make_ndarray(value.tensor))
    return found


def test_a_member_has_a_file_with_a_scalar_for_each_figure_of_an_epoch(tmp_path):
    rows = [
        {"epoch": 1, "loss": 0.5, "val_dice": 0.25},
        {"epoch": 2, "loss": 0.125, "seconds": 3.0},
    ]
    with TensorBoardLog(tmp_path) as log:
        for epoch, row in enumerate(rows):
            log.notify(EpochStep(member=0, epoch=epoch, step=0, figures={"loss": 9.0}))
            log.notify(EpochEnd(member=0, epoch=epoch, steps=1, figures=row))
        log.notify(EpochEnd(member=1, epoch=0, steps=1, figures=rows[0]))
    (first,) = (tmp_path / "0").glob("events.out.tfevents.*")
    (second,) = (tmp_path / "1").glob("events.out.tfevents.*")
    expected = {("loss", 1): 0.5, ("val_dice", 1): 0.25, ("loss", 2): 0.125}
    assert scalars_of(first) == expected
    assert len(scalars_of(second)) == 2


def test_a_second_training_begins_a_file_of_its_own(tmp_path):
    for _ in range(2):
        with TensorBoardLog(tmp_path) as log:
            figures = {"epoch": 1, "loss": 0.5}
            log.notify(EpochEnd(member=0, epoch=0, steps=1, figures=figures))
    assert len(list((tmp_path / "0").glob("events.out.tfevents.*"))) == 2


def test_steps_alone_leave_no_file(tmp_path):
    with TensorBoardLog(tmp_path) as log:
        log.notify(EpochStep(member=0, epoch=0, step=0, figures={"loss": 0.5}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("quality", ["val_dice", "val_accuracy", "val_radial_error"])
def test_the_quality_of_every_task_is_a_scalar(quality):
    assert quality in SCALARS
