"""Tasks on Dask's workers."""

import pickle

import pytest

from tests.support import tasks
from tests.support.observers import Recorder
from tfuq.data.events import CaseScored, TaskEnded
from tfuq.errors import ConfigError, TfuqError
from tfuq.execution import Task, clusters, executor_of

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def scheduler():
    """The address of a scheduler with two workers in processes of their own."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def test_tasks_are_done_on_workers_and_told_of(scheduler, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recorder = Recorder()
    executor = executor_of(f"dask:{scheduler}")
    assert executor.slices == 2
    executor.run(tasks.writing(tmp_path, 4), recorder).require_done()
    assert sorted(path.read_text() for path in tmp_path.iterdir()) == [
        f"text {index}\n" for index in range(4)
    ]
    kinds = [type(event) for event in recorder.events]
    assert kinds.count(TaskEnded) == 4
    assert kinds.count(CaseScored) == 4


def test_what_fails_is_named_and_the_rest_go_on(scheduler, tmp_path):
    failing = Task(name="failing", function=tasks.fail, arguments=(tmp_path / "tries",))
    refused = Task(name="refused", function=tasks.refuse)
    executor = executor_of(f"dask:{scheduler}")
    outcome = executor.run([failing, refused, *tasks.writing(tmp_path, 1)], Recorder())
    assert set(outcome.errors) == {"failing", "refused"}
    assert (tmp_path / "tries").read_text().split() == ["tried"] * 3
    assert (tmp_path / "0.txt").is_file()


def test_a_task_goes_on_where_its_worker_died(scheduler, tmp_path):
    dying = Task(name="dying", function=tasks.die, arguments=(tmp_path / "lines", 1))
    executor_of(f"dask:{scheduler}").run([dying], Recorder()).require_done()
    assert (tmp_path / "lines").read_text().split() == ["died", "done"]


@pytest.mark.parametrize("address", ["", "node1", "tcp://", "tcp://node1:9x", "tcp://node1:65536"])
def test_an_address_has_a_host_and_a_port(address):
    with pytest.raises(ConfigError, match=f"dask:{address}: is no address .* dask:tcp://node1"):
        executor_of(f"dask:{address}")


def test_no_scheduler_answers(monkeypatch):
    monkeypatch.setattr(clusters, "_MOST_WAIT", 0.2)
    with pytest.raises(TfuqError, match=r"no scheduler answers there within 0\.2 s"):
        executor_of("dask:tcp://127.0.0.1:9")


@pytest.mark.parametrize("text", ["a: 1\n", "jobqueue: {pbs: {cores: 1}}\n"])
def test_a_file_without_the_queue_is_refused(tmp_path, text):
    (tmp_path / "queue.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"has no jobqueue\.slurm"):
        executor_of(f"dask-slurm:{tmp_path / 'queue.yaml'}")


def test_a_stopped_session_ends_at_its_next_event(scheduler, tmp_path):
    with distributed.Client(scheduler, set_as_default=False) as client:
        client.run(clusters.stop_on_worker, "gone")
        (task,) = tasks.writing(tmp_path, 1)
        manner = clusters.Manner(level=20, is_verbose=False)
        ending = client.submit(
            clusters.run_on_worker, pickle.dumps(task), "gone", str(tmp_path), manner
        ).result()
    assert "the command was stopped" in str(ending.refusal)
    assert not list(tmp_path.iterdir())
