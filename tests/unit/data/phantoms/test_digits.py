"""The phantoms of landmarks and digits: official layouts, known errors of the doctors, landmarks that can be seen."""

import numpy as np
import pytest

from tfuq.data.phantoms.digits import write_digits
from tfuq.data.readers.idx import read_idx
from tfuq.errors import DataError

DIGIT_FILES = [
    f"{part}-{kind}-ubyte.gz"
    for part in ("t10k", "train")
    for kind in ("images-idx3", "labels-idx1")
]


def test_digits_are_the_four_official_files(tmp_path):
    write_digits(tmp_path, 103, 5)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".tfuq", *DIGIT_FILES]
    test_images, test_labels, images, labels = (read_idx(tmp_path / name) for name in DIGIT_FILES)
    assert (test_images.shape, images.shape) == ((20, 28, 28), (83, 28, 28))
    assert (images.dtype, images.min(), images.max()) == (np.uint8, 0, 255)
    assert set(labels) == set(range(10))
    assert (len(test_labels), len(labels)) == (20, 83)
    assert len({image.tobytes() for image in [*images, *test_images]}) == 103
    # Digits of a class look more alike than those of different classes: labels stand beside their images.
    flat = images.reshape(83, -1) / 255
    distance = np.linalg.norm(flat[:, None] - flat, axis=-1) + 1e9 * np.eye(83)
    assert (labels[distance.argmin(1)] == labels).mean() > 0.8


def test_digits_are_functions_of_their_seed_and_of_limited_number(tmp_path):
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_digits(tmp_path / folder, 30, seed)
    a, b, c = ((tmp_path / folder / DIGIT_FILES[2]).read_bytes() for folder in "abc")
    assert a == b != c
    for cases in (4, 1798):
        with pytest.raises(DataError, match=f"{cases} digits: give 5 to 1797 cases"):
            write_digits(tmp_path / "d", cases, 0)
