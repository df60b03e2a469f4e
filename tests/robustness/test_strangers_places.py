"""What a stranger puts into a folder that tfuq works in or reads: lists, code, settings, pipes, and files without an end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import nibabel as nib
import numpy as np
import pytest

from tests.conftest import settings
from tfuq.data import ledger
from tfuq.data.host import this_host
from tfuq.data.json_csv import read_table
from tfuq.data.layouts import is_case_id
from tfuq.data.removal import remove_leftovers
from tfuq.data.writers import make_folder, write_csv, write_text
from tfuq.errors import DataError, RunError
from tfuq.prediction import input_cases
from tfuq.training import check_folder
from tfuq_cli import attended

SECONDS = 5.0  # most that a refusal may take; each took longer before it was bounded


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def forged(tmp_path):
    """A folder whose list says that a dead process was giving a set its places, by way of a link to another folder of tfuq's."""
    victim = tmp_path / "victim"
    make_folder(victim / "run")
    write_text(victim / "run" / "weights", "theirs")
    write_text(victim / "file", "theirs")
    folder = tmp_path / "received"
    make_folder(folder)
    (folder / "up").symlink_to(victim)
    part = folder / ".set.9.part" / "up"
    part.mkdir(parents=True)
    (part / "authorized_keys").write_text("evil")
    write_text(folder / "own", "replaced by the set")
    ledger.add_entries(folder, [
        {"part": ".set.9.part", "host": this_host(), "pid": dead_process()},
        {"ready": ".set.9.part", "last": "", "gone": ["up/run", "up/file", "up", "../victim/file", str(victim / "file"), "own"]},
    ])  # fmt: skip
    return folder


def test_a_forged_list_reaches_nothing_through_a_link(forged):
    victim = forged.parent / "victim"
    remove_leftovers(forged, held=True)
    assert (victim / "run" / "weights").read_text() == "theirs"
    assert (victim / "file").read_text() == "theirs"
    assert not (victim / "authorized_keys").exists()
    assert not (forged / ".set.9.part").exists(), "the list was not read at all"
    assert not (forged / "own").exists(), "what the set replaces in the folder itself does go"


def test_a_set_names_no_folder_that_goes(tmp_path):
    """A list may be forged in the folder itself: a set takes the place of files alone."""
    make_folder(tmp_path / "run")
    write_text(tmp_path / "run" / "weights", "theirs")
    (tmp_path / ".set.9.part").mkdir()
    ledger.add_entries(tmp_path, [
        {"part": ".set.9.part", "host": this_host(), "pid": dead_process()},
        {"ready": ".set.9.part", "last": "", "gone": ["run"]},
    ])  # fmt: skip
    remove_leftovers(tmp_path)
    assert (tmp_path / "run" / "weights").read_text() == "theirs"


def test_a_process_of_another_container_is_not_called_dead():
    """Containers may share a host's name; their numbers of processes are apart."""
    pid = dead_process()
    assert ledger.Process(this_host(), pid).is_dead
    assert not ledger.Process(f"{this_host().split()[0]} pid:[1]", pid).is_dead
    assert not ledger.Process(f"{this_host().split()[0]} pid:[1]", os.getpid()).is_this


def test_a_list_without_an_end_is_no_list(tmp_path):
    write_text(tmp_path / "file", "text")
    assert "file" in ledger.read_ledger(tmp_path).digests
    os.truncate(tmp_path / ledger.LEDGER, 2**31)
    started = time.process_time()
    assert ledger.read_ledger(tmp_path).digests == {}
    with pytest.raises(RunError, match="move it away"):
        ledger.add_entries(tmp_path, [ledger.file_entry("other", "0" * 64)] * 1000)
    assert time.process_time() - started < SECONDS


def test_a_list_of_one_name_is_read_in_a_moment(tmp_path):
    lines = [json.dumps(ledger.file_entry("file", str(number))) for number in range(100_000)]
    write_text(tmp_path / "file", "text")
    with (tmp_path / ledger.LEDGER).open("a") as file:
        file.write("\n".join([*lines, ""]))
    started = time.process_time()
    assert ledger.read_ledger(tmp_path).digests["file"][-1] == "99999"
    assert time.process_time() - started < SECONDS


def test_commands_of_a_study_import_nothing_from_the_working_directory(tmp_path):
    (tmp_path / "click.py").write_text("open('PWNED', 'w').close()\n")
    command = [sys.executable, attended.__file__, "--version"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        said = process.stdout.read()
        process.wait()  # its standard input ends with this process, and it with that
    assert process.returncode == 0
    assert "tfuq" in said
    assert [path.name for path in tmp_path.iterdir()] == ["click.py"]


@pytest.mark.parametrize(
    "name", ["a\ntfuq: no problem found", "a\rb", "a\x1b[2J", "a\u2028b", "a\tb"]
)
def test_a_case_has_no_name_of_several_lines(name):
    assert not is_case_id(name)
    assert is_case_id("Übung 1 – rechts\u3000左")


def test_a_remedy_is_one_that_is_accepted(tmp_path):
    """A configuration of somebody else's in the folder is no run that could go on or be replaced."""
    (tmp_path / "config.yaml").write_text("mine")
    with pytest.raises(RunError, match="another --run") as refusal:
        check_folder(tmp_path, settings("x", "deterministic", 3), overwrite=False, resume=False)
    assert "--overwrite" not in str(refusal.value)
    assert "--resume" not in str(refusal.value)


def test_a_folder_of_files_does_not_tell_which_channels_belong_together(tmp_path):
    for name in ("a_t1", "a_t2"):
        nib.save(
            nib.Nifti1Image(np.zeros((4, 4, 4), np.float32), np.eye(4)), tmp_path / f"{name}.nii.gz"
        )
    config = settings(tmp_path, "deterministic", 3)
    with pytest.raises(DataError, match=r"2 channels.*each with --input"):
        input_cases(config, 2, (tmp_path,), ())
    assert [case.id for case in input_cases(config, 1, (tmp_path,), ())] == ["a_t1", "a_t2"]
    files = tuple(sorted(tmp_path.iterdir()))
    assert [len(case.images) for case in input_cases(config, 2, files, ())] == [2]


@pytest.mark.parametrize("name", ["left, lung", 'the "right" one', "naïve — 左", "a'b", "=x"])
def test_names_of_classes_are_read_back_from_tables(name, tmp_path):
    rows = [{"case": "a", f"probability_{name}": 0.25, "label": name}]
    write_csv(tmp_path / "a.csv", rows)
    (row,) = read_table(tmp_path / "a.csv", ("case",), "again")
    assert row == {"case": "a", f"probability_{name}": "0.25", "label": name}


def test_cells_with_line_ends_and_tables_of_one_empty_column(tmp_path):
    rows = [{"text": "a\rb"}, {"text": "a\nb"}, {"text": None}, {"text": 'q"'}]
    write_csv(tmp_path / "a.csv", rows)
    assert [row["text"] for row in read_table(tmp_path / "a.csv", (), "again")] == [
        "a\rb", "a\nb", "", 'q"',
    ]  # fmt: skip
