"""The executor that a text names."""

import pytest

from tfuq.errors import ConfigError, TfuqError
from tfuq.execution.choice import EXECUTORS, executor_of
from tfuq.execution.processes import Processes
from tfuq.execution.serial import Part, Serial


@pytest.mark.parametrize(
    ("text", "kind", "slices"),
    [
        ("serial", Serial, 1),
        ("processes:1", Processes, 2),
        ("processes:4", Processes, 4),
        ("part:0/1", Part, 2),
        ("part:2/3", Part, 3),
    ],
)
def test_it_is_made(text, kind, slices):
    executor = executor_of(text)
    assert type(executor) is kind
    assert executor.slices == slices


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is none of serial, processes:N"),
        ("threads:2", "is none of serial, processes:N"),
        ("dask-cron:a.yaml", "is none of serial, processes:N"),
        ("serial:2", "takes nothing after it"),
        ("processes", "write one such as processes:2"),
        ("processes:0", "from 1 to 1024"),
        ("processes:1025", "from 1 to 1024"),
        ("processes:two", "write one such as processes:2"),
        ("part:3/3", "write part:K/N"),
        ("part:1", "write part:K/N"),
    ],
)
def test_another_text_is_refused(text, words):
    with pytest.raises(ConfigError, match=words):
        executor_of(text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TfuqError, match=r"none\.yaml"):
        executor_of(f"dask-slurm:{tmp_path / 'none.yaml'}")


def test_each_says_where_tasks_run():
    assert all(choice.form.startswith(name) for name, choice in EXECUTORS.items())
    assert all(choice.meaning for choice in EXECUTORS.values())
