"""What cannot be trained together."""

import pytest

from tests.conftest import task_settings
from tfuq.errors import ConfigError
from tfuq.training import train
from tfuq.training.diversity import joint, joint_refusals


def config_of(digits, **sections):
    training = {"epochs": 2, "steps_per_epoch": 3, "batch_size": 6}
    ensemble = {"members": 2, "diversity": "repulsive", "strength": 1.0}
    sections = {"training": training, "ensemble": ensemble} | sections
    return task_settings("classification", digits, "ensemble", **sections)


@pytest.mark.slow
def test_members_that_begin_alike_are_refused(digits, tmp_path):
    source = train(
        task_settings("classification", digits, "deterministic", network={"level_dropout": {}}),
        tmp_path / "source",
    )
    training = {"epochs": 1, "initial_weights": str(source.path)}
    with pytest.raises(ConfigError, match="starts members 0 and 1 alike"):
        train(config_of(digits, training=training), tmp_path / "run")


def test_members_that_do_not_fit_are_refused_before_they_are_built(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(joint_refusals, "free_memory", lambda: 1000)
    with pytest.raises(ConfigError, match=r"2 networks at once, which take .* are free; lower"):
        train(config_of(digits), tmp_path / "run")


def test_full_memory_in_a_step_is_told_with_its_remedy(digits, tmp_path, monkeypatch):
    def full(self, *_):
        raise MemoryError("OOM when allocating tensor")

    monkeypatch.setattr(joint.JointStep, "__call__", full)
    with pytest.raises(ConfigError, match=r"do not fit into memory; lower ensemble\.members"):
        train(config_of(digits), tmp_path / "run")
