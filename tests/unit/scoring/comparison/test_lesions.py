"""Detection of lesions side by side, over the cases that all methods have."""

import pytest

from tests.support.score_folders import scores
from tfuq.data.json_csv import read_table
from tfuq.data.writers import write_csv, write_json
from tfuq.scoring.comparison import compare
from tfuq.scoring.comparison.lesions import detection_text, found_text


def scored(folder, method, found, cases=("a", "b", "c"), **summary):
    """Two lesions in each case, of which so many are found; a false one in each."""
    scores(folder, method, [0.5] * len(cases), list(cases))
    counts = []
    lesions = []
    for case, number in zip(cases, found, strict=True):
        head = {"case": case, "class": "tumour"}
        counts.append(head | {"lesions": 2, "found": number, "false_positives": 1, "duplicates": 0})
        for lesion in range(2):
            is_found = int(lesion < number)
            lesions.append(head | {"lesion": lesion, "detected": is_found, "iou": 0.5 * is_found})
    write_csv(folder / "detection.csv", counts)
    write_csv(folder / "lesions.csv", lesions)
    said = {"method": method, "detection": {"tumour": {}}, "lesion_iou": None}
    write_json(folder / "summary.json", said | summary)
    return folder


def test_lesions_are_told_over_the_cases_that_all_methods_have(tmp_path):
    one = scored(tmp_path / "a", "vi", [2, 1, 0])
    other = scored(tmp_path / "b", "hybrid", [2, 2], ("a", "b"))
    comparison = compare([one, other])
    vi = comparison.detection["tumour"]["vi"]
    assert (vi["scans"], vi["lesions"], vi["found"]) == (2, 4, 3)
    assert vi["sensitivity"] == 0.75
    assert vi["false_positives_per_scan"] == 1
    assert vi["lesion_f1"] == pytest.approx(2 * 3 / (3 + 2 + 4))
    assert found_text(vi) == "3 of 4"
    text = comparison.markdown()
    assert "| found, tumour " in text
    assert "| 3 of 4 " in text
    assert "| 4 of 4 " in text
    assert "false positives a scan, tumour" in text
    comparison.write(tmp_path / "out")
    rows = read_table(tmp_path / "out" / "comparison.csv", ("method",), "")
    assert [float(row["sensitivity_tumour"]) for row in rows] == [0.75, 1.0]
    assert [row["found_tumour"] for row in rows] == ["3", "4"]


def test_scans_without_a_lesion_have_false_ones_alone(tmp_path):
    folders = []
    for method in ("vi", "hybrid"):
        folder = scored(tmp_path / method, method, [0, 0, 0])
        rows = read_table(folder / "detection.csv", ("lesions",), "")
        write_csv(folder / "detection.csv", [row | {"lesions": 0} for row in rows])
        write_csv(folder / "lesions.csv", [])
        folders.append(folder)
    comparison = compare(folders)
    vi = comparison.detection["tumour"]["vi"]
    assert (vi["sensitivity"], vi["false_positives_per_scan"]) == (None, 1)
    assert "| 0 of 0 " in comparison.markdown()


@pytest.mark.parametrize(
    ("summary", "class_name"),
    [({"lesion_structures": []}, "all"), ({"lesion_iou": 0.1}, "all"), ({"detection": {}}, "all")],
    ids=["organ", "another IoU", "no lesions"],
)
def test_what_does_not_compare_is_left_out(tmp_path, summary, class_name):
    one = scored(tmp_path / "a", "vi", [2, 1, 0])
    other = scored(tmp_path / "b", "hybrid", [2, 2, 2], **summary)
    assert compare([one, other], class_name).detection == {}


def test_scores_are_written_with_their_intervals():
    scores_ = {"sensitivity": 0.5, "sensitivity_lower": 0.25, "sensitivity_upper": 0.75}
    assert detection_text(scores_, "sensitivity") == "0.500 (0.250 to 0.750)"
    assert detection_text(scores_ | {"sensitivity_lower": None}, "sensitivity") == "0.500"
    assert detection_text({"sensitivity": None}, "sensitivity") == "–"
