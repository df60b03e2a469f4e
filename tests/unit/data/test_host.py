"""Which host a process is of, as far as process numbers go."""

import os
import socket

import pytest

from tfuq.data.host import this_host


def test_containers_of_one_name_are_told_apart(monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "machine")
    monkeypatch.setattr(os, "readlink", lambda path: "pid:[1]")
    one = this_host()
    monkeypatch.setattr(os, "readlink", lambda path: "pid:[2]")
    assert one == "machine pid:[1]"
    assert this_host() == "machine pid:[2]"


@pytest.mark.parametrize("error", [FileNotFoundError, PermissionError])
def test_a_system_without_spaces_of_process_numbers_has_a_name(monkeypatch, error):
    def readlink(path):
        raise error(path)

    monkeypatch.setattr(socket, "gethostname", lambda: "machine")
    monkeypatch.setattr(os, "readlink", readlink)
    assert this_host() == "machine"
