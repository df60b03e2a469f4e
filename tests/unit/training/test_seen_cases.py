"""Cases that a run holds out and its source has seen."""

import logging

import pytest

from tests.conftest import settings
from tfuq.data.layouts import made_cases
from tfuq.data.splits import split_cases
from tfuq.training import train
from tfuq.training.seen_cases import remarks_on_seen_cases


def remarks(config):
    parts = split_cases(made_cases(config.data), config.data.split)
    return remarks_on_seen_cases(config, parts)


def config_of(root, source, **split):
    start = {"initial_weights": str(source)}
    return settings(root, "deterministic", data={"split": split}, training=start)


def test_test_cases_that_the_source_was_trained_on_are_told(balls, trained):
    run = trained("mc-dropout")
    seen = run.split["train"]
    unseen = run.split["test"]
    split = {"train": unseen[:1], "validation": [], "test": [*seen[:2], unseen[1]]}
    (remark,) = remarks(config_of(balls, run.path, **split))
    assert f"was trained on 2 of the 3 test cases, such as {min(seen[:2])}" in remark
    assert "name other cases in data.split" in remark


def test_the_same_split_holds_out_the_same_cases(balls, trained):
    run = trained("mc-dropout")
    assert remarks(config_of(balls, run.path, **run.split)) == []


def test_another_data_set_may_have_cases_of_the_same_names(own_balls, trained):
    run = trained("mc-dropout")
    split = {"train": run.split["test"], "validation": [], "test": run.split["train"]}
    other = own_balls.rename(own_balls.with_name("of another hospital"))
    assert remarks(config_of(other, run.path, **split)) == []


def test_folds_hold_out_training_cases(balls, trained):
    run = trained("mc-dropout")
    config = settings(
        balls,
        "hybrid",
        data={"split": {"train": run.split["train"], "validation": [], "test": []}},
        ensemble={"subset": "folds", "members": 3},
        training={"initial_weights": str(run.path)},
    )
    (remark,) = remarks(config)
    assert "3 of the 3 train cases" in remark


def test_what_is_no_run_is_refused_elsewhere(balls, tmp_path):
    assert remarks(config_of(balls, tmp_path, train=3, validation=1, test=2)) == []


@pytest.mark.slow
def test_a_training_tells_it_as_it_begins(balls, trained, tmp_path, caplog):
    run = trained("mc-dropout")
    split = {"train": run.split["test"], "validation": [], "test": run.split["train"]}
    config = config_of(balls, run.path, **split)
    with caplog.at_level(logging.WARNING, logger="tfuq"):
        train(config, tmp_path / "run")
    told = [message for message in caplog.messages if "3 of the 3 test cases" in message]
    assert len(told) == 1
    caplog.clear()
    train(config, tmp_path / "run", resume=True)
    assert not any("test cases" in message for message in caplog.messages)
