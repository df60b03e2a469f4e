"""The phantom of landmarks: the challenge's layout, known errors of the doctors, visible landmarks."""

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
from tfuq.data.readers.landmarks import ISBI_2015_LANDMARKS, read_points


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
