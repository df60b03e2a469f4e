"""Which part of a path is the case."""

from pathlib import Path

import pytest

from tfuq.workflows.init.naming import groups_of, has_label_word, shared
from tfuq.workflows.init.survey import Item


def items_of(*names):
    """Items of paths without a dot in their names."""
    items = []
    for name in sorted(names):
        path = Path(name)
        item = Item(folder=path.parent.parts, name=path.stem, ending=path.suffix, path=path)
        items.append(item)
    return items


CASES = ("p01", "p02", "p07")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("image/{case}.png", "mask/{case}.png"),
        ("scans/{case}.png", "scans/{case}_seg.png"),
        ("{case}_0.png", "{case}_0-label.png"),
        ("{case}_T1.png", "{case}_T2.png"),
        ("img_{case}.png", "mask_{case}.png"),
        ("{case}/image.png", "{case}/seg.png"),
        ("{case}/{case}_T1w.png", "{case}/{case}_T1w_manual.png"),
        ("{case}/anat/{case}_T1w.png", "derivatives/{case}/anat/{case}_dseg.png"),
        ("x/{case}.png", "y/{case}_roi.png"),
    ],
)
def test_files_are_grouped_by_what_they_are(first, second):
    names = [pattern.format(case=case) for pattern in (first, second) for case in CASES]
    groups = groups_of(items_of(*names))
    case_of = {case: case for case in CASES}
    if first.startswith("{case}_0"):
        first, second = "{case}.png", "{case}-label.png"
        case_of = {f"{case}_0": case for case in CASES}
    assert {group.pattern for group in groups} == {first, second}
    assert shared(groups) == 6
    for group in groups:
        assert set(group.files) == set(case_of)


@pytest.mark.parametrize("label", ["manual/p_01_seg.png", "scans/p_01_seg.png", "manual/p_01.png"])
def test_one_case_is_told_by_the_word_of_its_label(label):
    groups = groups_of(items_of("scans/p_01.png", label))
    assert shared(groups) == 2
    assert sum(group.has_label_word for group in groups) == 1


def test_endings_that_differ_are_a_star():
    groups = groups_of(items_of("image/a.png", "image/b.jpg", "mask/a.png", "mask/b.png"))
    assert {group.pattern for group in groups} == {"image/{case}.*", "mask/{case}.png"}


def test_names_that_differ_as_a_whole_are_cases():
    (group,) = groups_of(items_of("patient_anna.png", "patient_bo.png"))
    assert group.pattern == "{case}.png"
    assert shared([group]) == 0


def test_the_structure_is_the_word_beside_that_of_labels():
    names = [f"{folder}/{case}.png" for folder in ("xray", "lung_masks") for case in CASES]
    labels, images = sorted(groups_of(items_of(*names)), key=lambda group: group.pattern)
    assert (labels.has_label_word, labels.structure) == (True, "lung")
    assert (images.has_label_word, images.structure) == (False, None)


@pytest.mark.parametrize(
    ("text", "is_label"),
    [("labelsTr", True), ("rater-01", True), ("GT", True), ("tissue_seg", True), ("flair", False)],
)
def test_words_that_labels_have(text, is_label):
    assert has_label_word(text) is is_label
