"""Environment variables in keys that name files, and nowhere else."""

import pytest

from tfuq import config
from tfuq.config.variables import expand
from tfuq.errors import ConfigError


def test_environment_variables_are_for_paths_of_configurations_alone(monkeypatch):
    monkeypatch.setenv("SECRET", "hunter2")
    assert config.load("hippocampus", ("data.root=/x/${SECRET}",)).data.root == "/x/hunter2"
    for key in ("name", "data.source", "data.licence", "data.classes", "data.split.train"):
        with pytest.raises(ConfigError, match=r"takes no environment variable"):
            config.load("hippocampus", (f"{key}=${{SECRET}}",))


def test_a_run_shows_no_environment_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET", "hunter2")
    path = tmp_path / "config.yaml"
    path.write_text(
        config.load("hippocampus")
        .dump()
        .replace("CC BY-SA 4.0", "${SECRET}")
        .replace("/Task04", "/${SECRET}")
    )
    found = config.load_resolved(path)
    assert found.data.licence == "${SECRET}"
    assert "hunter2" not in found.dump()


def test_environment_variables_expand(monkeypatch):
    monkeypatch.setenv("TFUQ_DATA", "/somewhere")
    assert config.load("hippocampus").data.root == "/somewhere/Task04_Hippocampus"
    with pytest.raises(ConfigError, match="NO_SUCH_VARIABLE is not set"):
        config.load("hippocampus", ("data.root=${NO_SUCH_VARIABLE}/x",))


def test_variables_are_replaced_in_keys_that_name_files(monkeypatch):
    monkeypatch.setenv("PLACE", "here")
    tree = {"data": {"root": "/a/${PLACE}/${PLACE}", "table": "t.csv"}}
    expand(tree, "own.yaml")
    assert tree == {"data": {"root": "/a/here/here", "table": "t.csv"}}
