"""Curves of a run's training."""

import pytest

from tfuq.data.writers import write_csv
from tfuq.errors import RunError
from tfuq.report.training import training_curves


def history(run, member, rows):
    write_csv(run / "members" / member / "history.csv", rows)


def test_every_member_has_its_curves_and_epochs_without_a_value_are_left_out(tmp_path):
    rows = [{"epoch": 1, "loss": 2.0, "val_dice": None}, {"epoch": 2, "loss": 1.0, "val_dice": 0.5}]
    history(tmp_path, "00", rows)
    history(tmp_path, "01", rows[:1])
    left, right = training_curves(tmp_path, "dice").axes
    labels = [(line.get_label(), line.get_xydata().tolist()) for line in left.lines]
    assert labels == [
        ("member 00 loss", [[1.0, 2.0], [2.0, 1.0]]),
        ("member 01 loss", [[1.0, 2.0]]),
    ]
    (line,) = right.lines
    assert line.get_label() == "member 00 val dice"
    assert line.get_xydata().tolist() == [[2.0, 0.5]]
    assert right.get_ylabel() == "dice of the validation cases"


def test_a_run_without_a_history_has_no_figure(tmp_path):
    assert training_curves(tmp_path, "dice") is None


def plain_history(run, member, text):
    folder = run / "members" / member
    folder.mkdir(parents=True)
    (folder / "history.csv").write_text(text)


def test_no_legend_is_made_of_nothing(tmp_path):
    plain_history(tmp_path, "0", "epoch,loss\n1,0.6\n")
    _, right = training_curves(tmp_path, "radial_error_px").axes
    assert right.get_legend() is None
    assert right.get_ylabel() == "radial error px of the validation cases"


@pytest.mark.parametrize(
    "text",
    [
        "epoch,loss\nx,1\n",
        "epoch,loss\n1\n",
        "loss\n1\n",
        "epoch,loss\n1,\x00\n",
        "epoch,loss\n1,nan\n",
    ],
)
def test_a_damaged_history_is_refused(tmp_path, text):
    plain_history(tmp_path, "0", text)
    with pytest.raises(RunError, match=r"history.csv: .*train the member again"):
        training_curves(tmp_path, "accuracy")
