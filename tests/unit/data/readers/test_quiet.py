"""Libraries in C are kept from the terminal."""

import os
import sys
import threading

import pytest

from tfuq.data.readers.quiet import quiet_stderr


def test_what_the_process_writes_is_hidden_within_the_block_alone(capfd):
    os.write(2, b"before ")
    with quiet_stderr():
        os.write(2, b"within ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_an_error_within_the_block_brings_the_terminal_back(capfd):
    with pytest.raises(ValueError, match="no"), quiet_stderr():
        raise ValueError("no")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_no_descriptor_is_left_open():
    before = sorted(os.listdir("/proc/self/fd"))
    with quiet_stderr():
        pass
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_a_process_without_a_standard_error_needs_none(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with quiet_stderr():
        pass


def test_a_thread_does_not_wait_for_the_block_of_another(capfd):
    """The reads of images in a trial, whose process is silent as a whole."""

    def write():
        with quiet_stderr():
            os.write(2, b"thread ")

    with quiet_stderr():
        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        thread.join(timeout=10)
        assert not thread.is_alive()
        os.write(2, b"within ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
