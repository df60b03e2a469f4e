"""Images with a class or with landmarks as a page shows them."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.support.made import make_run, make_scores
from tests.support.score_requests import request_of
from tfuq.data.cases import Case
from tfuq.data.json_csv import read_table
from tfuq.data.sets.landmarks import reference_points
from tfuq.errors import DataError
from tfuq.measures.landmark import landmark_measures
from tfuq.report.page.images import _picture, class_views, landmark_views
from tfuq.report.page.sources import read_sources
from tfuq.runs.results import LANDMARKS, SAMPLES
from tfuq.scoring.evaluation.references import referenced_cases


def size_of(view):
    content = base64.b64decode(view["image"].split(",")[1])
    return Image.open(io.BytesIO(content)).size


def test_a_small_image_is_shown_as_it_is_with_every_methods_classes(scored_tasks):
    folders = scored_tasks["classification"]
    request = request_of(folders[0])
    (row, *_) = read_table(request.folder / "predictions.csv", (), "")
    view = class_views(read_sources(folders))(row["case"])
    assert view["image"].startswith("data:image/png")
    assert size_of(view) == (view["width"], view["height"]) == (28, 28)
    assert list(view["methods"]) == ["hybrid", "deterministic"]
    shown = view["methods"]["hybrid"]
    assert shown["label"] == row["label"]
    assert shown["probabilities"] == [float(row[f"probability_{k}"]) for k in range(10)]


def test_a_case_that_was_not_predicted_is_refused(scored_tasks):
    with pytest.raises(DataError, match="case 'stranger' is not among the predicted"):
        class_views(read_sources(scored_tasks["classification"]))("stranger")


def test_positions_are_in_pixels_of_the_image_as_given(scored_tasks):
    folders = scored_tasks["landmarks"]
    request = request_of(folders[0])
    case_id, case = next(iter(referenced_cases(request.manifest, request.config, None).items()))
    view = landmark_views(read_sources(folders))(case_id)
    truth = reference_points(request.config, case, (view["height"], view["width"]))
    np.testing.assert_allclose(view["truth"], truth, atol=0.0051)
    table = read_table(request.folder / "landmarks.csv", (), "")
    means = [[float(row["x"]), float(row["y"])] for row in table if row["case"] == case_id]
    shown = view["methods"]["hybrid"]
    np.testing.assert_allclose(shown["means"], means, atol=0.0051)
    assert len(shown["samples"]) == 4 * len(means)
    assert len(shown["ellipses"]) == len(means)
    assert view["methods"]["deterministic"]["ellipses"] == []


def test_ellipses_of_older_predictions_are_drawn_by_the_number_of_samples(heads, tmp_path):
    """Their files hold the ellipses of many samples, which are too small."""
    run = make_run(tmp_path / "run", "landmarks", heads)
    scores = make_scores(run, "hybrid", samples=4, most=2)
    path = run.predictions("hybrid") / LANDMARKS
    rows = read_table(path, (), "")
    place = list(rows[0]).index("ellipse_long")
    lines = [line.split(",") for line in path.read_text().splitlines()]
    for cells in lines[1:]:
        cells[place] = "0.5"
    path.write_text("".join(",".join(cells) + "\n" for cells in lines))
    case = rows[0]["case"]
    shown = landmark_views(read_sources([scores]))(case)["methods"]["hybrid"]["ellipses"]
    samples = read_table(run.predictions("hybrid") / SAMPLES, (), "")
    for found, name in zip(shown, run.config.data.landmarks, strict=True):
        points = [
            (float(r["x"]), float(r["y"]))
            for r in samples
            if (r["case"], r["landmark"]) == (case, name)
        ]
        expected = landmark_measures(np.array(points), np.ones(4), None)
        assert found[:2] == pytest.approx(
            [expected["ellipse_long"], expected["ellipse_short"]], abs=0.02
        )


def test_a_picture_is_made_smaller_until_it_has_room(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (1500, 1200), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    case = Case("noise", (tmp_path / "noise.png",))
    picture = _picture(case, 10**7)
    assert size_of(picture) == (819, 1024)  # the limit, at the image's aspect
    assert (picture["width"], picture["height"], picture["isReduced"]) == (1200, 1500, True)
    smaller = _picture(case, 100_000)
    assert len(smaller["image"]) <= 100_000
    assert max(size_of(smaller)) < 1024


def test_colours_are_as_stored_and_the_window_is_said(tmp_path):
    image = np.full((30, 40, 3), (200, 30, 90), np.uint8)
    image[0] = (0, 10, 255)
    Image.fromarray(image).save(tmp_path / "red.png")
    picture = _picture(Case("red", (tmp_path / "red.png",)), 10**6)
    content = base64.b64decode(picture["image"].split(",")[1])
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), image)
    assert (picture["window"], picture["isReduced"]) == ("colours as stored", False)
    assert picture["aspect"] == 1


def test_predictions_without_references_have_no_truth(scored_tasks, monkeypatch):
    folders = [request_of(scores).folder for scores in scored_tasks["landmarks"]]
    sources = read_sources(folders)

    def gone(data):
        raise DataError("gone")

    monkeypatch.setattr("tfuq.report.page.predicted.cases_of", gone)
    case_id = min(sources[0].present_manifest.cases)
    view = landmark_views(sources)(case_id)
    assert view["truth"] == []
    assert view["methods"]["hybrid"]["means"]
