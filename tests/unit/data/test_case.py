"""A case: its unit, its raters, and what it is trained on."""

from pathlib import Path

import pytest

from tests.support.rater_discs import RATERS, by_raters
from tfuq.data.case import Case, naming, training_views
from tfuq.data.units import PLAIN_IMAGE, SCAN, SIZED_IMAGE
from tfuq.errors import DataError

LABELS = {rater: Path(rater, "a.png") for rater in RATERS}


@pytest.mark.parametrize(
    ("images", "pixel_mm", "unit"),
    [
        (("a.nii.gz",), None, SCAN),
        (("a.nii.gz",), 0.5, SCAN),
        (("a.png",), None, PLAIN_IMAGE),
        (("a.PNG", "b.nii"), 0.5, SIZED_IMAGE),
        ((), None, SCAN),
    ],
)
def test_a_plain_image_is_in_pixels_until_a_width_is_given(images, pixel_mm, unit):
    case = Case("a", tuple(map(Path, images)), pixel_mm=pixel_mm)
    assert case.unit is unit


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({}, False),
        ({"raters": {}}, False),
        ({"label": Path("a.nii")}, True),
        ({"truth": 0}, True),
        ({"raters": LABELS}, True),
    ],
)
def test_a_reference_is_a_label_a_class_or_raters(reference, expected):
    assert Case("a", (), **reference).has_reference == expected


def test_a_case_by_one_rater_has_that_label_alone():
    case = Case("a", (), raters=LABELS).by("rater-02")
    assert case.label == Path("rater-02", "a.png")
    assert not case.raters


@pytest.mark.parametrize(("raters", "words"), [(LABELS, ", ".join(RATERS)), ({}, "none")])
def test_a_rater_who_has_not_labelled_a_case_is_named(raters, words):
    with pytest.raises(DataError, match=f"'a' has no label by 'me'; it has {words}: add"):
        Case("a", (), raters=raters).by("me")


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (None, [None]),
        ("majority", [None]),
        ("rater-03", [LABELS["rater-03"]]),
        ("random", list(LABELS.values())),
    ],
)
def test_what_is_trained_on(chosen, expected, tmp_path):
    case = Case("a", (), raters=LABELS)
    views = training_views(by_raters(tmp_path, train_on=chosen), case)
    assert [view.label for view in views] == expected


def test_a_case_of_one_label_is_trained_on_that_whoever_is_chosen(tmp_path):
    case = Case("a", (), label=Path("a.png"))
    assert training_views(by_raters(tmp_path, train_on="rater-03"), case) == [case]


@pytest.mark.parametrize(
    ("case", "start"),
    [
        (Case("a", (Path("x/a.nii"), Path("x/b.nii"))), "x/a.nii: too dark"),
        (Case("a", (Path("x/idx"),), row=3), "x/idx: image 3: too dark"),
        (Case("a", ()), "a: too dark"),
    ],
)
def test_an_error_begins_with_the_file_of_the_case(case, start):
    with pytest.raises(DataError) as refused, naming(case):
        raise DataError("too dark")
    assert str(refused.value) == start
