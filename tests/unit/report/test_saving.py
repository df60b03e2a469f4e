"""Figures that other processes write, as this one would."""

import subprocess
import sys

import pytest

from tfuq.errors import TfuqError
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


def figures():
    for number in range(5):
        figure = new_figure(1 + number / 2, 1)
        figure.add_subplot().plot([0, number], [1, 2])
        yield f"figure-{number}", figure


def run(folder):
    for cores in CORES:
        (folder / str(cores)).mkdir(exist_ok=True)
    command = [sys.executable, "-c", PROGRAM, str(folder)]
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


def test_a_process_with_tensorflow_writes_by_itself(tmp_path):
    assert len(save_all(figures(), tmp_path)) == 5
    (tmp_path / "figure-0.png").unlink()
    (tmp_path / "figure-0.png").mkdir()
    with pytest.raises(TfuqError, match="figure-0"):
        save_all(figures(), tmp_path)
