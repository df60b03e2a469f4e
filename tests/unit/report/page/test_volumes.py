"""Cases of segmentation as a page shows them."""

import base64
import io

import nibabel
import numpy as np
import pytest
from PIL import Image

from tests.support.score_requests import request_of
from tfuq.report.page.content import as_json
from tfuq.report.page.sources import read_sources
from tfuq.report.page.volumes import volume_view


def decoded(address):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))


@pytest.fixture(scope="module")
def view(scored_tasks):
    return volume_view(read_sources(scored_tasks["segmentation"]), "ball_001")


def arrays(scores, balls):
    path = request_of(scores).folder / "ball_001"
    label = np.asarray(nibabel.load(path / "label.nii.gz").dataobj)
    entropy = np.asarray(nibabel.load(path / "predictive_entropy.nii.gz").dataobj)
    truth = np.asarray(nibabel.load(balls / "labelsTr" / "ball_001.nii.gz").dataobj)
    return label, truth, entropy


def test_sheets_hold_the_labels_of_the_slices_shown(view, scored_tasks, balls):
    label, truth, _ = arrays(scored_tasks["segmentation"][0], balls)
    shape = (len(view["slices"]) * view["rows"], view["columns"])
    for sheet, expected in (
        (view["methods"]["hybrid"]["label"], label),
        (view["reference"], truth),
    ):
        shown = decoded(sheet)
        assert shown.shape == shape
        counts = np.bincount(expected[:, :, view["slices"]].ravel(), minlength=3)
        np.testing.assert_array_equal(np.bincount(shown.ravel(), minlength=3), counts)


def test_the_first_slice_has_the_most_wrong_voxels(view, scored_tasks, balls):
    label, truth, _ = arrays(scored_tasks["segmentation"][0], balls)
    wrong = (label != truth).sum((0, 1))[view["slices"]]
    assert wrong[view["start"]] == wrong.max()
    assert (view["axis"], view["of"]) == (2, 15)


def test_a_map_has_one_scale_over_the_methods(view, scored_tasks, balls):
    tops = [arrays(scores, balls)[2].max() for scores in scored_tasks["segmentation"]]
    scales = [shown["maps"]["predictive_entropy"] for shown in view["methods"].values()]
    assert [scale["top"] for scale in scales] == [pytest.approx(max(tops))] * 2
    assert scales[0]["full"] == pytest.approx(np.log(3))
    assert scales[0]["unit"] == "nat"
    assert "mutual_information" not in view["methods"]["deterministic"]["maps"]


def test_there_are_fewer_slices_where_there_is_less_room(scored_tasks, view):
    sources = read_sources(scored_tasks["segmentation"])
    room = len(as_json(view)) // 2
    fewer = volume_view(sources, "ball_001", room)
    assert 1 < len(fewer["slices"]) < len(view["slices"])
    assert len(as_json(fewer)) < 1.5 * room
    alone = volume_view(sources, "ball_001", 1)
    first = view["slices"][view["start"]]
    assert (alone["slices"], alone["start"]) == ([first], 0)
    assert fewer["slices"][fewer["start"]] == first
    for shown in (fewer, alone):
        assert decoded(shown["image"]).shape[0] == len(shown["slices"]) * shown["rows"]


def test_without_a_reference_the_least_certain_slice_is_first(scored_tasks, balls):
    predictions = [request_of(scores).folder for scores in scored_tasks["segmentation"]]
    sources = read_sources(predictions)
    for source in sources:
        for entry in source.present_manifest.cases.values():
            entry.label = None
    shown = volume_view(sources, "ball_001")
    assert shown["reference"] is None
    entropy = arrays(scored_tasks["segmentation"][0], balls)[2].sum((0, 1))[shown["slices"]]
    assert shown["start"] == entropy.argmax()


def test_the_window_is_stated(view):
    assert view["window"].startswith("black at ")
    assert "white at" in view["window"]
