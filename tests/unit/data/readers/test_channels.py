"""How many channels a file has, beside what is read of it."""

import nibabel
import numpy as np
import pytest
import SimpleITK
from PIL import Image

from tests.support.data_files import write_nifti_file
from tfuq.data.readers import read
from tfuq.data.readers.channels import channel_count
from tfuq.errors import DataError

SHAPES = {
    "slice": (4, 5),
    "volume": (4, 5, 3),
    "four": (4, 5, 3, 4),
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
    if path.suffix in (".nrrd", ".mha"):
        array = np.zeros(SHAPES[kind], np.float32)
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array, kind == "four"), str(path))
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
    assert channel_count(path) == (array.shape[3] if array.ndim == 4 else 1)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.png", "a.dat", "absent.nii"])
def test_what_cannot_be_read_is_refused(tmp_path, name):
    if not name.startswith("absent"):
        (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises(DataError, match=name):
        channel_count(tmp_path / name)
