"""Every file that tfuq is given reads, or is refused in one line, whatever became of it."""

import gzip
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.fuzzing import FORMATS, intact_files, outcome, read_damaged
from tests.robustness.fuzzing import drawn
from tests.robustness.mutations import damaged
from tfuq import config
from tfuq.data.archives import read_arrays
from tfuq.data.layouts import list_cases
from tfuq.data.readers.idx import read_idx
from tfuq.data.readers.landmarks import read_landmark_table, read_points
from tfuq.data.volume import Volume
from tfuq.masks import STORED, StoredSamples, read_samples

_STUDY = """\
name: widths
config: quickstart
axes:
  width: {network.widths: [[4, 8], [8, 16]]}
  rate: {training.learning_rate: [0.1, 0.01]}
table: [dice, nll]
"""


def _idx() -> bytes:
    images = np.arange(3 * 28 * 28, dtype=np.uint8)
    return struct.pack(">BBBBIII", 0, 0, 8, 3, 3, 28, 28) + images.tobytes()


def _samples(folder: Path) -> bytes:
    grid = Volume(np.zeros((4, 4, 4), np.uint8), np.eye(4))
    StoredSamples(np.zeros((1, 3, 2, 8), np.uint8), None, grid).write(folder)
    return (folder / STORED).read_bytes()


def _arrays() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.arange(6.0).reshape(2, 3), b=np.arange(3))
    return buffer.getvalue()


_TABLE = b"file,label,part\na.png,cat,train\nb/c.png,dog,test\nd.png,,\n"
_POINTS = b"10,20\n30.5,40\n1,2\n"
_WIDE = b"file,X1,Y1,X2,Y2\na.png,1,2,3,4\nb.png,5,6,,\n"
_LISTED = b'{"training": [{"image": "./i/a.nii.gz", "label": "./l/a.nii.gz"}], "labels": {"0": "rest", "1": "ball"}}'
_READERS = {
    "images-idx3-ubyte": (_idx(), read_idx),
    "images-idx3-ubyte.gz": (gzip.compress(_idx()), read_idx),
    "table.csv": (_TABLE, lambda path: list_cases("image-table", path.parent, table=path.name)),
    "points.txt": (_POINTS, lambda path: read_points(path, 3)),
    "landmarks.csv": (_WIDE, read_landmark_table),
    "dataset.json": (_LISTED, lambda path: list_cases("decathlon", path.parent)),
    "study.yaml": (_STUDY.encode(), lambda path: config.load_study(str(path))),
    "config.yaml": (config.shipped()["quickstart"].read_bytes(), lambda path: config.load(str(path))),
    "run.yaml": (config.shipped()["mnist"].read_bytes(), config.load_resolved),
    "arrays.npz": (_arrays(), lambda path: read_arrays(path, path, "restore it")),
}


def fuzz_reader(folder: Path, name: str, examples: int) -> None:
    content, read = _READERS[name]
    path = folder / name
    path.write_bytes(content)
    assert outcome(lambda: read(path)) == "read"

    def check(data: st.DataObject) -> None:
        path.write_bytes(data.draw(damaged(name, content)))
        outcome(lambda: read(path))
        assert {found.name for found in folder.iterdir()} == {name}

    drawn(check, examples)


@pytest.mark.parametrize("name", _READERS)
def test_a_damaged_file_reads_or_is_refused(tmp_path, name):
    fuzz_reader(tmp_path, name, 25)


@pytest.mark.slow
@pytest.mark.parametrize("name", _READERS)
def test_thousands_of_damaged_files_read_or_are_refused(tmp_path, name):
    fuzz_reader(tmp_path, name, 1500)


def fuzz_images(folder: Path, suffix: str, examples: int) -> None:
    content = intact_files()[suffix]

    def check(data: st.DataObject) -> None:
        changed = data.draw(damaged(suffix, content))
        outcome(lambda: read_damaged(folder, suffix, changed))

    drawn(check, examples)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_damaged_image_reads_or_is_refused(tmp_path, suffix):
    fuzz_images(tmp_path, suffix, 10)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", FORMATS)
def test_thousands_of_damaged_images_read_or_are_refused(tmp_path, suffix):
    fuzz_images(tmp_path, suffix, 1500)


def test_damaged_samples_read_or_are_refused(tmp_path):
    content = _samples(tmp_path)

    def check(data: st.DataObject) -> None:
        (tmp_path / STORED).write_bytes(data.draw(damaged(STORED, content)))

        def read() -> None:
            masks = read_samples(tmp_path, 3).of_classes([1, 2])
            assert masks.union().shape == (4, 4, 4)
            assert len(list(masks.unpacked())) >= 1

        outcome(read)

    drawn(check, 100)
