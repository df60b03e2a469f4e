"""Files compressed by gzip, and the zeros that may follow them."""

import gzip
import io

import pytest

from tfuq.data.readers.compressed import decompressed

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
