"""The layers of a segmented volume."""

from __future__ import annotations

from dataclasses import replace

import nibabel
import numpy as np
import pytest

from tfuq.data.cases import read_case_image, read_label
from tfuq.data.writers import write_nifti
from tfuq.errors import DataError
from tfuq.measures.sample_masks import read_samples
from tfuq.workflows.view.ranking import Ranked
from tfuq.workflows.view.tasks.base import VOXELS_AT_FIRST
from tfuq.workflows.view.tasks.segmentation import ViewedVolumes


@pytest.fixture(scope="module")
def viewed(targets):
    target = targets("segmentation")
    return ViewedVolumes(target, Ranked(target))


@pytest.fixture
def case(viewed):
    return min(viewed.target.manifest.cases)


def layer(viewed, case, **query):
    content = viewed.content(case, query)
    image = nibabel.Nifti1Image.from_bytes(content.body)
    return np.asarray(image.dataobj), image.affine


def test_a_case_has_layers_with_titles(viewed, case):
    detail = viewed.detail(case)
    assert detail["channels"] == ["scan"]
    assert detail["samples"] == 4
    assert detail["references"] == ["reference"]
    assert [each["title"] for each in detail["maps"]][:2] == [
        "predictive entropy",
        "expected entropy",
    ]
    assert not detail["isPicture"]


def test_scan_and_reference_are_those_of_the_data_set(viewed, case):
    known = viewed.images.case(case)
    image = read_case_image(known)
    scan, affine = layer(viewed, case, layer="scan")
    np.testing.assert_allclose(scan, image.array[..., 0], rtol=1e-6)
    np.testing.assert_allclose(affine, image.affine, atol=1e-4)
    reference, _ = layer(viewed, case, layer="reference", name="reference")
    np.testing.assert_array_equal(reference, read_label(viewed.config, known, image).array)


def test_a_sample_has_the_masks_of_its_number(viewed, case):
    stored = read_samples(viewed.target.predictions / case, len(viewed.config.data.classes))
    for number in range(4):
        label, _ = layer(viewed, case, layer="sample", number=str(number))
        for k in range(1, len(viewed.config.data.classes)):
            masks = list(stored.of_classes([k]).unpacked())
            np.testing.assert_array_equal(label == k, masks[number])


def test_a_probability_is_that_of_its_class(viewed, case):
    path = viewed.target.predictions / case / "probability.nii.gz"
    stored = nibabel.load(path).get_fdata()
    for k, name in enumerate(viewed.config.data.classes[1:], start=1):
        shown, _ = layer(viewed, case, layer="probability", name=name)
        np.testing.assert_allclose(shown, stored[..., k], atol=1e-6)


def test_few_voxels_are_sent_to_who_asks_for_few(viewed, case):
    whole, _ = layer(viewed, case, layer="scan")
    for most in (whole.size, whole.size - 1, 100):
        content = viewed.content(case, {"layer": "scan", "most": str(most)})
        fewer = np.asarray(nibabel.Nifti1Image.from_bytes(content.body).dataobj)
        assert fewer.size <= most
        step = content.step
        np.testing.assert_array_equal(fewer, whole[::step, ::step, ::step])


def test_what_is_shown_first_is_kept_and_read_ahead(viewed, case, monkeypatch):
    viewed.prepare(case)
    query = {"layer": "scan", "number": "0", "most": str(VOXELS_AT_FIRST)}
    monkeypatch.setattr(viewed, "_scan", None)  # nothing is read any more
    content = viewed.content(case, query)
    monkeypatch.undo()
    assert content.step == 1
    assert content.body == viewed.content(case, {"layer": "scan"}).body


def test_a_channel_that_is_not_there_is_refused(viewed, case):
    for most in ("0", str(VOXELS_AT_FIRST)):
        with pytest.raises(DataError, match="number"):
            viewed.content(case, {"layer": "scan", "number": "1", "most": most})


def test_places_are_those_of_the_review(viewed, case):
    parts = viewed.source.parts(case)
    for place, expected in zip(
        viewed.places(case), viewed.source.places(case, parts).values(), strict=True
    ):
        mm = [expected.columns[f"place_{axis}_mm_ras"] for axis in "xyz"]
        assert place["mm"] == pytest.approx(mm)
        assert place["at"].endswith(" mm")


def test_raters_are_layers_with_their_majority(viewed, case, monkeypatch):
    known = viewed.images.case(case)
    raters = {"A": known.label, "B": known.label}
    monkeypatch.setattr(
        viewed.images, "case", lambda case_id: replace(known, label=None, raters=raters)
    )
    names = viewed.detail(case)["references"]
    assert names == ["A", "B", "majority of raters"]
    first, *others = [layer(viewed, case, layer="reference", name=name)[0] for name in names]
    assert first.any()
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_conformal_bounds_are_labels_of_their_classes(viewed, case, tmp_path, monkeypatch):
    image = read_case_image(viewed.images.case(case))
    masks = np.random.default_rng(0).integers(0, 2, (*image.shape, 2)).astype(np.uint8)
    assert viewed.detail(case)["bounds"] == []
    write_nifti(tmp_path / "label_upper.nii.gz", image.with_array(masks))
    monkeypatch.setattr(viewed, "_folder", lambda case: tmp_path)
    assert viewed._bounds(case) == {
        "upper ball": "outer bound of ball",
        "upper core": "outer bound of core",
    }
    for number, name in enumerate(("ball", "core"), start=1):
        shown, _ = layer(viewed, case, layer="bound", name=f"upper {name}")
        np.testing.assert_array_equal(shown, number * masks[..., number - 1])
