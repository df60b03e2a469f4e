"""Tables as CSV: their columns, cells, and marks against formulas."""

import csv

import numpy as np
import pytest

from tfuq.data.json_csv import read_table
from tfuq.data.writers.tables import rows_as_text, without_mark, write_csv, write_rows
from tfuq.errors import DataError


def test_columns_are_those_of_all_rows_in_the_order_of_their_first(tmp_path):
    path = tmp_path / "table.csv"
    write_csv(path, [{"a": 1, "b": 'x,"y"'}, {"a": float("nan"), "c": 0.1234567891}])
    assert path.read_text() == 'a,b,c\n1,"x,""y""",\n,,0.123457\n'


def test_rows_are_written_as_they_come(tmp_path):
    """The same bytes as those of a table at once, from rows of which one is there at a time."""
    rows = [{"a": 1.5, "b": 'x,"y"'}, {"a": None, "b": "=1+1"}, {"b": "ü\r"}]
    write_csv(tmp_path / "once.csv", rows)
    write_rows(tmp_path / "stream.csv", ["a", "b"], (row for row in rows))
    with (
        (tmp_path / "once.csv").open(newline="") as once,
        (tmp_path / "stream.csv").open(newline="") as stream,
    ):
        assert list(csv.reader(once)) == list(csv.reader(stream))


def test_a_stream_of_rows_that_fails_leaves_no_table(tmp_path):
    with pytest.raises(DataError, match="a is inf"):
        write_rows(tmp_path / "a.csv", ["a"], [{"a": 1.0}, {"a": np.inf}])
    assert not (tmp_path / "a.csv").exists()


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (np.nan, ""),
        (3, "3"),
        (np.int64(-4), "-4"),
        (1 / 3, "0.333333"),
        (np.float32(0.5), "0.5"),
        (1e-9, "1e-09"),
        (-1.5, "-1.5"),
        (True, "True"),
        ("-0.25", "-0.25"),
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("'+x", "''+x"),
        ("'x", "'x"),
    ],
)
def test_a_cell_is_short_and_no_formula(tmp_path, value, cell):
    write_csv(tmp_path / "a.csv", [{"name": "x", "value": value}])
    with (tmp_path / "a.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {"name": "x", "value": cell}


@pytest.mark.parametrize("text", ["=1+1", "'=1", "''+x", "'x", "x", "-x", "", "'", "-1", "\t"])
def test_a_mark_is_taken_away_as_it_was_put(tmp_path, text):
    write_csv(tmp_path / "a.csv", [{"name": "x", "text": text}])
    with (tmp_path / "a.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert without_mark(row["text"]) == text


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\rb", "\r"])
def test_line_ends_in_a_cell_are_read_back(tmp_path, text):
    write_csv(tmp_path / "a.csv", [{"name": "x", "text": text}, {"name": "y", "text": "z"}])
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [without_mark(row["text"]) for row in rows] == [text, "z"]


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.float32(np.inf)])
def test_an_infinite_number_is_not_written(tmp_path, value):
    with pytest.raises(DataError, match=r"a.csv: is not written, as b is -?inf"):
        write_csv(tmp_path / "a.csv", [{"a": 1.0}, {"b": value}])
    assert not (tmp_path / "a.csv").exists()


def test_a_table_without_rows_is_an_empty_line(tmp_path):
    write_csv(tmp_path / "a.csv", [])
    assert (tmp_path / "a.csv").read_text().strip() == ""


def test_rows_as_text_are_those_that_are_read_back(tmp_path):
    """So that they can wait in a list until the table is written, and the table has the same bytes."""
    rows = [
        {"case": "=a", "x": np.float32(0.1), "y": 1e-12, "n": 3, "none": None, "nan": float("nan")},
        {"case": "b", "x": 2.0, "y": -1.5, "n": np.int64(4), "none": "x", "nan": 7},
    ]
    write_csv(tmp_path / "once.csv", rows)
    texts = rows_as_text(tmp_path / "once.csv", rows)
    assert texts == read_table(tmp_path / "once.csv", ("case",), "")
    write_csv(tmp_path / "twice.csv", texts)
    assert (tmp_path / "twice.csv").read_bytes() == (tmp_path / "once.csv").read_bytes()
    with pytest.raises(DataError, match="is inf"):
        rows_as_text(tmp_path / "once.csv", [{"x": float("inf")}])
