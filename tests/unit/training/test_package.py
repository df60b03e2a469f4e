"""Training a run: its folder, its members, what is refused."""

import numpy as np
import pytest

from tests.conftest import settings, task_settings
from tests.support.histories import history, weights
from tfuq.data import locks
from tfuq.data.locks import exclusive
from tfuq.errors import RunError
from tfuq.prediction import Request, make_predictor, predict
from tfuq.training import train


def test_run_folder_holds_what_the_contract_says(trained):
    run = trained("hybrid")
    assert run.finished_members == [0, 1]
    assert set(run.facts) >= {"versions", "devices", "git", "seeds", "kl_scale"}
    assert {part: len(ids) for part, ids in run.split.items()} == {
        "train": 3,
        "validation": 1,
        "test": 2,
    }
    assert [row["epoch"] for row in history(run)] == [1]
    assert {"loss", "val_loss", "val_dice", "seconds"} <= set(history(run)[0])
    assert not np.array_equal(weights(run, 0)["logits/kernel"], weights(run, 1)["logits/kernel"])


def test_a_run_is_not_overwritten_unasked(trained, balls, tmp_path):
    run = trained("mc-dropout")
    before = weights(run)
    with pytest.raises(RunError, match="holds a run already"):
        train(run.config, run.path)
    with pytest.raises(RunError, match="another configuration"):
        train(settings(balls, training={"epochs": 9}), run.path, resume=True)
    np.testing.assert_array_equal(weights(run)["logits/kernel"], before["logits/kernel"])


@pytest.mark.slow
def test_members_trained_apart_assemble_to_the_same_run(trained_task, digits, tmp_path):
    config = task_settings("classification", digits, "ensemble")
    with pytest.raises(RunError, match="members 0 to 1"):
        train(config, tmp_path / "run", member=2)
    for member in (1, 0):
        run = train(config, tmp_path / "run", member=member)
    together = trained_task("classification", "ensemble")
    for member in (0, 1):
        arrays = weights(run, member)
        assert arrays
        for name, array in weights(together, member).items():
            np.testing.assert_array_equal(arrays[name], array, err_msg=name)


def test_two_processes_do_not_write_one_member_or_folder(balls, tmp_path, trained, monkeypatch):
    monkeypatch.setattr(locks, "_MOST_WAIT", 0.2)
    with (
        exclusive(tmp_path / "run" / "members" / "0", "training"),
        pytest.raises(RunError, match="another process is training"),
    ):
        train(settings(balls), tmp_path / "run")
    assert not (tmp_path / "run" / "members" / "0" / "done").exists()
    predictor = make_predictor(
        trained("mc-dropout"), Request(method="mc-dropout", samples=2, seed=0, batch=8)
    )
    with (
        exclusive(tmp_path / "out", "predicting into"),
        pytest.raises(RunError, match="another process is predicting into"),
    ):
        predict(predictor, [], tmp_path / "out")


def settings_of_options(balls, changes):
    """One member that no case validates, as what is compared are weights after one epoch."""
    sections = {
        "data": {"split": {"train": 3, "validation": 0, "test": 3}},
        "ensemble": {"members": 1},
    }
    return settings(balls, "ensemble", 2, **(sections | changes))


@pytest.fixture(scope="module")
def without_options(balls, tmp_path_factory):
    """Weights of a training without any of the options below."""
    path = tmp_path_factory.mktemp("plain") / "run"
    return weights(train(settings_of_options(balls, {}), path))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"ensemble": {"adversarial_epsilon": 0.01, "members": 1}}, marks=pytest.mark.slow
        ),
        pytest.param({"ensemble": {"subset": "bootstrap", "members": 1}}, marks=pytest.mark.slow),
        {"training": {"loss": {"name": "weighted-cross-entropy"}}},
        {"training": {"loss": {"name": "soft-dice"}}},
        pytest.param({"training": {"weight_decay": 0.01}}, marks=pytest.mark.slow),
        {"training": {"cache": False}},
        {"preprocessing": {"normalization": "zscore-training"}},
        pytest.param({"preprocessing": {"spacing": [2.0, 2.0, 2.0]}}, marks=pytest.mark.slow),
        pytest.param(
            {"preprocessing": {"crop_to_labels": [1, 2], "crop_margin": 2}}, marks=pytest.mark.slow
        ),
    ],
)
def test_options_train_and_change_the_result(without_options, balls, tmp_path, changes):
    if "loss" in changes.get("training", {}):
        changes = {"training": {"loss": changes["training"]["loss"]}}
    run = train(settings_of_options(balls, changes), tmp_path / "run")
    arrays = weights(run).items()
    same = all(np.array_equal(without_options[name], array) for name, array in arrays)
    assert same == (changes == {"training": {"cache": False}})
