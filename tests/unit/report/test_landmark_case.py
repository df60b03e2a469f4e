"""The landmarks of a case by several methods are plotted, or refused with what to do."""

import shutil

import numpy as np
import pytest

from tests.support.scored import scored_folder
from tfuq.data.json_csv import read_table
from tfuq.errors import DataError
from tfuq.report.landmark_case import landmark_case_figures
from tfuq.report.shown_case import ShownCase


@pytest.fixture(scope="module")
def folder(scored_tasks):
    return scored_folder(scored_tasks["landmarks"][0]).path


@pytest.fixture(scope="module")
def rows(folder):
    return read_table(folder / "samples.csv", (), "")


def shown(folder, rows, **more):
    return ShownCase(id=rows[0]["case"], folders={"hybrid": folder}, **more)


def test_all_landmarks_and_those_that_are_asked_for(folder, rows):
    figures = dict(landmark_case_figures(shown(folder, rows, landmarks=["menton", "sella"])))
    assert list(figures) == ["landmarks-hybrid", "methods"]
    (axes,) = figures["methods"].axes
    assert axes.get_title() == "hybrid"
    for line, name in ((1, "menton"), (4, "sella")):
        of_landmark = [
            row for row in rows if (row["case"], row["landmark"]) == (rows[0]["case"], name)
        ]
        expected = [(float(row["x"]), float(row["y"])) for row in of_landmark]
        np.testing.assert_allclose(axes.lines[line].get_xydata(), expected)
    samples = figures["landmarks-hybrid"].axes[0].lines[0].get_xydata()
    assert len(samples) == sum(row["case"] == rows[0]["case"] for row in rows)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"axis": 1}, "--axis 1: pictures have no slices"),
        ({"index": 0}, "--slice 0: pictures have no slices"),
        ({"landmarks": ["sela"]}, "--landmark sela: there is none.*sella"),
        ({"landmarks": [str(k) for k in range(7)]}, "7 are asked for, and 6 colours"),
    ],
)
def test_what_is_not_there_is_refused(folder, rows, more, words):
    with pytest.raises(DataError, match=words):
        list(landmark_case_figures(shown(folder, rows, **more)))


@pytest.fixture(scope="module")
def references(heads, tmp_path_factory):
    """A data set without the annotations of one case."""
    root = shutil.copytree(heads, tmp_path_factory.mktemp("references") / "heads")
    for path in root.glob("AnnotationsByMD/*/002.txt"):
        path.unlink()
    return root


def test_the_truth_is_that_of_the_folder_that_is_asked_for(folder, references):
    """The doctors have marked each landmark with an error of their own; here it lies at (30, 60)."""
    (path,) = references.glob("AnnotationsByMD/400_senior/001.txt")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(["30,60", *lines[1:]]))
    case = ShownCase(
        id="001", folders={"hybrid": folder}, reference=references, landmarks=["sella"]
    )
    figure = dict(landmark_case_figures(case))["methods"]
    # Annotations count pixels of a picture three times as large, from one on or from zero.
    (truth,) = figure.axes[0].lines[0].get_xydata()
    np.testing.assert_allclose(truth, [10, 20], atol=0.5)


def test_a_folder_without_references_of_the_case_is_refused(folder, references):
    case = ShownCase(id="002", folders={"hybrid": folder}, reference=references)
    with pytest.raises(DataError, match=r"'002' has no reference in .*--reference, or leave"):
        list(landmark_case_figures(case))


def test_a_case_that_is_not_there_is_refused(folder):
    with pytest.raises(DataError, match="has no such case"):
        list(landmark_case_figures(ShownCase(id="none", folders={"hybrid": folder})))
