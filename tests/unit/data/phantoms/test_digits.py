"""The phantoms of landmarks and digits: official layouts, known errors of the doctors, landmarks that can be seen."""

import json

import numpy as np
import pytest
from PIL import Image

from tfuq.data.phantoms.cephalogram import (
    DOCTORS,
    HEIGHT,
    REFERENCE_SCALE,
    WIDTH,
    cephalogram,
    write_cephalogram,
)
from tfuq.data.phantoms.digits import write_digits
from tfuq.data.readers.idx import read_idx
from tfuq.data.readers.landmarks import ISBI_2015_LANDMARKS, read_points
from tfuq.errors import DataError

DIGIT_FILES = [
    f"{part}-{kind}-ubyte.gz"
    for part in ("t10k", "train")
    for kind in ("images-idx3", "labels-idx1")
]


def test_heads_are_in_the_challenge_layout_and_doctors_err_as_told(tmp_path):
    write_cephalogram(tmp_path, 25, 3)
    truth = json.loads((tmp_path / "truth.json").read_text())
    names = [f"{n:03d}" for n in range(1, 26)]
    assert (
        sorted(path.stem for path in (tmp_path / "RawImage" / "TrainingData").glob("*.bmp"))
        == names
    )
    with Image.open(tmp_path / "RawImage" / "TrainingData" / "001.bmp") as image:
        assert (image.format, image.mode, image.size) == ("BMP", "L", (WIDTH, HEIGHT))
    assert truth["reference_size"] == [WIDTH * REFERENCE_SCALE, HEIGHT * REFERENCE_SCALE]
    positions = np.array([truth["positions"][name] for name in names])
    for doctor, noise in DOCTORS.items():
        marks = np.array(
            [
                read_points(tmp_path / "AnnotationsByMD" / doctor / f"{name}.txt", 19)
                for name in names
            ]
        )
        np.testing.assert_array_equal(marks, np.rint(marks))
        assert (marks - positions).std() == pytest.approx(
            np.hypot(noise, 12**-0.5), rel=0.1
        )  # and that of rounding
        assert abs((marks - positions).mean()) < 0.2


def test_heads_are_functions_of_their_seed(tmp_path):
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_cephalogram(tmp_path / folder, 2, seed)
    for kind in (
        "RawImage/TrainingData/002.bmp",
        "AnnotationsByMD/400_junior/002.txt",
        "truth.json",
    ):
        a, b, c = ((tmp_path / folder / kind).read_bytes() for folder in "abc")
        assert a == b != c


def test_landmarks_are_visible_structures_within_the_image():
    heads = [cephalogram(np.random.default_rng([0, number])) for number in range(60)]
    points = np.array([head.points for head in heads])
    assert points.shape == (60, len(ISBI_2015_LANDMARKS), 2)
    assert points.min() > 4
    assert (points.max((0, 1)) < [WIDTH - 5, HEIGHT - 4]).all()
    assert points.std(0).min() > 1.5  # no network learns a landmark by heart
    patches = np.array([[patch(head.image, point) for point in head.points] for head in heads])
    beside = np.array(
        [[patch(head.image, point + np.array([3, 2])) for point in head.points] for head in heads]
    )
    # Around its own landmarks an average head shows more than noise, and something else than three pixels away.
    mean, other = patches.mean(0), beside.mean(0)
    assert mean.std((1, 2)).min() > 8
    assert np.abs(mean - other).mean((1, 2)).min() > 4


def patch(image, point, radius=4):
    x, y = np.rint(point).astype(int)
    padded = np.pad(image.astype(float), 2 * radius, mode="edge")
    return padded[y + radius : y + 3 * radius + 1, x + radius : x + 3 * radius + 1]


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
