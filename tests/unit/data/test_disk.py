"""Every change of files and folders: all of it, or an error; nothing through a link."""

import errno
import fcntl
import os

import pytest

from tfuq.data import disk
from tfuq.errors import RunError

FLUSH_OPEN = disk.flush_open  # the tests of a session leave flushing out


def test_a_file_is_written_anew(tmp_path):
    path = tmp_path / "a"
    disk.write_file(path, b"longer than that")
    disk.write_file(path, b"short")
    assert path.read_bytes() == b"short"


@pytest.mark.parametrize("kind", ["link", "dangling link", "fifo"])
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY | os.O_CREAT | os.O_TRUNC])
def test_nothing_but_a_regular_file_is_opened(tmp_path, kind, flags):
    target = tmp_path / "target"
    path = tmp_path / "a"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(target)
    if kind == "link":
        target.write_text("theirs")
    # A pipe that nobody reads cannot be opened to write, which the system itself says.
    with pytest.raises((RunError, OSError), match=r"is a link or a device|No such device"):
        disk.open_regular(path, flags)
    assert target.exists() == (kind == "link")
    assert not target.exists() or target.read_text() == "theirs"


def test_a_log_is_added_to(tmp_path):
    for line in (b"one\n", b"two\n"):
        with disk.open_log(tmp_path / "log") as file:
            disk.write(file, line)
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\n"


def test_what_the_system_writes_in_parts_is_written_whole(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:3]))
    disk.write_file(tmp_path / "a", b"0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_a_disk_that_takes_nothing_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "write", lambda *_: 0)
    with pytest.raises(OSError, match="No space left") as refused:
        disk.write_file(tmp_path / "a", b"0123456789")
    assert refused.value.errno == errno.ENOSPC


def test_what_is_gone_already_need_not_be_removed(tmp_path):
    (tmp_path / "a").touch()
    disk.remove(tmp_path / "a")
    disk.remove(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_folder_is_removed_without_what_links_in_it_lead_to(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "a").touch()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "link").symlink_to(tmp_path / "theirs")
    disk.remove_folder(tmp_path / "own")
    assert not (tmp_path / "own").exists()
    assert (tmp_path / "theirs" / "a").exists()


def test_a_folder_that_holds_something_is_not_removed_as_an_empty_one(tmp_path):
    disk.make_folders(tmp_path / "a" / "b")
    with pytest.raises(OSError, match="not empty"):
        disk.remove_empty_folder(tmp_path / "a")
    disk.remove_empty_folder(tmp_path / "a" / "b")
    with pytest.raises(FileExistsError):
        disk.make_new_folder(tmp_path / "a")


def test_a_lock_is_held_by_one_open_file(tmp_path):
    with disk.open_log(tmp_path / "lock") as one, disk.open_log(tmp_path / "lock") as two:
        assert disk.lock(one.fileno(), wait=False)
        with pytest.raises(BlockingIOError):
            disk.lock(two.fileno(), wait=False)
        fcntl.flock(one, fcntl.LOCK_UN)
        assert disk.lock(two.fileno(), wait=False)


def test_files_and_folders_are_flushed_each_once(tmp_path, monkeypatch):
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.touch()
    flushed = []
    note = lambda descriptor: flushed.append(os.fstat(descriptor).st_ino)  # noqa: E731
    monkeypatch.setattr(disk, "flush_open", note)
    disk.flush([*paths, tmp_path])
    disk.flush([tmp_path])
    disk.flush([])
    inodes = [path.stat().st_ino for path in (*paths, tmp_path, tmp_path)]
    assert sorted(flushed) == sorted(inodes)


@pytest.mark.parametrize(
    ("number", "is_raised"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)]
)
def test_a_file_system_that_cannot_flush_is_no_error(number, is_raised, monkeypatch):
    def fsync(descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    if is_raised:
        with pytest.raises(OSError, match="Input/output"):
            FLUSH_OPEN(0)
    else:
        FLUSH_OPEN(0)


def test_a_folder_is_not_opened_where_the_system_opens_none(tmp_path, monkeypatch):
    """On Windows a file is flushed by what is open for writing, and a folder not at all."""
    opened = []
    flushed = []
    monkeypatch.setattr(disk.sys, "platform", "win32")
    monkeypatch.setattr(os, "open", lambda path, flags, *_: opened.append((path, flags)) or 3)
    monkeypatch.setattr(os, "close", lambda descriptor: None)
    monkeypatch.setattr(disk, "flush_open", flushed.append)
    (tmp_path / "a").write_bytes(b"")
    disk.flush([tmp_path / "a"])
    disk.flush([tmp_path])
    assert opened == [(tmp_path / "a", os.O_RDWR)]
    assert flushed == [3]
