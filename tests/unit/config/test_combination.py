"""Which combinations of samples a configuration takes."""

from pathlib import Path

import pytest

from tests.conftest import settings, task_settings
from tfuq.config import Config
from tfuq.config.combination import COMBINATIONS, combination_problem, needs_two_samples


def of_task(task: str, root: Path) -> Config:
    if task == "segmentation":
        return settings(root)
    return task_settings(task, root)


def test_a_mean_serves_every_task(tmp_path):
    for task in ("segmentation", "classification", "landmarks"):
        assert combination_problem(of_task(task, tmp_path), "mean") is None


@pytest.mark.parametrize(
    ("task", "combine", "words"),
    [
        ("landmarks", "logits", "samples of landmarks are positions"),
        ("landmarks", "staple", "samples of landmarks are positions"),
        ("classification", "staple", "an image has one class"),
    ],
)
def test_what_a_task_has_no_sense_for(tmp_path, task, combine, words):
    assert words in combination_problem(of_task(task, tmp_path), combine)


def test_weights_are_of_members_on_the_same_cases(tmp_path):
    one = settings(tmp_path, method="mc-dropout")
    assert "method mc-dropout trains one" in combination_problem(one, "weighted")
    several = settings(tmp_path, method="ensemble", ensemble={"members": 2})
    assert combination_problem(several, "weighted") is None
    folds = settings(tmp_path, method="ensemble", ensemble={"members": 2, "subset": "folds"})
    assert "each fold has its own" in combination_problem(folds, "weighted")
    gaussians = settings(tmp_path, method="swag", swag={"members": 2})
    assert "swag validates no Gaussian" in combination_problem(gaussians, "weighted")
    assert combination_problem(gaussians, "logits") is None


def test_labels_of_one_sample_are_not_compared():
    assert [name for name in COMBINATIONS if needs_two_samples(name)] == ["majority", "staple"]
