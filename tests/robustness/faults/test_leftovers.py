"""Files that are written piece by piece are tfuq's own, and what was left half-way is removed."""

import os
import signal

import pytest

from tests.conftest import task_settings
from tests.robustness.faults.broken_disk import BrokenDisk, Plan
from tfuq.data import disk, ledger
from tfuq.data.host import this_host
from tfuq.data.ledger import LEDGER, Ready, add_entries, file_entry, read_ledger, ready_entry
from tfuq.data.ownership import begin_log, digest_of, is_ours, note
from tfuq.data.removal import plan_removal, remove_leftovers
from tfuq.data.writers import make_folder, write_text


@pytest.mark.slow
def test_what_tensorboard_reads_is_listed_and_goes_with_its_run(digits, tfuq, tmp_path):
    config, run = tmp_path / "config.yaml", tmp_path / "run"
    config.write_text(task_settings("classification", digits).dump())
    assert tfuq("train", config, "--run", run, "--tensorboard").exit_code == 0
    (events,) = (run / "tensorboard" / "0").glob("events.*")
    assert is_ours(events)
    assert tfuq("train", config, "--run", run, "--overwrite").exit_code == 0
    assert not (run / "tensorboard").exists()


def test_a_log_is_ours_once_the_process_that_writes_it_has_ended(tmp_path):
    log = tmp_path / "log"
    child = os.fork()
    if not child:
        begin_log(log)
        with disk.open_log(log) as file:
            disk.write(file, b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert is_ours(log)
    note(log)
    assert is_ours(log)
    log.write_text("changed by hand")
    assert not is_ours(log)


def test_a_list_that_was_being_made_shorter_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "_COMPACTED_EVERY", 256)
    killed = 0
    for _ in range(20):
        child = os.fork()
        if not child:
            BrokenDisk(
                tmp_path, Plan(1, ("replace",))
            ).install()  # of the list, where it is made shorter, else of the file
            write_text(tmp_path / "a.csv", "one")
            os._exit(0)
        killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert killed
    write_text(tmp_path / "a.csv", "two")
    assert sorted(path.name for path in tmp_path.iterdir()) == [LEDGER, "a.csv"]
    assert read_ledger(tmp_path).digests["a.csv"]


def test_a_strangers_list_moves_and_removes_nothing_elsewhere(tmp_path):
    """It may name any process, and any files."""
    write_text(tmp_path / "mine" / "ours.csv", "ours")
    (tmp_path / "secret").write_text("secret")
    theirs = tmp_path / "theirs"
    write_text(theirs / "a.csv", "theirs")
    process = {"host": this_host(), "pid": 2**22 + 1}
    for part in (".set.1.part", ".set.2.part"):
        add_entries(
            theirs,
            [
                {"part": part} | process,
                ready_entry(part, Ready("", ("../mine/ours.csv", "/etc/hosts"))),
            ],
        )
    (theirs / ".set.1.part").mkdir()
    (theirs / ".set.1.part" / "b.csv").symlink_to(tmp_path / "secret")
    (theirs / ".set.2.part").symlink_to(tmp_path / "mine")
    remove_leftovers(theirs)
    write_text(theirs / "a.csv", "more")
    assert (tmp_path / "mine" / "ours.csv").read_text() == "ours"
    assert (tmp_path / "secret").read_text() == "secret"
    assert not os.path.lexists(theirs / "b.csv")


def test_a_set_that_was_ready_goes_with_the_folder_that_is_removed(tmp_path):
    """It was given its places in a folder on its way out, which then stayed with those above it."""
    for name in ("whole", "killed"):
        make_folder(tmp_path / "scores" / name)
        write_text(tmp_path / "scores" / name / "table.csv", "old")
    part = tmp_path / "scores" / "killed" / ".set.9.part"
    part.mkdir()
    (part / "table.csv").write_text("new")
    process = {"host": this_host(), "pid": 2**22 + 1}
    entries = [{"part": part.name, **process}, {"ready": part.name, "last": "", "gone": []}]
    add_entries(part.parent, [file_entry("table.csv", digest_of(part / "table.csv")), *entries])
    plan_removal([tmp_path / "scores"]).carry_out()
    assert list(tmp_path.iterdir()) == []
