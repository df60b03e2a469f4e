"""What the page shows of landmarks."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from PIL import Image

from tfuq.data.sets.landmarks import pixel_mm, reference_points
from tfuq.workflows.view.ranking import Ranked
from tfuq.workflows.view.tasks.landmarks import ViewedLandmarks


@pytest.fixture(scope="module")
def viewed(targets):
    target = targets("landmarks")
    return ViewedLandmarks(target, Ranked(target))


@pytest.fixture
def case(viewed):
    return min(viewed.target.manifest.cases)


def test_points_are_those_of_the_table_with_their_samples(viewed, case):
    detail = viewed.detail(case)
    with (viewed.target.predictions / "landmarks.csv").open() as file:
        rows = {row["landmark"]: row for row in csv.DictReader(file) if row["case"] == case}
    with (viewed.target.predictions / "samples.csv").open() as file:
        samples = [row for row in csv.DictReader(file) if row["case"] == case]
    assert [point["name"] for point in detail["points"]] == viewed.config.data.landmarks
    for point in detail["points"]:
        row = rows[point["name"]]
        assert (point["x"], point["y"]) == (float(row["x"]), float(row["y"]))
        assert point["ellipse"][0] == float(row["ellipse_long"])
        own = [[float(s["x"]), float(s["y"])] for s in samples if s["landmark"] == point["name"]]
        assert point["samples"] == own
        assert len(own) == 4


def test_the_picture_has_the_size_that_positions_are_in(viewed, case):
    picture = Image.open(io.BytesIO(viewed.content(case, {}).body))
    assert list(picture.size) == viewed.detail(case)["size"]


def test_references_are_in_pixels_of_the_image(viewed, case):
    known = viewed.images.case(case)
    rows, columns = viewed.images.image(case).shape[:2]
    expected = reference_points(viewed.config, known, (rows, columns))
    shown = {each["name"]: each["points"] for each in viewed.detail(case)["references"]}
    rater = viewed.config.data.annotations.rater
    points = shown.get(rater) or shown["reference"]
    np.testing.assert_allclose([[point["x"], point["y"]] for point in points], expected)


def test_the_least_certain_landmark_is_first(viewed, case):
    spread = {}
    for part in viewed.source.parts(case):
        spread[part.name] = part.measures.get("mean_radial_spread")
    names = [place["name"] for place in viewed.places(case)]
    assert names == sorted(spread, key=lambda name: -spread[name])


def test_conformal_radii_are_in_pixels_of_the_image(viewed, case, monkeypatch):
    assert {point["radius"] for point in viewed.detail(case)["points"]} == {None}
    row = viewed._rows[case][0]
    monkeypatch.setitem(row, "conformal_radius_mm", 3.0)
    size = viewed.images.image(case).shape[:2]
    expected = 3 / pixel_mm(viewed.config, size)
    assert viewed.detail(case)["points"][0]["radius"] == pytest.approx(expected.tolist())
