"""The list of finished cases: it goes on after a kill, and makes a table that is sorted."""

from __future__ import annotations

import csv
import json
import math

import pytest

from tfuq.data.ownership import is_ours, note
from tfuq.errors import RunError
from tfuq.workflows.review.listing import LIST, CaseList

HEAD = {"predictions": "a"}


def rows_of(case, value=1.0):
    row = {"case": case, "structure": "x", "decision": None, "reason": "=1+1"}
    return [row | {"unlike_training": "", "value": value}]


def fill(folder, cases):
    with CaseList(folder, HEAD) as listed:
        for case, uncertainty in cases.items():
            listed.add(case, "k", uncertainty, rows_of(case))


def table(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_the_table_has_the_least_certain_first(tmp_path):
    fill(tmp_path, {"a": 0.1, "b": math.inf, "c": 0.3, "d": 0.3})
    with CaseList(tmp_path, HEAD) as listed:
        listed.write_table(tmp_path / "review.csv", {"a", "b", "c", "d"})
        assert [row["case"] for row in table(tmp_path / "review.csv")] == ["b", "c", "d", "a"]
        listed.write_table(tmp_path / "review.csv", {"a", "c"})
    found = table(tmp_path / "review.csv")
    assert [row["case"] for row in found] == ["c", "a"]
    assert found[0]["reason"] == "'=1+1", "no spreadsheet takes it for a formula"
    assert is_ours(tmp_path / LIST)


def test_a_line_that_is_cut_off_is_forgotten(tmp_path):
    fill(tmp_path, {"a": 0.1, "b": 0.2})
    whole = (tmp_path / LIST).read_bytes()
    for cut in range(len(whole) - 1, whole.rindex(b'{"case"'), -7):
        folder = tmp_path / str(cut)
        fill(folder, {"a": 0.1})
        (folder / LIST).unlink()
        fill(folder, {"a": 0.1, "b": 0.2})
        with (folder / LIST).open("r+b") as file:
            file.truncate(cut)
        note(folder / LIST)
        with CaseList(folder, HEAD) as listed:
            assert listed.holds("a", "k")
            assert not listed.holds("b", "k")
            listed.add("b", "k", 0.2, rows_of("b"))
        assert (folder / LIST).read_bytes() == whole


def test_another_review_begins_anew(tmp_path):
    fill(tmp_path, {"a": 0.1})
    with CaseList(tmp_path, {"predictions": "b"}) as listed:
        assert not listed.holds("a", "k")
    fill(tmp_path, {"c": 0.1})
    with CaseList(tmp_path, HEAD) as listed:
        assert listed.holds("c", "k")
        assert not listed.holds("c", "another prediction of it")


def test_a_case_that_was_predicted_again_has_its_new_rows(tmp_path):
    with CaseList(tmp_path, HEAD) as listed:
        listed.add("a", "1", 0.1, rows_of("a", 1.0))
        listed.add("a", "2", 0.2, rows_of("a", 2.0))
        assert list(listed.rows({"a"})) == rows_of("a", 2.0)
    with CaseList(tmp_path, HEAD) as listed:
        assert list(listed.rows({"a"})) == rows_of("a", 2.0)


def test_a_list_that_tfuq_did_not_write_stays(tmp_path):
    (tmp_path / LIST).write_text("mine\n")
    with pytest.raises(RunError, match="was not written by tfuq"):
        CaseList(tmp_path, HEAD)
    assert (tmp_path / LIST).read_text() == "mine\n"


def line(**changes):
    content = {"case": "b", "key": "k", "uncertainty": 0.2, "rows": rows_of("b")}
    return (json.dumps(content | changes) + "\n").encode()


@pytest.mark.parametrize(
    "forged",
    [
        b"[1]\n",
        b"[" * 100_000 + b"\n",
        b"\0" * 4096,
        line(rows=[]),
        line(rows=5),
        line(rows=[5]),
        line(rows=rows_of("another")),
        line(rows=[{"case": "b"}]),
        line(rows=rows_of("b", {"a": 1})),
        line(rows=rows_of("b", math.inf)),
        line(rows=rows_of("\ud800")),
        line(uncertainty=math.nan),
        line(uncertainty="0.2"),
        line(key=5),
        line(more=1),
    ],
)
def test_a_line_that_no_review_writes_is_forgotten(forged, tmp_path):
    fill(tmp_path, {"a": 0.1})
    with (tmp_path / LIST).open("ab") as file:
        file.write(forged)
    note(tmp_path / LIST)
    with CaseList(tmp_path, HEAD) as listed:
        assert listed.holds("a", "k")
        assert not listed.holds("b", "k")
        listed.add("b", "k", 0.2, rows_of("b"))
        assert list(listed.rows({"a", "b"})) == rows_of("b") + rows_of("a")
