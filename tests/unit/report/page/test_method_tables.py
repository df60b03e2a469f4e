"""Tables of methods side by side."""

import pytest

from tests.support.score_folders import scores
from tfuq.report.page.content import class_comparisons
from tfuq.report.page.method_tables import (
    MOST_METHODS,
    class_table,
    difference_table,
    lesion_table,
    measure_table,
    score_table,
)
from tfuq.report.page.source import by_name
from tfuq.report.page.sources import read_sources
from tfuq.scoring.comparison import Comparison


@pytest.fixture
def compared(tmp_path):
    """``compared(count)``: the comparison of so many methods, and their headings."""

    def make(count):
        folders = []
        for k in range(count):
            dice = [0.5 + 0.01 * k, 0.7, 0.9]
            entropies = [0.1, 0.2 + k, 0.3]
            folder = tmp_path / f"{k}"
            made = scores(
                folder, f"m{k}", dice, samples=4, ece=[0.001, 0.002, 0.003],
                predictive_entropy=entropies,
            )  # fmt: skip
            folders.append(made)
        sources = read_sources(folders)
        comparison = class_comparisons(sources, ["c00", "c01", "c02"])["all"]
        return comparison, by_name(sources, lambda source: source.heading)

    return make


@pytest.mark.parametrize(("count", "parts"), [(2, [2]), (5, [5]), (6, [3, 3]), (11, [3, 4, 4])])
def test_methods_are_divided_into_even_blocks_that_fit_a_page(count, parts, compared):
    comparison, headings = compared(count)
    table = score_table("scores", comparison, headings)
    assert [len(block.headings) for block in table.blocks] == parts
    assert max(parts) <= MOST_METHODS
    listed = [heading for block in table.blocks for heading in block.headings]
    assert listed == [f"m{k}, T = 4" for k in range(count)]
    for block in table.blocks:
        assert [line.name.title for line in block.lines] == ["Dice similarity", "calibration error"]
        assert [group for group, _ in block.groups] == [
            "Agreement with the reference",
            "Probabilities",
        ]
        assert {len(line.cells) for line in block.lines} == {len(block.headings)}


def test_cells_are_means_with_the_decimals_of_their_line(compared):
    comparison, headings = compared(2)
    (block,) = score_table("scores", comparison, headings, ["a note"]).blocks
    dice, ece = block.lines
    assert [cell.text for cell in dice.cells] == ["0.7000", "0.7033"]
    assert ece.cells[0].text == "0.002000"
    assert ece.cells[0].extras == ("± 0.001000",)


def test_differences_have_an_interval_and_p(compared):
    comparison, headings = compared(2)
    table = difference_table("differences", comparison, headings)
    assert table.is_folded
    (line, _) = table.blocks[0].lines
    worse, best = line.cells
    assert best.text == "–"
    assert worse.text.startswith("-0.0")
    assert worse.extras[-1].startswith("p ")


def test_measures_of_methods_that_have_none_are_dashes(compared):
    _, headings = compared(2)
    table = measure_table("measures", {"pairwise_dice": {"m0": 0.91234}}, headings)
    (line,) = table.blocks[0].lines
    assert [cell.text for cell in line.cells] == ["0.9123", "–"]
    assert measure_table("measures", {}, headings) is None


def test_classes_are_lines(compared):
    comparison, headings = compared(2)
    table = class_table("Dice", {"<b>": comparison}, "dice", headings, "class")
    (line,) = table.blocks[0].lines
    assert line.name.title == "<b>"
    assert class_table("HD95", {"a": comparison}, "hd95_mm", headings, "class") is None


def test_lesions_have_a_group_for_each_structure():
    scores_of_method = {"lesions": 4, "found": 3}
    for name, value in (
        ("sensitivity", 0.75),
        ("false_positives_per_scan", 1.0),
        ("lesion_f1", 0.6),
    ):
        scores_of_method |= {name: value, f"{name}_lower": None, f"{name}_upper": None}
    detection = {name: {"vi": scores_of_method} for name in ("tumour", "cyst")}
    comparison = Comparison(methods=["vi"], cases=["a"], cells={}, detection=detection)
    table = lesion_table("lesions", comparison, {"vi": "vi, T = 4"})
    (block,) = table.blocks
    assert [group for group, _ in block.groups] == ["tumour", "cyst"]
    for _, lines in block.groups:
        assert [line.name.title for line in lines] == [
            "lesions found",
            "sensitivity",
            "false positives a scan",
            "F1",
        ]
        assert [line.cells[0].text for line in lines] == ["3 of 4", "0.750", "1.000", "0.600"]
    alone = Comparison(methods=["vi"], cases=["a"], cells={})
    assert lesion_table("lesions", alone, {"vi": "vi"}) is None
