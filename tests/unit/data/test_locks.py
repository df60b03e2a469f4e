"""Locks of folders: one process at a time, on file systems that serve no locks too; nothing behind a link is touched."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tfuq.data import locks
from tfuq.data.locks import LOCK, OWNER, exclusive
from tfuq.data.writers import write_text
from tfuq.errors import RunError

_HOLD = """
import fcntl, sys
from pathlib import Path

def flock(*_):
    raise OSError(int(sys.argv[2]), "no locks here")

if sys.argv[2] != "0":
    fcntl.flock = flock

from tfuq.data.locks import exclusive

with exclusive(Path(sys.argv[1]), "holding", wait="wait" in sys.argv):
    print("held", flush=True)
    sys.stdin.read()
"""
UNSERVED = [errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS, errno.EIO]


def start(folder: Path, error: int = 0, *words: str) -> subprocess.Popen:
    command = [sys.executable, "-c", _HOLD, str(folder), str(error), *words]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@contextmanager
def held(folder: Path, error: int = 0):
    """Held by a process of its own, whose file system fails to lock with ``error``; 0 for one that locks."""
    with start(folder, error) as holder:
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.stdin.close()


@pytest.fixture
def unserved(monkeypatch):
    """``unserved(error)``: this process's file system has no locks."""

    def without_locks(error: int) -> None:
        def flock(*_):
            raise OSError(error, os.strerror(error))

        monkeypatch.setattr(fcntl, "flock", flock)

    return without_locks


@pytest.mark.parametrize("error", [0, errno.ENOLCK])
def test_a_folder_that_a_process_holds_is_refused_until_that_ends(tmp_path, unserved, error):
    if error:
        unserved(error)
    with held(tmp_path, error) as holder:
        with (
            pytest.raises(RunError, match="is training it") as refused,
            exclusive(tmp_path, "training"),
        ):
            pass
        assert ("another process" if not error else f"process {holder.pid} of") in str(
            refused.value
        )
    with exclusive(tmp_path, "training"):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {LOCK}


@pytest.mark.parametrize("error", UNSERVED)
def test_what_a_file_system_does_not_serve_is_no_other_process(tmp_path, unserved, error):
    unserved(error)
    with exclusive(tmp_path, "training"):
        owner = json.loads((tmp_path / OWNER).read_text())
        assert owner["pid"] == os.getpid()
        with (
            pytest.raises(RunError, match=f"process {os.getpid()} of"),
            exclusive(tmp_path, "training"),
        ):
            pass
    with exclusive(tmp_path, "training"):
        pass
    assert not (tmp_path / OWNER).exists()


@pytest.mark.parametrize("error", [errno.EWOULDBLOCK, errno.EACCES])
def test_a_lock_that_another_process_holds_is_told_as_such(tmp_path, unserved, error):
    unserved(error)
    with (
        pytest.raises(RunError, match="another process is training it; wait"),
        exclusive(tmp_path, "training"),
    ):
        pass
    assert not (tmp_path / OWNER).exists()


@pytest.mark.parametrize("error", [0, errno.ENOLCK])
def test_the_lock_of_a_killed_process_is_taken_over(tmp_path, unserved, error):
    if error:
        unserved(error)
    with held(tmp_path, error) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert (tmp_path / OWNER).exists() == bool(error)
    with exclusive(tmp_path, "training"):
        assert {path.name for path in tmp_path.iterdir()} == {LOCK} | ({OWNER} if error else set())


def owned_by(folder: Path, **changes) -> None:
    (folder / OWNER).unlink(missing_ok=True)
    with exclusive(folder, "training"):
        owner = json.loads((folder / OWNER).read_text())
    (folder / OWNER).write_text(json.dumps(owner | changes))


def test_a_number_that_another_process_has_now_is_not_taken_for_the_owner(tmp_path, unserved):
    unserved(errno.ENOLCK)
    owned_by(tmp_path, started=psutil.Process().create_time() - 1000)
    with exclusive(tmp_path, "training"):
        assert (
            abs(
                json.loads((tmp_path / OWNER).read_text())["started"]
                - psutil.Process().create_time()
            )
            < 1
        )


def test_what_cannot_be_known_to_have_ended_is_kept(tmp_path, unserved):
    unserved(errno.ENOTSUP)
    owned_by(tmp_path, host="another", pid=1)
    with pytest.raises(
        RunError, match=rf"process 1 of another is training it .* remove {OWNER} if"
    ):
        exclusive(tmp_path, "training").__enter__()
    (tmp_path / OWNER).write_text("")  # of a process that is killed while it writes
    with pytest.raises(RunError, match=f"another process is training it .* remove {OWNER}"):
        exclusive(tmp_path, "training").__enter__()
    owned_by(tmp_path, pid=2**22 + 1)
    (tmp_path / ".lock.takeover").touch()
    with pytest.raises(RunError, match=r"remove \.lock\.owner and \.lock\.takeover"):
        exclusive(tmp_path, "training").__enter__()


def test_an_owner_of_another_host_counts_as_ended_after_a_long_silence(tmp_path, unserved):
    unserved(errno.ENOTSUP)
    owned_by(tmp_path, host="another", pid=1)
    now = time.time()
    os.utime(tmp_path / OWNER, (now, now - locks.SILENCE + 60))
    with pytest.raises(RunError, match="process 1 of another"):
        exclusive(tmp_path, "training").__enter__()
    os.utime(tmp_path / OWNER, (now, now - locks.SILENCE - 60))
    with exclusive(tmp_path, "training"):
        assert json.loads((tmp_path / OWNER).read_text())["pid"] == os.getpid()


def test_an_owner_shows_again_and_again_that_it_is_there(tmp_path, unserved, monkeypatch):
    unserved(errno.ENOTSUP)
    monkeypatch.setattr(locks, "_TOUCHED_EVERY", 0.02)
    with exclusive(tmp_path, "training"):
        os.utime(tmp_path / OWNER, (0, 0))
        deadline = time.monotonic() + 10
        while (tmp_path / OWNER).stat().st_mtime == 0:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_one_of_many_takes_over(tmp_path, unserved):
    """Twenty threads find the folder of an ended process. They stand for as many processes."""
    unserved(errno.ENOLCK)
    owned_by(tmp_path, pid=2**22 + 1)
    begin, inside, most, refused = threading.Barrier(20), [], [], []

    def take():
        begin.wait()
        try:
            with exclusive(tmp_path, "training"):
                inside.append(1)
                time.sleep(0.3)
                most.append(len(inside))
                inside.pop()
        except RunError:
            refused.append(1)

    threads = [threading.Thread(target=take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert len(refused) == 19


@pytest.mark.parametrize("error", [0, errno.ENOLCK])
def test_a_process_that_waits_is_let_in(tmp_path, error):
    with held(tmp_path, error) as holder, start(tmp_path, error, "wait") as waiting:
        time.sleep(1)
        assert waiting.poll() is None
        holder.stdin.close()
        assert waiting.stdout.readline() == "held\n"
        waiting.stdin.close()


def test_links_and_devices_in_the_lock_s_place_are_left_alone(tmp_path):
    mine, folder = tmp_path / "thesis.tex", tmp_path / "run"
    mine.write_text("mine")
    folder.mkdir()
    (folder / LOCK).symlink_to(mine)
    with pytest.raises(
        RunError,
        match=r"\.lock: is a link or a device, where tfuq keeps a file of its own; move it away",
    ):
        exclusive(folder, "training").__enter__()
    (folder / LOCK).unlink()
    (folder / LOCK).symlink_to(tmp_path / "nowhere")
    with pytest.raises(RunError, match="is a link"):
        exclusive(folder, "training").__enter__()
    assert not (tmp_path / "nowhere").exists()
    (folder / LOCK).unlink()
    os.link(mine, folder / LOCK)
    with exclusive(folder, "training"):
        pass
    assert mine.read_text() == "mine"
    (folder / LOCK).unlink()
    os.mkfifo(folder / LOCK)
    with pytest.raises(RunError, match="is a link or a device"):
        exclusive(folder, "training").__enter__()


def test_a_folder_that_is_held_is_not_searched_for_each_file(tmp_path, monkeypatch):
    searched = []
    scandir = os.scandir
    with exclusive(tmp_path, "writing"):
        monkeypatch.setattr(os, "scandir", lambda path: searched.append(path) or scandir(path))
        write_text(tmp_path / "a", "a")
        assert tmp_path not in searched
    write_text(tmp_path / "b", "b")
    assert tmp_path in searched
