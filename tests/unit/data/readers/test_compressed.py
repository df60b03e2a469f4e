"""Compressed files, and the zeros that may follow them."""

import gzip
import io
import zlib

import pytest

from tfuq.data.readers.compressed import decompressed, inflated, up_to

CONTENT = bytes(range(256)) * 3


@pytest.mark.parametrize("zeros", [0, 512, 2**16 - 8])
def test_the_content_is_that_which_was_compressed(zeros):
    """A tape's blocks may leave some zeros after it."""
    file = io.BytesIO(gzip.compress(CONTENT) + bytes(zeros))
    file.seek(5)  # wherever it was read before
    with decompressed(file) as stream:
        assert stream.read() == CONTENT


def test_more_zeros_than_a_tape_leaves_are_refused():
    file = io.BytesIO(gzip.compress(CONTENT) + bytes(2**17))
    with pytest.raises(ValueError, match="more than 65536 zeros follow"):
        decompressed(file)


def test_a_large_file_that_ends_in_something_else_is_read():
    file = io.BytesIO(gzip.compress(CONTENT) + bytes(2**17) + gzip.compress(b"more"))
    with decompressed(file) as stream:
        assert stream.read() == CONTENT + b"more"


def test_a_stream_in_the_middle_of_a_file_is_decompressed():
    file = io.BytesIO(b"header" + gzip.compress(CONTENT))
    with decompressed(file, 6) as stream:
        assert up_to(stream, 9) == CONTENT[:9]


def test_no_more_than_there_is_and_no_more_than_is_wanted_is_read():
    assert up_to(io.BytesIO(CONTENT), 10**12) == CONTENT
    assert up_to(io.BytesIO(CONTENT), 5) == CONTENT[:5]


@pytest.mark.parametrize("compress", [zlib.compress, gzip.compress])
def test_zlib_and_gzip_are_inflated(compress):
    file = io.BytesIO(compress(CONTENT) + b"what follows")
    assert inflated(file, len(CONTENT) + 1) == CONTENT
    file.seek(0)
    assert inflated(file, 7) == CONTENT[:7]


@pytest.mark.parametrize("cut", [1, 4, 30])
def test_a_stream_that_ends_too_early_is_refused(cut):
    with pytest.raises(ValueError, match="end too early"):
        inflated(io.BytesIO(zlib.compress(CONTENT)[:-cut]), len(CONTENT) + 1)


def test_a_damaged_stream_is_refused():
    damaged = bytearray(zlib.compress(CONTENT))
    damaged[-1] ^= 1  # of the checksum
    with pytest.raises(zlib.error):
        inflated(io.BytesIO(damaged), len(CONTENT) + 1)
