"""Which structures are lesions, told from their references."""

import pytest

from tfuq.scoring.lesion_structures import lesion_structures, told_of


def rows_of(parts, name="a"):
    """Rows of references, each with the sizes of its components."""
    counts = []
    lesions = []
    for number, sizes in enumerate(parts):
        head = {"case": f"case-{number}", "class": name}
        counts.append(head)
        lesions += [head | {"voxels": voxels} for voxels in sizes]
    return counts, lesions


ORGAN = [[100]] * 10
SPECKED = [[100, 3, 1]] * 9 + [[90, 80]]  # specks hold less than 5 %; one of ten is cut in two
LUNGS = [[100, 90]] * 10
LESIONS = [[10], [10, 8, 9], [], [4, 4], [5]]
ONE_SCAN = [[10, 8, 9]]
HALF = [[10]] * 5 + [[]] * 5  # one tumour, which half of the scans have
NOWHERE = [[]] * 4


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (ORGAN, []),
        (SPECKED, []),
        (LUNGS, []),
        (LESIONS, ["a"]),
        (ONE_SCAN, ["a"]),
        (HALF, ["a"]),
        (NOWHERE, ["a"]),
    ],
    ids=["organ", "specked", "lungs", "lesions", "one scan", "half", "nowhere"],
)
def test_organs_are_the_same_one_or_two_parts_in_nearly_every_scan(parts, expected):
    assert lesion_structures(None, *rows_of(parts)) == expected


def test_what_the_configuration_names_counts():
    counts, lesions = rows_of(ORGAN)
    assert lesion_structures(["a"], counts, lesions) == ["a"]
    assert lesion_structures([], *rows_of(LESIONS)) == []


def test_raters_are_references_of_their_own():
    counts = [{"case": "c", "rater": str(k), "class": "a"} for k in range(2)]
    lesions = [row | {"voxels": 9} for row in counts]
    assert lesion_structures(None, counts, lesions) == []
    assert lesion_structures(None, counts, lesions + lesions[:1]) == ["a"]


def test_scores_of_earlier_versions_tell_of_all():
    detection = {"a": {}, "b": {}}
    assert told_of({"detection": detection}) == ["a", "b"]
    assert told_of({"detection": detection, "lesion_structures": ["b"]}) == ["b"]
    assert told_of({}) == []
