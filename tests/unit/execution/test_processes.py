"""Tasks in several processes: each with its share, replaced when it dies, ended with the command."""

import logging
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.support import tasks
from tests.support.observers import Recorder
from tfuq.data.events import CaseScored, TaskEnded, TaskLost
from tfuq.errors import RunError
from tfuq.execution import Task
from tfuq.execution.processes import Processes


def events_of(recorder, kind):
    return [event for event in recorder.events if isinstance(event, kind)]


def test_tasks_are_done_and_told_of(tmp_path, caplog):
    recorder = Recorder()
    with caplog.at_level(logging.INFO, "tfuq"):
        outcome = Processes(2).run(tasks.writing(tmp_path, 5), recorder)
    assert (outcome.total, outcome.errors) == (5, {})
    assert sorted(path.read_text() for path in tmp_path.iterdir()) == [
        f"text {index}\n" for index in range(5)
    ]
    assert [event.done for event in events_of(recorder, TaskEnded)] == [1, 2, 3, 4, 5]
    texts = {f"text {index}" for index in range(5)}
    assert {event.case for event in events_of(recorder, CaseScored)} == texts
    assert set(caplog.messages) == {f"writes {text}" for text in texts}


def test_each_process_has_its_share(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "7")
    work = []
    for index in range(2):
        arguments = (tmp_path / str(index),)
        work.append(Task(name=str(index), function=tasks.note_share, arguments=arguments))
    Processes(2).run(work, Recorder()).require_done()
    seen = [(tmp_path / str(index)).read_text().split("\n") for index in range(2)]
    cores = [line[0] for line in seen]
    if len(os.sched_getaffinity(0)) > 1:
        assert not set(cores[0].split(",")) & set(cores[1].split(","))
    assert sorted(line[1] for line in seen) == ["3", "5"]
    assert {line[2] for line in seen} == {"7"}


def test_a_process_that_dies_is_replaced(tmp_path):
    recorder = Recorder()
    dying = Task(name="dying", function=tasks.die, arguments=(tmp_path / "lines", 2))
    Processes(1).run([dying, *tasks.writing(tmp_path, 1)], recorder).require_done()
    assert (tmp_path / "lines").read_text().split() == ["died", "died", "done"]
    assert [event.reason for event in events_of(recorder, TaskLost)] == [
        "its process was ended by SIGKILL"
    ] * 2


def test_what_fails_three_times_is_named_and_the_rest_go_on(tmp_path):
    dying = Task(name="dying", function=tasks.die, arguments=(tmp_path / "lines", 9))
    failing = Task(name="failing", function=tasks.fail, arguments=(tmp_path / "tries",))
    refused = Task(name="refused", function=tasks.refuse)
    outcome = Processes(2).run([dying, failing, refused, *tasks.writing(tmp_path, 2)], Recorder())
    assert (tmp_path / "lines").read_text().split() == ["died"] * 3
    assert (tmp_path / "tries").read_text().split() == ["tried"] * 3
    assert (tmp_path / "1.txt").is_file()
    assert set(outcome.errors) == {"dying", "failing", "refused"}
    assert "failed 3 times, at last as its process was ended by SIGKILL" in str(
        outcome.errors["dying"]
    )
    with pytest.raises(RunError, match="3 of 5 tasks failed, the others are done"):
        outcome.require_done()


_COMMAND = """
import sys
from contextlib import suppress
from pathlib import Path
from tests.support import tasks
from tests.support.observers import Recorder
from tfuq.execution import Task
from tfuq.execution.processes import Processes
if __name__ == "__main__":
    work = [Task(name=n, function=tasks.wait, arguments=(Path(sys.argv[1], n),)) for n in "ab"]
    with suppress(KeyboardInterrupt):
        Processes(2).run(work, Recorder())
"""


def begin_command(folder, **options):
    """A command in a process of its own, whose two tasks wait for ever."""
    (folder / "command.py").write_text(_COMMAND)
    return subprocess.Popen(
        [sys.executable, folder / "command.py", folder],
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        **options,
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left_behind(tmp_path, how):
    process = begin_command(tmp_path)
    while not all((tmp_path / name).exists() for name in "ab"):
        assert process.poll() is None
        time.sleep(0.05)
    children = [psutil.Process(int((tmp_path / name).read_text())) for name in "ab"]
    process.send_signal(how)
    process.wait(60)
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive


@pytest.mark.parametrize("delay", [0.05, 0.1, 0.2])
def test_an_interrupt_while_processes_begin_is_quiet(tmp_path, delay):
    """Ctrl-C goes to all processes of a terminal, also to those that have not begun to ignore it."""
    process = begin_command(tmp_path, start_new_session=True, stderr=subprocess.PIPE)
    parent = psutil.Process(process.pid)
    while not parent.children():
        assert process.poll() is None
        time.sleep(0.005)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")
