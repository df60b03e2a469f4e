"""What the page says of all cases."""

import json
import math

import pytest

from tests.support.score_folders import scores
from tfuq.report.page.cases import read_cases
from tfuq.report.page.content import (
    as_json,
    cell_texts,
    class_comparisons,
    decimals_of,
    findings,
    page_data,
    value_text,
)
from tfuq.report.page.sources import read_sources
from tfuq.scoring.comparison import Cell


def cell(mean, std=None):
    return Cell(mean=mean, std=std, cases=12, is_best=False)


@pytest.mark.parametrize(
    ("mean", "std", "texts"),
    [
        (0.51234, 0.0123, ["0.5123", "± 0.0123"]),
        (123.456, None, ["123.5"]),
        (-0.001234, 0.1, ["-0.001234", "± 0.100000"]),
        (0.0, None, ["0.000"]),
        (math.nan, None, ["–"]),
    ],
)
def test_a_mean_has_four_digits_and_its_deviation_as_many_decimals(mean, std, texts):
    assert cell_texts(cell(mean, std), decimals_of([cell(mean, std)])) == texts


def test_a_line_has_the_decimals_of_its_largest_mean():
    line = [cell(0.012), cell(-3.4567), cell(math.nan)]
    assert decimals_of(line) == 3
    assert cell_texts(line[0], 3) == ["0.012"]
    assert (decimals_of([cell(math.nan)]), decimals_of([cell(12345.6)])) == (3, 0)


def test_no_script_ends_within_json():
    text = as_json({"name": "</script><b>"})
    assert "<" not in text
    assert json.loads(text) == {"name": "</script><b>"}
    with pytest.raises(ValueError, match="JSON"):
        as_json([math.nan])
    assert (value_text(None), value_text(0.123456)) == ("–", "0.1235")


@pytest.fixture
def sources(tmp_path):
    entropies = {"predictive_entropy": [0.123456789, 0.5, 0.3]}
    first = scores(tmp_path / "x", "vi", [0.5, 0.9, 0.7], **entropies)
    other = scores(tmp_path / "y", "hybrid", [0.5, 0.7, 0.9], **entropies)
    return read_sources([first, other])


def test_findings_name_the_best_the_worst_and_the_least_certain(sources):
    best, worst, uncertain = findings(read_cases(sources))
    assert best.startswith("Best mean Dice similarity: ")
    assert worst == "Worst case: c00 (Dice similarity 0.5)."
    assert uncertain == "Least certain by predictive entropy: c01, c02, c00."
    mean, *_ = findings(read_cases(sources[:1]))
    assert mean == "Mean Dice similarity: 0.7 over 3 cases."


def test_the_scripts_numbers_are_of_the_pictured_cases(sources):
    data = page_data(sources, read_cases(sources), ["c00", "c02"])
    assert data["ids"] == ["c00", "c01", "c02"]
    assert (data["worst"], data["uncertain"]) == (["c00", "c02"], ["c02", "c00"])
    assert data["methods"]["vi"]["predictive_entropy"] == [0.123457, 0.5, 0.3]
    assert data["quality"] == {"name": "dice", "better": "higher"}
    assert data["labels"]["dice"] == "Dice similarity"
    assert data["labels"]["predictive_entropy"] == "predictive entropy (nat)"
    assert data["meanings"]["dice"] == ["↑", "higher is better"]
    assert data["printed"] == ["dice", "predictive_entropy"]
    assert data["short"] == "DSC"
    assert data["classes"] == []  # the run is gone
    json.loads(as_json(data))


def test_several_methods_are_compared(sources):
    (comparison,) = class_comparisons(sources, ["c00", "c01", "c02"]).values()
    assert comparison.methods == ["vi", "hybrid"]
    assert comparison.cells["dice"]["vi"].mean == pytest.approx(0.7)
