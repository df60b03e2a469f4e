"""The reader of a file is chosen by the name's ending."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK
from PIL import Image

from tests.support.data_files import write_nifti_file
from tests.support.itk import write_itk
from tfuq.data.readers import (
    is_readable,
    is_scan,
    read,
    read_channels,
    read_label_file,
    read_orientation,
    stem,
)
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
        ("a.nrrd", True, "a"),
        ("a.seg.nrrd", True, "a"),
        ("a.NHDR", True, "a"),
        ("a.mha", True, "a"),
        ("a.mhd", True, "a"),
        ("a.mgz", True, "a"),
        ("a.mgh.gz", True, "a"),
        ("a.raw", False, "a"),
        ("a.hdr", False, "a"),
        (".a.png", False, ".a"),
        ("a.txt", False, "a"),
        ("a.tiff", True, "a"),
    ],
)
def test_names_of_readable_files(name, readable, stem_of_name):
    assert is_readable(Path(name)) == readable
    assert stem(Path(name)) == stem_of_name


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nrrd", "a.nhdr", "a.mha", "a.mhd", "a.mgz"])
def test_every_format_of_scans_has_its_reader(tmp_path, name):
    array = np.random.default_rng(0).integers(0, 2**30, (4, 3, 2)).astype(np.int32)
    if name == "a.mgz":
        affine = nibabel.orientations.inv_ornt_aff([[2, 1], [0, -1], [1, 1]], (4, 3, 2))
        nibabel.save(nibabel.MGHImage(array, affine), tmp_path / name)
    else:
        write_itk(tmp_path / name, array, direction=[[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    path = tmp_path / name
    assert is_scan(path)
    np.testing.assert_array_equal(read_label_file(path).array, array)
    image = read(path)
    assert image.array.dtype == np.float32
    expected = "".join(nibabel.aff2axcodes(image.affine))
    assert read_orientation(path) == expected != "RAS"


def test_a_plain_image_is_no_scan():
    assert not is_scan(Path("a.png"))
    assert not is_scan(Path("a.txt"))


SHAPES = {
    "slice": (4, 5),
    "volume": (4, 5, 3),
    "four": (4, 5, 3, 4),
    "vector": (4, 5, 3, 2),
    "five": (4, 5, 3, 1, 2),
    "one": (4, 5, 3, 1, 1),
}


def written(path):
    """A file of the kind that its name tells."""
    kind = path.name.partition(".")[0]
    if path.name.endswith((".nii", ".nii.gz")):
        if kind == "rgb":
            colours = np.zeros((4, 5, 3), np.dtype([(name, "u1") for name in "RGB"]))
            nibabel.save(nibabel.Nifti1Image(colours, np.eye(4)), path)
            return path
        shape = SHAPES[kind]
        return write_nifti_file(path, np.zeros(shape, np.float32))
    if path.suffix == ".mgz":
        nibabel.save(nibabel.MGHImage(np.zeros(SHAPES[kind], np.float32), np.eye(4)), path)
        return path
    if path.suffix in (".nrrd", ".mha"):
        array = np.zeros(SHAPES[kind], np.float32)
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array, kind == "vector"), str(path))
        return path
    if kind == "pair":
        nibabel.save(nibabel.Spm2AnalyzeImage(np.zeros((4, 5, 3), np.float32), np.eye(4)), path)
        return path
    grey = Image.fromarray(np.arange(20, dtype=np.uint8).reshape(4, 5))
    if kind == "greys":
        grey = grey.convert("P")
    elif kind == "colours":
        grey = grey.convert("P")
        grey.putpalette([value for i in range(256) for value in (i, 0, 255 - i)])
    elif kind != "L":
        grey = grey.convert(kind.replace("16", ";16"))
    grey.save(path)
    return path


NAMES = [
    "slice.nii",
    "volume.nii.gz",
    "four.nii.gz",
    "five.nii.gz",
    "one.nii",
    "rgb.nii.gz",
    "volume.nrrd",
    "four.nrrd",
    "four.mha",
    "vector.mha",
    "volume.mgz",
    "four.mgz",
    "pair.img",
    "L.png",
    "1.png",
    "LA.png",
    "RGB.jpg",
    "RGBA.png",
    "CMYK.jpg",
    "greys.png",
    "colours.png",
    "I16.png",
    "F.tif",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_header_tells_what_is_read(tmp_path, name):
    path = written(tmp_path / name)
    array = read(path).array
    assert read_channels(path) == (array.shape[3] if array.ndim == 4 else 1)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.png", "a.dat", "absent.nii"])
def test_what_cannot_be_read_is_refused(tmp_path, name):
    if not name.startswith("absent"):
        (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises(DataError, match=name):
        read_channels(tmp_path / name)
