"""Voxels behind a header: every way of writing them, and what is refused."""

import bz2
import gzip
import tracemalloc
import zlib

import numpy as np
import pytest

from tfuq.data.readers.stored_voxels import AT_END, StoredVoxels, file_beside
from tfuq.errors import DataError

ARRAY = np.random.default_rng(0).integers(-(2**62), 2**62, (4, 3, 2))


def stored(path, encoding, content, *, dtype="<i8", start=6, sizes=(4, 3, 2), skipped=0):
    path.write_bytes(b"header" + content)
    return StoredVoxels(
        path=path,
        start=start,
        encoding=encoding,
        dtype=np.dtype(dtype),
        sizes=sizes,
        skipped=skipped,
    )


RAW = ARRAY.astype("<i8").tobytes(order="F")
WRITTEN = {
    "raw": RAW,
    "gzip": gzip.compress(RAW),
    "zlib": zlib.compress(RAW),
    "bzip2": bz2.compress(RAW),
    "text": " ".join(map(str, ARRAY.ravel(order="F"))).encode(),
    "hex": RAW.hex().encode(),
}


@pytest.mark.parametrize("encoding", WRITTEN)
def test_integers_are_exact_in_every_encoding(tmp_path, encoding):
    array = stored(tmp_path / "a", encoding, WRITTEN[encoding]).read()
    np.testing.assert_array_equal(array, ARRAY)
    assert array.dtype == np.int64


@pytest.mark.parametrize("encoding", WRITTEN)
def test_fewer_voxels_than_claimed_are_refused(tmp_path, encoding):
    voxels = stored(tmp_path / "a", encoding, WRITTEN[encoding], sizes=(4, 3, 3))
    with pytest.raises((ValueError, EOFError)):
        voxels.read()


@pytest.mark.parametrize("encoding", ["gzip", "zlib", "bzip2"])
def test_damaged_compressed_voxels_are_refused(tmp_path, encoding):
    content = bytearray(WRITTEN[encoding])
    content[len(content) // 2] ^= 0xFF
    with pytest.raises((ValueError, OSError, EOFError, zlib.error)):
        stored(tmp_path / "a", encoding, bytes(content)).read()


def test_the_byte_order_is_that_of_the_file_and_then_the_machines(tmp_path):
    array = stored(tmp_path / "a", "raw", ARRAY.astype(">i8").tobytes("F"), dtype=">i8").read()
    np.testing.assert_array_equal(array, ARRAY)
    assert array.dtype.isnative


@pytest.mark.parametrize(("start", "skipped"), [(AT_END, 0), (6, 4)])
def test_bytes_before_the_voxels_are_skipped(tmp_path, start, skipped):
    content = b"more" + RAW
    voxels = stored(tmp_path / "a", "raw", content, start=start, skipped=skipped)
    np.testing.assert_array_equal(voxels.read(), ARRAY)


@pytest.mark.parametrize("encoding", ["raw", "gzip", "zlib", "bzip2"])
def test_memory_follows_the_file_and_not_the_header(tmp_path, encoding):
    """Of 0.4 GB that a header claims, 192 bytes are there."""
    voxels = stored(tmp_path / "a", encoding, WRITTEN[encoding], sizes=(400, 400, 300))
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"more than the|too early"):
        voxels.read()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6


@pytest.mark.parametrize("sizes", [(), (4, 0, 3), (-1, 3, 2)])
def test_sizes_are_above_0(tmp_path, sizes):
    with pytest.raises(ValueError, match="must be above 0"):
        stored(tmp_path / "a", "raw", RAW, sizes=sizes).read()


def test_numbers_that_a_type_does_not_hold_are_refused(tmp_path):
    voxels = stored(tmp_path / "a", "text", b"1 2 300 4", dtype="u1", sizes=(2, 2))
    with pytest.raises((ValueError, OverflowError)):
        voxels.read()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/etc/passwd", "outside of its folder"),
        ("../a.raw", "outside of its folder"),
        ("sub/../../a.raw", "outside of its folder"),
        ("gone.raw", "'gone.raw', which is not there; put that file beside it"),
    ],
)
def test_voxels_lie_beside_their_header(tmp_path, name, words):
    (tmp_path / "a.raw").write_bytes(b"")
    with pytest.raises(DataError, match=words):
        file_beside(tmp_path / "in" / "a.mhd", name)


def test_voxels_may_lie_in_a_folder_below(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.raw").write_bytes(b"")
    assert file_beside(tmp_path / "a.mhd", "raw/a.raw") == tmp_path / "raw" / "a.raw"
