"""tfuq's own JSON and CSV files, believed only as far as they are what they should be."""

from pathlib import Path

import numpy as np
import pytest

from tfuq.data import budget
from tfuq.data.json_csv import (
    is_text,
    number,
    numbers,
    parse_json,
    read_content,
    read_json,
    read_table,
    read_text,
    read_typed,
)
from tfuq.errors import RunError

REMEDY = "score again"
PATH = Path("a.json")


def written(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_json_is_built_as_its_kind(tmp_path):
    path = written(tmp_path, '\ufeff{"a": [1, 2.5], "b": []}')
    assert read_json(path, dict[str, list[float]], REMEDY) == {"a": [1, 2.5], "b": []}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": [1, "x"]}', "a.1: Input should be a valid number"),
        (b"[1]", "content: Input should be an object"),
        (b'{"a": [1', "cannot be read"),
        (b'{"a": [NaN]}', "cannot be read"),
        (b'{"a": [1e31]}', "1e31 is no number of at most 1e[+]30"),
        (b"\xff", "cannot be read"),
    ],
)
def test_other_json_is_refused(content, words):
    with pytest.raises(RunError, match=words) as refused:
        parse_json(content, PATH, dict[str, list[float]], REMEDY)
    assert str(refused.value).startswith("a.json: cannot be read (")
    assert str(refused.value).endswith(f"; {REMEDY}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("read", [read_text, lambda path: read_content(path, REMEDY)])
def test_a_file_that_is_not_there_is_named(tmp_path, read):
    with pytest.raises(RunError, match=r"none: cannot be read .*No such file"):
        read(tmp_path / "none")


def test_cells_are_without_the_marks_against_formulas(tmp_path):
    path = written(tmp_path, "case,text\n'=1,'x\na,\n")
    rows = read_table(path, ("case",), REMEDY)
    assert rows == [{"case": "=1", "text": "'x"}, {"case": "a", "text": ""}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "has no column 'case'"),
        ("name\na\n", "has no column 'case'"),
        ("case,a\nx,1", "ends within a line"),
        ("case,a,a\nx,1,2\n", "has two columns of one name"),
        ("case,a\nx\n", "does not fit its header"),
        ("case,a\nx,1,2\n", "does not fit its header"),
        ('case,a\n"x,1\n', "cannot be read"),
        (b"case\n\xff\n", "cannot be read"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path, content, words):
    path = written(tmp_path, content)
    with pytest.raises(RunError, match=words) as refused:
        read_table(path, ("case",), REMEDY)
    assert str(refused.value).startswith(str(path))
    assert str(refused.value).endswith(f"; {REMEDY}")


@pytest.mark.parametrize(
    ("column", "expected"),
    [("case", True), ("set_0.1", True), ("dice", False), ("settle", False), ("Case", False)],
)
def test_columns_of_text_are_known_by_name(column, expected):
    assert is_text(column) == expected


def test_cells_have_the_type_of_their_column(tmp_path):
    path = written(tmp_path, "case,dice,nll\n1,0.5,\n2,-1e3,7\n")
    assert read_typed(path, ("case", "dice"), REMEDY) == [
        {"case": "1", "dice": 0.5, "nll": None},
        {"case": "2", "dice": -1000.0, "nll": 7.0},
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",0.5,1", "has an empty cell in 'case'"),
        ("a,,1", "has an empty cell in 'dice'"),
        ("a,0.5,x", "'x' is not a number for 'nll'"),
        ("a,0.5,inf", "'inf' is not a finite number for 'nll'"),
        ("a,0.5,-1e31", "is larger than 1e[+]30, which no 'nll' is"),
    ],
)
def test_a_cell_of_another_type_is_refused(tmp_path, row, words):
    path = written(tmp_path, f"case,dice,nll\n{row}\n")
    with pytest.raises(RunError, match=words):
        read_typed(path, ("case", "dice"), REMEDY)


def test_a_column_that_is_not_there_has_no_number():
    assert number(PATH, {"a": "1"}, "b", REMEDY) is None


def test_a_column_is_an_array_of_its_numbers():
    rows = [{"a": "1"}, {"a": "-2.5"}]
    np.testing.assert_array_equal(numbers(PATH, rows, "a", REMEDY), [1, -2.5])
    assert numbers(PATH, [], "a", REMEDY).shape == (0,)
    np.testing.assert_array_equal(numbers(PATH, rows, "a", REMEDY, low=-2.5, high=1), [1, -2.5])


@pytest.mark.parametrize(
    ("cell", "words"),
    [("", "has an empty cell in 'a'"), ("1.01", "'1.01' is not between 0 and 1, as 'a' is")],
)
def test_a_number_out_of_range_or_absent_is_refused(cell, words):
    with pytest.raises(RunError, match=words):
        numbers(PATH, [{"a": "1"}, {"a": cell}], "a", REMEDY, low=0, high=1)


@pytest.mark.parametrize(
    "read",
    [
        read_text,
        lambda path: read_content(path, REMEDY),
        lambda path: read_table(path, ("case",), REMEDY),
    ],
)
def test_a_file_for_which_memory_is_short_is_not_called_damaged(read, tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("case\na\n")
    monkeypatch.setattr(budget, "free_memory", lambda: 0)
    with pytest.raises(RunError, match=r"a\.csv: .*free some, or use a smaller file$") as refusal:
        read(path)
    assert REMEDY not in str(refusal.value)
    assert "restore" not in str(refusal.value)
