"""gzip streams that are compressed in threads."""

import gzip

import pytest

from tfuq.data import disk
from tfuq.data.writers import compression
from tfuq.data.writers.compression import compressing, gzip_stream
from tfuq.errors import TfuqError

BLOCKS = [bytes([number]) * (1 + 997 * number) for number in range(40)]


def write(paths):
    """The blocks, in reverse in every second file, in turn."""
    with (
        compressing() as compressor,
        gzip_stream(paths[0], compressor) as first,
        gzip_stream(paths[1], compressor) as second,
    ):
        for block, other in zip(BLOCKS, reversed(BLOCKS), strict=True):
            first.add(len(block), lambda block=block: block)
            second.add(len(other), lambda other=other: other)


@pytest.mark.parametrize("limit", [1, 2**20])
def test_streams_hold_their_blocks_in_order(tmp_path, limit, monkeypatch):
    """Also where little may wait, and where little is written at once."""
    monkeypatch.setattr(compression, "_WAITING", limit)
    monkeypatch.setattr(compression, "_WRITTEN", limit)
    paths = [tmp_path / "a.gz", tmp_path / "b.gz"]
    write(paths)
    assert gzip.decompress(paths[0].read_bytes()) == b"".join(BLOCKS)
    assert gzip.decompress(paths[1].read_bytes()) == b"".join(reversed(BLOCKS))


def test_bytes_do_not_depend_on_threads(tmp_path, monkeypatch):
    write([tmp_path / "a.gz", tmp_path / "b.gz"])
    monkeypatch.setattr(compression, "core_count", lambda: 1)
    write([tmp_path / "c.gz", tmp_path / "d.gz"])
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "c.gz").read_bytes()


def test_a_file_whose_block_cannot_be_made_does_not_appear(tmp_path):
    def fail():
        raise ValueError("no block")

    with (
        pytest.raises(ValueError, match="no block"),
        compressing() as compressor,
        gzip_stream(tmp_path / "a.gz", compressor) as stream,
    ):
        stream.add(10, fail)
    assert not (tmp_path / "a.gz").exists()


def test_a_full_disk_is_said_of_the_file(tmp_path, monkeypatch):
    def full(file, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "write", full)
    with (
        pytest.raises(TfuqError, match=r"b.gz: cannot be written \(No space left"),
        compressing() as compressor,
        gzip_stream(tmp_path / "b.gz", compressor) as stream,
    ):
        stream.add(3, lambda: b"abc")
