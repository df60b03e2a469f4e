"""Arrays in .npz files, believed only as far as the file bears them out."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tfuq.data import budget
from tfuq.data.archives import read_arrays
from tfuq.errors import RunError

PATH = Path("weights.npz")


def saved(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def header(shape: tuple[int, ...], dtype: str = "<f4") -> bytes:
    """The beginning of an array's file, by NumPy."""
    buffer = io.BytesIO()
    claim = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, claim)
    return buffer.getvalue()


ARRAYS = {
    "scalar": np.array(3.5),
    "empty": np.zeros((0, 4), np.float32),
    "bytes": np.arange(6, dtype=np.uint8).reshape(2, 3),
    "columns": np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)),
    "big": np.arange(5, dtype=">i4"),
    "layer/kernel": np.ones((1, 1), np.float16),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_are_those_that_numpy_saved(name):
    found = read_arrays(saved(**ARRAYS), PATH, "train again")
    assert set(found) == set(ARRAYS)
    np.testing.assert_array_equal(found[name], ARRAYS[name])
    assert found[name].dtype == ARRAYS[name].dtype


def test_a_file_is_read_as_its_content_is(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.arange(3))
    np.testing.assert_array_equal(read_arrays(path, path, "")["a"], [0, 1, 2])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a zip file"),
        (saved(a=np.arange(100))[:-30], "not a zip file"),
        (saved(a=np.array([{}], dtype=object)), "holds objects, which are not read"),
        (zipped("a.npy", b"no array"), "magic string"),
        (zipped("a.npy", header((2**40,)) + bytes(8)), "claims 4398046511104 bytes and has"),
        (zipped("a.npy", header((2,)) + bytes(9)), "has other than the 8 bytes that it claims"),
        (zipped("a.npy", header((-1,)) + bytes(4)), "has other than the -4 bytes"),
    ],
)
def test_what_is_no_archive_of_arrays_is_refused(content, words):
    with pytest.raises(RunError, match=rf"weights.npz: cannot be read as arrays \(.*{words}") as e:
        read_arrays(content, PATH, "train again")
    assert str(e.value).endswith("; train again")


def test_a_changed_byte_does_not_pass_the_checksum():
    content = bytearray(saved(a=np.arange(100)))
    content[400] ^= 1
    with pytest.raises(RunError, match="Bad CRC-32"):
        read_arrays(bytes(content), PATH, "")


def test_what_does_not_fit_is_refused_before_it_is_inflated(monkeypatch):
    monkeypatch.setattr(budget, "free_memory", lambda: 1000)
    with pytest.raises(RunError, match=r"weights.npz: .*bytes of arrays take"):
        read_arrays(saved(a=np.zeros(1000)), PATH, "")
