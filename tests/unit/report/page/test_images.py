"""Images with a class or with landmarks as a page shows them."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.support.score_requests import request_of
from tfuq.data.json_csv import read_table
from tfuq.data.sets.landmarks import reference_points
from tfuq.errors import DataError
from tfuq.report.page.images import class_views, landmark_views
from tfuq.report.page.sources import read_sources
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
