"""What the page shows of classes."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from PIL import Image

from tfuq.data.cases import read_case_image
from tfuq.workflows.view.ranking import Ranked
from tfuq.workflows.view.tasks.classification import ViewedClasses


@pytest.fixture(scope="module")
def viewed(targets):
    target = targets("classification")
    return ViewedClasses(target, Ranked(target))


def test_classes_have_the_probabilities_of_the_table(viewed):
    with (viewed.target.predictions / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        detail = viewed.detail(row["case"])
        assert detail["label"] == row["label"]
        for each in detail["classes"]:
            assert each["probability"] == float(row[f"probability_{each['name']}"])
            assert each["votes"] is None  # the table has none
            assert each["members"] == []
        assert detail["reference"] in viewed.config.data.classes


def test_the_picture_is_the_row_of_its_case(viewed):
    case = max(viewed.target.manifest.cases)
    picture = np.asarray(Image.open(io.BytesIO(viewed.content(case, {}).body)), float)
    image = read_case_image(viewed.images.case(case)).array[:, :, 0, 0]
    assert np.corrcoef(picture.ravel(), image.ravel())[0, 1] == pytest.approx(1, abs=1e-3)
    assert picture.max() == 255


def test_conformal_sets_are_shown_where_there_are_some(viewed, monkeypatch):
    case = max(viewed.target.manifest.cases)
    assert viewed.detail(case)["sets"] == []
    monkeypatch.setitem(viewed._rows[case], "set_lac", "3; 5")
    monkeypatch.setitem(viewed._rows[case], "set_aps", "")
    assert viewed.detail(case)["sets"] == [
        {"rule": "LAC", "classes": ["3", "5"]},
        {"rule": "APS", "classes": []},
    ]
