"""``tfuq view``: the command, from its start to its end."""

from __future__ import annotations

import http.client
import json
import signal
import time

import pytest

from tests.conftest import assert_refused
from tests.support.viewing import make_target, started
from tfuq.runs import plan_overwriting
from tfuq.workflows.review import review
from tfuq.workflows.view.session import Session


@pytest.fixture
def target(balls, tmp_path):
    return make_target(tmp_path, "segmentation", balls)


def test_it_says_where_the_page_is_and_opens_it(target, tfuq, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    result = tfuq("view", target.predictions, "--idle", 0)
    assert result.exit_code == 0, result.output
    (address,) = opened
    assert address in result.stdout
    assert address.startswith("http://127.0.0.1:")
    assert f"0 decision(s) in {target.review / 'decisions.csv'}" in result.stdout
    assert not target.review.exists()
    assert tfuq("view", target.run.path, "--idle", 0, "--no-browser").exit_code == 0
    assert opened == [address]


def test_what_cannot_be_looked_at_is_refused(target, tfuq, tmp_path):
    quick = ("--no-browser", "--idle", 0)
    assert_refused(tfuq("view", tmp_path / "nowhere", *quick), "not a run")
    assert_refused(tfuq("view", target.run.path, "--method", "vi", *quick), "predictions of vi")
    target.review.mkdir(parents=True)
    (target.review / "decisions.csv").write_text("mine\n")
    assert_refused(tfuq("view", target.predictions, *quick), "no list of decisions", "move it away")


def asked(address, place, decision=None):
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    headers = {"Content-Type": "application/json", "Origin": f"http://{address.netloc}"}
    body = json.dumps(decision) if decision else None
    connection.request("POST" if decision else "GET", address.path + place, body, headers)
    reply = connection.getresponse()
    content = json.loads(reply.read())
    assert reply.status == 200, content
    return content


@pytest.mark.slow
def test_decisions_survive_a_kill_in_the_middle(target):
    """Whatever was confirmed to the page is there when the command is run again."""
    process, address = started(target, "--reviewer", "A")
    cases = [entry["case"] for entry in asked(address, "api/cases")["cases"]]
    notes = []
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        note = f"note {len(notes)}"
        decision = {"case": cases[0], "structure": "all", "decision": "reject", "note": note}
        asked(address, "api/decision", decision)
        notes.append(note)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process, address = started(target)
    decided = asked(address, "api/cases")["cases"][0]["decisions"]["all"]
    assert (decided["note"], decided["reviewer"]) == (notes[-1], "A")
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert "1 decision(s) in" in process.stdout.read()


def test_no_command_removes_decisions(target):
    session = Session(target)
    session.decide(min(target.manifest.cases), "all", "accept", "")
    written = session.log.path.read_bytes()
    review(target.predictions, target.review)
    plan_overwriting(target.run.path).carry_out()
    assert not (target.review / "review.csv").exists()
    assert session.log.path.read_bytes() == written
