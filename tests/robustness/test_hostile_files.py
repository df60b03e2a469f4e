"""Files of strangers: nothing in them runs, leaks, or takes more memory than there is."""

import gzip
import io
import os
import struct
import subprocess
import sys
import zipfile

import numpy as np
import psutil
import pytest
from PIL import Image

from tests.conftest import assert_refused
from tests.support.repositories import git, make_repository
from tfuq.data.archives import read_arrays
from tfuq.data.budget import free_memory, limit_memory, parse_size, require_memory
from tfuq.data.json_csv import read_table
from tfuq.data.readers import read
from tfuq.data.readers.idx import read_idx
from tfuq.data.readers.text import read_plain_text
from tfuq.data.writers import write_csv
from tfuq.errors import ConfigError, DataError, RunError

FORMULAS = ["=1+1", "+A1", "-A1", "@SUM(A1)", "\tx", "\rx", "'=1+1", "''@x"]


@pytest.fixture
def repository(tmp_path):
    return make_repository(tmp_path / "repository")


def test_a_hostile_repository_runs_nothing_while_a_run_is_described(
    repository, tmp_path, balls, tfuq, monkeypatch
):
    mark = tmp_path / "ran"
    monitor = tmp_path / "monitor"
    monitor.write_text(f"#!/bin/sh\ntouch {mark}\n")
    monitor.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(monitor))
    git(repository, "status")
    assert mark.exists()  # a real git does run it
    mark.unlink()
    from tests.conftest import settings

    (tmp_path / "config.yaml").write_text(settings(balls, training={"epochs": 1}).dump())
    monkeypatch.chdir(repository)
    assert tfuq("train", tmp_path / "config.yaml", "--run", tmp_path / "run").exit_code == 0
    assert not mark.exists()


@pytest.mark.parametrize("kind", ["EPS", "PPM", "GIF", "PCX", "TGA", "SGI"])
def test_a_picture_is_of_a_known_format_whatever_its_name(tmp_path, kind):
    path = tmp_path / "picture.png"
    Image.new("RGB" if kind in ("EPS", "PPM", "PCX", "TGA", "SGI") else "L", (4, 4)).save(
        path, kind
    )
    with pytest.raises(DataError, match="not a readable image"):
        read(path)


def test_a_library_in_c_writes_nothing_to_the_terminal(tmp_path):
    path = tmp_path / "image.tif"
    Image.new("L", (64, 64)).save(path, compression="tiff_lzw")
    content = bytearray(path.read_bytes())
    content[8:200] = bytes(192)
    path.write_bytes(content)
    code = f"from pathlib import Path\nfrom tfuq.data.readers import read\ntry: read(Path({str(path)!r}))\nexcept Exception: pass"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_result_line_holds_no_control_character(capsys):
    from tfuq_cli.progress import say, show

    show("first\x1b]0;title\x07\nsecond")
    say("case\x1b[31m")
    shown = capsys.readouterr()
    assert shown.out == "first\\x1b]0;title\\x07\nsecond\n"
    assert shown.err == "case\\x1b[31m\n"


def test_cells_are_no_formulas_and_read_back_as_they_were(tmp_path):
    path = tmp_path / "table.csv"
    rows = [{"case": text, "value": -1.5, "count": -2, "text": "-0.25"} for text in FORMULAS]
    write_csv(path, rows)
    lines = path.read_bytes().decode().split("\n")[1:-1]
    assert all(line.lstrip('"')[0] == "'" for line in lines)
    found = read_table(path, ("case",), "remedy")
    assert [row["case"] for row in found] == FORMULAS
    assert {(row["value"], row["count"], row["text"]) for row in found} == {("-1.5", "-2", "-0.25")}


@pytest.mark.parametrize(
    ("text", "size"), [("4GB", 4 * 2**30), ("512M", 2**29), ("2.5 g", 5 * 2**29), ("100", 100)]
)
def test_sizes_of_memory(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1GB", "1XB", "nan", "1e9", "9" * 40])
def test_a_size_of_memory_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="is no size"):
        parse_size(text)


@pytest.fixture
def gigabyte():
    present = psutil.Process().memory_info().rss  # of all tests of this process so far
    limit_memory(f"{(present >> 20) + 1024}MB")
    yield 2**30
    limit_memory(None)


def test_memory_is_what_the_limit_leaves(gigabyte):
    assert 0 < free_memory() <= 1.1 * gigabyte
    with pytest.raises(DataError, match="raise --memory"):
        require_memory([2 * gigabyte], 1)


def test_memory_is_what_the_control_group_leaves(tmp_path, monkeypatch):
    from tfuq.data import budget

    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "memory.current").write_text("1000\n")
    monkeypatch.setattr(budget, "_CONTROL_GROUPS", tmp_path)
    assert free_memory() == 2000
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory() > 2000


def test_a_small_file_of_many_voxels_is_refused_before_it_is_read(tmp_path, gigabyte):
    import nibabel

    header = nibabel.Nifti1Header()
    header.set_data_shape((1024, 1024, 400))
    header.set_data_dtype(np.uint8)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    path = tmp_path / "scan.nii.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(header.binaryblock + bytes(4))
        for _ in range(400):
            file.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    with pytest.raises(
        DataError, match=r"scan.nii.gz: 1024×1024×400 voxels take .* of memory that are free"
    ):
        read(path)


@pytest.mark.parametrize("kind", ["png", "tiff", "bmp"])
def test_a_small_picture_of_many_pixels_is_refused_before_it_is_read(tmp_path, kind, gigabyte):
    """80 million pixels of three colours take a gigabyte as numbers, whatever their file takes."""
    path = tmp_path / f"picture.{kind}"
    pixels = Image.new("RGB", (10_000, 8_000) if kind == "png" else (9_000, 8_000))
    pixels.save(path, **({"compression": "tiff_deflate"} if kind == "tiff" else {}))
    before = psutil.Process().memory_info().rss
    del pixels
    with pytest.raises(
        DataError, match=rf"picture.{kind}: \d+×\d+×3 pixels take .* of memory that are free"
    ):
        read(path)
    assert psutil.Process().memory_info().rss < before + 2**26


def test_an_idx_of_many_numbers_is_refused_before_it_is_read(tmp_path, gigabyte):
    path = tmp_path / "images-idx1-ubyte"
    path.write_bytes(struct.pack(">BBBBI", 0, 0, 8, 1, 2**29))
    os.truncate(path, 8 + 2**29)  # a hole, which takes no room on the disk
    with pytest.raises(
        DataError,
        match=r"idx1-ubyte: 5\.36871e\+08 numbers take 1\.5 GB, more than .* of memory that are free",
    ):
        read_idx(path)


def archive(**members) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def npy(array: np.ndarray, claimed: tuple[int, ...] | None = None) -> bytes:
    buffer = io.BytesIO()
    head = {
        "descr": np.lib.format.dtype_to_descr(array.dtype),
        "fortran_order": False,
        "shape": claimed or array.shape,
    }
    np.lib.format.write_array_header_1_0(buffer, head)
    return buffer.getvalue() + array.tobytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        archive(a=npy(np.zeros(3), (2**40,))),
        archive(a=npy(np.zeros(3), (2,))),
        archive(a=b"\x93NUMPY\x03\x00"),
        archive(a=b"no array"),
        archive(a=npy(np.zeros(3), (-1, 3))),
    ],
)
def test_an_archive_that_lies_is_refused(tmp_path, content):
    with pytest.raises(RunError, match="cannot be read as arrays"):
        read_arrays(content, tmp_path / "weights.npz", "restore it")


def test_an_archive_that_inflates_is_refused_before_it_does(tmp_path, gigabyte):
    bomb = archive(a=npy(np.zeros(2**28, np.uint8)) + bytes(2**30))
    assert len(bomb) < 2**23
    with pytest.raises(RunError, match="of memory that are free"):
        read_arrays(bomb, tmp_path / "weights.npz", "restore it")


def test_an_archive_with_pickled_objects_is_refused(tmp_path):
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([{"a": 1}], object))
    with pytest.raises(RunError, match="cannot be read as arrays"):
        read_arrays(buffer.getvalue(), tmp_path / "weights.npz", "restore it")


def test_an_archive_reads_back(tmp_path):
    arrays = {
        "a|b": np.arange(6.0).reshape(2, 3),
        "c": np.asfortranarray(np.arange(6).reshape(3, 2)),
        "d": np.array(3),
    }
    for save in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        save(buffer, **arrays)
        found = read_arrays(buffer.getvalue(), tmp_path / "x.npz", "")
        assert found.keys() == arrays.keys()
        for name, array in arrays.items():
            assert found[name].dtype == array.dtype
            np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("name", ["zero", "pipe"])
def test_a_text_without_an_end_is_refused(tmp_path, name):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    path = {"zero": "/dev/zero", "pipe": str(pipe)}[name]
    with pytest.raises(OSError, match="no regular file"):
        read_plain_text(type(tmp_path)(path))


LONG = "a" * 3000


def test_a_configuration_of_a_study_whose_name_is_too_long_is_refused(tfuq, tmp_path):
    study = f"name: long\nconfig: {LONG}\naxes: {{rate: {{training.learning_rate: [0.1]}}}}\ntable: [dice]\n"
    (tmp_path / "study.yaml").write_text(study)
    assert_refused(tfuq("study", tmp_path / "study.yaml"), "neither a file nor shipped")


def test_a_root_whose_name_is_too_long_is_refused(tfuq):
    assert_refused(
        tfuq("data", "check", "hippocampus", "-o", f"data.root={LONG}"), "too long", "shorten"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("data", "check", "quickstart", "-o", 'data.root="a\\0b"'),
        (
            "train",
            "quickstart",
            "--method",
            "vi",
            "-o",
            'variational.warm_start="a\\0b"',
            "--dry-run",
        ),
        ("data", "check", "mnist", "-o", 'data.table="a\\0b"'),
    ],
)
def test_a_configured_name_with_the_character_of_number_0_is_refused(words, tfuq):
    assert_refused(tfuq(*words), "'a\\x00b'", "which no name has")
