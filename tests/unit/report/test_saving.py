"""Figures that other processes write, as this one would."""

import multiprocessing
import subprocess
import sys
import threading

import pytest

from tfuq.errors import TfuqError
from tfuq.report import saving
from tfuq.report.plotting import new_figure, save
from tfuq.report.saving import save_all

# In a process without TensorFlow, as that of ``tfuq score``: by one, two and more processes than figures.
PROGRAM = """
import sys
from pathlib import Path
from tfuq.report import saving
from tests.unit.report.test_saving import CORES, figures
for cores in CORES:
    saving.core_count = lambda: cores
    assert saving._may_fork() == (cores > 1)
    print([path.name for path in saving.save_all(figures(), Path(sys.argv[1]) / str(cores))])
"""
CORES = (1, 2, 8)

# Two figures have a folder in their place, and the last one takes long to write.
SLOW = """
import multiprocessing
import sys
import time
from pathlib import Path
from tfuq.errors import TfuqError
from tfuq.report import saving
from tests.unit.report.test_saving import figures
saving.core_count = lambda: 8
save = saving.save
def save_slowly(figure, path):
    time.sleep(path.stem == "figure-4")
    return save(figure, path)
saving.save = save_slowly
try:
    saving.save_all(figures(), Path(sys.argv[1]))
except TfuqError:
    print(len(multiprocessing.active_children()))
"""


def figures():
    for number in range(5):
        figure = new_figure(1 + number / 2, 1)
        figure.add_subplot().plot([0, number], [1, 2])
        yield f"figure-{number}", figure


def run(folder, program=PROGRAM):
    for cores in CORES:
        (folder / str(cores)).mkdir(exist_ok=True)
    command = [sys.executable, "-c", program, str(folder)]
    return subprocess.run(command, capture_output=True, text=True)


def test_files_are_those_of_one_process_to_the_byte(tmp_path):
    result = run(tmp_path)
    assert result.returncode == 0, result.stderr
    names = [f"figure-{number}.png" for number in range(5)]
    assert result.stdout.splitlines() == [str(names)] * len(CORES)
    for name, figure in figures():
        alone = save(figure, tmp_path / f"{name}.png").read_bytes()
        for cores in CORES:
            assert (tmp_path / str(cores) / f"{name}.png").read_bytes() == alone


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(tmp_path):
    (tmp_path / "2" / "figure-3.png").mkdir(parents=True)
    result = run(tmp_path)
    assert result.returncode == 1
    assert "figure-3.png" in result.stderr.splitlines()[-1]
    assert (tmp_path / "1" / "figure-4.png").is_file()
    assert (tmp_path / "2" / "figure-2.png").is_file()
    assert not (tmp_path / "8" / "figure-0.png").exists()


def test_no_process_writes_once_an_error_is_told(tmp_path):
    """Whoever removes the folder then would meet its files."""
    for number in (0, 1):
        (tmp_path / f"figure-{number}.png").mkdir()
    result = run(tmp_path, program=SLOW)
    assert result.stdout.strip() == "0", result.stderr
    assert (tmp_path / "figure-4.png").is_file()


@pytest.fixture
def alone(monkeypatch):
    """A process that may start others: on Linux, of two cores, with no other thread."""
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr(saving, "core_count", lambda: 2)
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(sys, "platform", "linux")


def with_tensorflow(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", object())


def with_a_thread(monkeypatch):
    monkeypatch.setattr(threading, "active_count", lambda: 2)


def of_a_pool(monkeypatch):
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)


def on_macos(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")


def on_one_core(monkeypatch):
    monkeypatch.setattr(saving, "core_count", lambda: 1)


def on_a_full_machine(monkeypatch):
    def start(self):
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(multiprocessing.get_context("fork").Process, "start", start)


def test_a_process_that_is_alone_may_start_others(alone):
    """That it does is seen in a process of its own, above: this one may have TensorFlow's threads."""
    assert saving._may_fork()


@pytest.mark.parametrize(
    "change",
    [with_tensorflow, with_a_thread, of_a_pool, on_macos, on_one_core, on_a_full_machine],
)
def test_a_process_that_starts_no_other_writes_by_itself(alone, monkeypatch, tmp_path, change):
    change(monkeypatch)
    assert saving._started(next(figures())[1], tmp_path / "a.png") is None
    assert len(save_all(figures(), tmp_path)) == 5
    assert len(list(tmp_path.glob("figure-*.png"))) == 5
    (tmp_path / "figure-0.png").unlink()
    (tmp_path / "figure-0.png").mkdir()
    with pytest.raises(TfuqError, match="figure-0"):
        save_all(figures(), tmp_path)
