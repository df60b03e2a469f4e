"""The reader of a file is chosen by the name's ending."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.data_files import write_nifti_file
from tfuq.data.readers import is_readable, read, stem
from tfuq.errors import DataError


def test_each_kind_has_its_reader(tmp_path):
    array = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(array).save(tmp_path / "a.PNG")
    write_nifti_file(tmp_path / "b.nii.gz", array[:, :, None], np.diag([2, 3, 4, 1.0]))
    for name, spacing in (("a.PNG", [0.5, 0.5, 1]), ("b.nii.gz", [2, 3, 4])):
        volume = read(tmp_path / name, 0.5)
        np.testing.assert_array_equal(volume.array[:, :, 0], array)
        np.testing.assert_allclose(volume.spacing, spacing)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("absent.nii", None, "no such file"),
        ("a.png", b"\x89PNG\r\n\x1a\n????", "not a readable image"),
        ("a.nii", b"x", "not a readable NIfTI"),
        ("a.doc", b"", r"unknown kind of file; tfuq reads \.nii\.gz, \.nii"),
    ],
)
def test_unreadable_files_are_named(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words) as refused:
        read(tmp_path / name)
    assert str(tmp_path / name) in str(refused.value)


@pytest.mark.parametrize(
    ("name", "readable", "stem_of_name"),
    [
        ("a.nii.gz", True, "a"),
        ("a.b.NII.GZ", True, "a.b"),
        ("a.img", True, "a"),
        ("a.hdr", False, "a"),
        (".a.png", False, ".a"),
        ("a.txt", False, "a"),
        ("a.tiff", True, "a"),
    ],
)
def test_names_of_readable_files(name, readable, stem_of_name):
    assert is_readable(Path(name)) == readable
    assert stem(Path(name)) == stem_of_name
