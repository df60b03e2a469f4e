"""Decisions survive what may happen to a process and to a file."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time

import pytest

from tfuq.errors import RunError
from tfuq.workflows.view.decisions import FILE, LONGEST_NOTE, Decision, DecisionLog, now


def decision(**changes):
    values = {
        "case": "ball_001",
        "structure": "all",
        "decision": "accept",
        "note": "",
        "time": now(),
        "reviewer": "",
        "prediction": "0123456789abcdef",
    }
    return Decision(**{**values, **changes})


def test_the_last_decision_counts(tmp_path):
    log = DecisionLog(tmp_path / "review")
    assert log.read() == ({}, 0)
    for verdict in ("accept", "reject"):
        log.add(decision(decision=verdict))
    log.add(decision(structure="core", note="a, \"b\" <c>; 'd'", reviewer="Ä"))
    decided, unread = DecisionLog(tmp_path / "review").read()
    assert unread == 0
    assert decided["ball_001", "all"].decision == "reject"
    assert decided["ball_001", "core"].note == "a, \"b\" <c>; 'd'"
    with log.path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["decision"] for row in rows] == ["accept", "reject", "accept"]


def test_a_note_is_no_formula_and_reads_back(tmp_path):
    log = DecisionLog(tmp_path)
    log.add(decision(note="=1+1", case="-x"))
    assert "'=1+1" in log.path.read_text()
    assert log.read()[0]["-x", "all"].note == "=1+1"


@pytest.mark.parametrize("length", range(1, 64, 3))
def test_a_line_that_was_cut_off_is_no_decision_and_the_next_one_counts(tmp_path, length):
    log = DecisionLog(tmp_path)
    log.add(decision(case="first"))
    log.add(decision(case="second"))
    whole = log.path.read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-length])
    log.add(decision(case="third"))
    decided, unread = DecisionLog(tmp_path).read()
    cases = {case for case, _ in decided}
    # Without its line end alone, the line is whole.
    assert cases == ({"first", "second", "third"} if length == 1 else {"first", "third"})
    assert unread <= 1


@pytest.mark.parametrize("length", [0, 1, 10, 50])
def test_a_header_that_was_cut_off_stops_nothing(tmp_path, length):
    log = DecisionLog(tmp_path)
    log.add(decision())
    header = log.path.read_bytes().split(b"\n")[0]
    log.path.write_bytes(header[:length])
    log.add(decision(case="other"))
    assert set(DecisionLog(tmp_path).read()[0]) == {("other", "all")}


def test_another_file_is_refused_and_lines_that_are_none_are_counted(tmp_path):
    (tmp_path / FILE).write_text("mine\n1\n")
    with pytest.raises(RunError, match=r"is no list of decisions.*move it away"):
        DecisionLog(tmp_path)
    (tmp_path / FILE).unlink()
    log = DecisionLog(tmp_path)
    log.add(decision())
    with log.path.open("a") as file:
        file.write("ball_002,all,perhaps,,,,0123456789abcdef\r\n")
    assert log.read()[1] == 1
    assert len(log.read()[0]) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"decision": "perhaps"}, "is none of accept"),
        ({"prediction": "0"}, "prediction is not known"),
        ({"note": "two\nlines"}, "line ends"),
        ({"note": "\x1b[2J"}, "line ends"),
        ({"note": "a" * (LONGEST_NOTE + 1)}, "longer than"),
        ({"reviewer": "\r"}, "line ends"),
        ({"structure": "\u2028"}, "line ends"),
    ],
)
def test_what_no_page_writes_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        decision(**changes)


_WRITER = """
import sys
from pathlib import Path
from tfuq.workflows.view.decisions import Decision, DecisionLog, now
log = DecisionLog(Path(sys.argv[1]))
for number in range(1_000_000):
    log.add(Decision(case=str(number), structure="all", decision="accept", note="", time=now(),
                     reviewer="", prediction="0" * 16))
    print(number, flush=True)
"""


def test_what_was_confirmed_survives_a_kill(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while process.stdout.readline().strip() != "40":
        assert time.monotonic() < deadline
    process.kill()
    confirmed = [40, *map(int, process.stdout.read().split())]
    process.wait()
    decided, unread = DecisionLog(tmp_path).read()
    assert {str(number) for number in range(max(confirmed) + 1)} <= {case for case, _ in decided}
    assert unread <= 1
    assert os.stat(tmp_path / FILE).st_size > 0
