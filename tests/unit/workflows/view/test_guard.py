"""Requests that are not of the page are refused."""

from __future__ import annotations

from email.message import Message

import pytest

from tfuq.workflows.view.guard import HEADERS, Guard, RefusedError

GUARD = Guard(port=8000, token="secret")
OWN = {"Host": "127.0.0.1:8000"}


def headers(**values):
    made = Message()
    for name, value in values.items():
        made[name.replace("_", "-")] = value
    return made


def admitted(path="/secret/api/cases", *, changes=False, **values):
    return GUARD.admit(path, headers(**{**OWN, **values}), changes=changes)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"Host": "localhost:8000"},
        {"Origin": "http://127.0.0.1:8000"},
        {"Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "none"},
    ],
)
def test_requests_of_the_page_are_admitted(more):
    assert admitted(**more) == "api/cases"
    assert admitted("/secret/") == admitted("/secret") == ""


@pytest.mark.parametrize(
    "more",
    [
        {"Host": "evil.example:8000"},
        {"Host": "127.0.0.1:8001"},
        {"Host": "127.0.0.1"},
        {"Origin": "http://evil.example"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"path": "/"},
        {"path": "/wrong/api/cases"},
        {"path": "/secret2/api/cases"},
        {"path": "//secret/api/cases"},
        {"path": "/é/api/cases"},
        {"path": "secret/api/cases"},
        {"path": "/../secret/api/cases"},
    ],
)
def test_other_requests_are_refused(more):
    with pytest.raises(RefusedError) as refused:
        admitted(**more)
    assert refused.value.status == 403


def test_what_changes_something_tells_its_origin():
    with pytest.raises(RefusedError):
        admitted(changes=True)
    assert admitted(changes=True, Origin="http://localhost:8000") == "api/cases"


def test_a_host_is_told_once():
    twice = headers(**OWN)
    twice["Host"] = "127.0.0.1:8000"
    with pytest.raises(RefusedError):
        GUARD.admit("/secret/", twice, changes=False)
    with pytest.raises(RefusedError):
        GUARD.admit("/secret/", Message(), changes=False)


def test_tokens_are_long_and_differ():
    first, second = Guard(port=1), Guard(port=1)
    assert first.token != second.token
    assert len(first.token) >= 43  # 256 bits
    assert first.address == f"http://127.0.0.1:1/{first.token}/"


def test_the_policy_allows_nothing_of_other_hosts_and_no_inline_script():
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    for word in ("unsafe", "*", "http", "blob"):
        assert word not in policy
