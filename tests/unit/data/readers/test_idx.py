"""IDX files: every data type, plain and gzip, and everything a broken or hostile file can claim."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from tests.conftest import real
from tfuq.data.readers.idx import read_idx, read_idx_count
from tfuq.errors import DataError

CODES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
HEADER = struct.pack(">4B3I", 0, 0, 8, 3, 2, 3, 4)


def idx(array: np.ndarray, code: int) -> bytes:
    return (
        struct.pack(f">4B{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
        + array.astype(CODES[code]).tobytes()
    )


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_every_data_type_plain_and_gzip(tmp_path, code, pack):
    array = np.arange(24).reshape(2, 3, 4) * 5
    path = (
        tmp_path / "any-name"
    )  # gzip is seen in the content: downloads are often unpacked under the old name
    path.write_bytes(pack(idx(array, code)))
    found = read_idx(path)
    np.testing.assert_array_equal(found, array)
    assert found.dtype == np.dtype(CODES[code]).newbyteorder("=")
    assert found.flags.writeable


def test_items_are_counted_by_the_header_alone(tmp_path):
    (tmp_path / "a").write_bytes(HEADER)
    assert read_idx_count(tmp_path / "a") == 2
    (tmp_path / "b").write_bytes(HEADER[:10])
    with pytest.raises(DataError, match=r"b: not a readable IDX file \(it ends within its dim"):
        read_idx_count(tmp_path / "b")


def test_mnist_is_read():
    folder = real("mnist")
    images, labels = (
        read_idx(folder / f"t10k-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1")
    )
    assert images.shape == (10_000, 28, 28)
    assert (images.dtype, images.max()) == (np.uint8, 255)
    assert labels.shape == (10_000,)
    assert set(labels) == set(range(10))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "magic number"),
        (b"\x89PNG....", "magic number is 0x89504e47"),
        (struct.pack(">4BI", 0, 0, 7, 1, 4) + b"abcd", "one of 08"),
        (struct.pack(">4B", 0, 0, 8, 0), "01 to 04 dimensions"),
        (struct.pack(">4B9I", 0, 0, 8, 9, *[1] * 9) + b"a", "01 to 04 dimensions"),
        (struct.pack(">4BI", 0, 0, 8, 3, 2), "ends within its dimensions"),
        (struct.pack(">4B2I", 0, 0, 8, 2, 0, 28), "none of which may be 0"),
        (HEADER + bytes(23), "truncated.*exactly 24 bytes"),
        (HEADER + bytes(25), "bytes after the last number"),
        (
            struct.pack(">4B3I", 0, 0, 8, 3, *[2**32 - 1] * 3) + bytes(9),
            "more than the file can hold",
        ),
    ],
)
def test_broken_files_are_refused_plain_and_gzip(tmp_path, content, words):
    path = tmp_path / "images-idx3-ubyte"
    for packed in (content, gzip.compress(content)):
        path.write_bytes(packed)
        with pytest.raises(DataError, match=words) as refusal:
            read_idx(path)
        assert "\n" not in str(refusal.value)
        assert str(path) in str(refusal.value)


def test_damaged_gzip_and_missing_files_are_refused(tmp_path):
    whole = gzip.compress(HEADER + np.random.default_rng(0).bytes(24))
    for packed in (whole[:-12], whole[:20] + bytes([whole[20] ^ 255]) + whole[21:], whole[:11]):
        (tmp_path / "a.gz").write_bytes(packed)
        with pytest.raises(DataError, match=r"a\.gz: not a readable IDX file"):
            read_idx(tmp_path / "a.gz")
    with pytest.raises(DataError, match="no such file"):
        read_idx(tmp_path / "none.gz")
    with pytest.raises(DataError, match="not a readable IDX file"):
        read_idx(tmp_path)


@pytest.mark.parametrize("claimed", [60 << 20, 1 << 31])
def test_memory_does_not_follow_a_claim(tmp_path, claimed):
    small = tmp_path / "small.gz"
    small.write_bytes(gzip.compress(struct.pack(">4BI", 0, 0, 8, 1, claimed) + bytes(100)))
    tracemalloc.start()
    with pytest.raises(DataError, match=r"truncated|can hold"):
        read_idx(small)
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_gzip_bomb_is_not_unpacked(tmp_path):
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(struct.pack(">4BI", 0, 0, 8, 1, 16) + bytes(100 << 20)))
    tracemalloc.start()
    with pytest.raises(DataError, match="bytes after the last number"):
        read_idx(bomb)
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
