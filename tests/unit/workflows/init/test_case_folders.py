"""Which folder of a path is the case, and what is the same in all paths."""

import pytest

from tests.support.dicom import Scan, noise
from tfuq.workflows.init.case_folders import named_by_folders
from tfuq.workflows.init.naming import groups_of
from tfuq.workflows.init.survey import survey

CASES = ("p01", "p02", "p07")


def series(folder):
    Scan(noise((2, 3, 4))).write(folder)


def patterns(root):
    return {group.pattern: sorted(group.files) for group in groups_of(survey(root))}


@pytest.mark.parametrize(
    ("image", "label", "found"),
    [
        ("CT/{0}", "mask/{0}/mask", "CT/{case}"),
        ("{0}/CT", "{0}/{0}-seg", "{case}/CT"),
        ("dicom/{0}/1.2.3/1.2.4", "manual/{0}_manual", "dicom/{case}/1.2.3/1.2.4"),
        ("dicom/{0}/1.2.{1}/1.4.{1}", "manual/{0}_manual", "dicom/{case}/*/*"),
        ("{0}/2026010{1}/CT", "{0}/seg", "{case}/*/CT"),
    ],
)
def test_a_series_lies_in_folders_of_any_names(image, label, found, tmp_path):
    for number, case in enumerate(CASES):
        series(tmp_path / image.format(case, number))
        path = tmp_path / f"{label.format(case)}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    pattern = label.replace("{0}", "{case}") + ".png"
    assert patterns(tmp_path) == {found: list(CASES), pattern: list(CASES)}


def test_of_several_series_none_is_chosen(tmp_path):
    """Stars would say that one of them is as good as another."""
    for number, case in enumerate(CASES):
        for part in ("a", "b"):
            series(tmp_path / case / f"1.2.{number}{part}")
    cases, named = next(named_by_folders(survey(tmp_path)))
    assert cases == set(CASES)
    assert sorted(one.pattern for one in named) == [
        f"{{case}}/1.2.{number}{part}" for number in range(3) for part in ("a", "b")
    ]
