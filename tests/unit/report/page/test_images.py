"""Images with a class or with landmarks as a page shows them."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.support.made import make_run, make_scores
from tests.support.score_requests import request_of
from tfuq.data.json_csv import read_table
from tfuq.data.sets.landmarks import reference_points
from tfuq.errors import DataError
from tfuq.measures.landmark import landmark_measures
from tfuq.report.page.images import class_views, landmark_views
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
