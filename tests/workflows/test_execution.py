"""The same work by one process, by several, by Dask and by a job array: the same bytes, though workers are killed."""

import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from tests.conftest import assert_refused, files_of, settings
from tests.support import sbatch
from tfuq.data.claims import SHARING
from tfuq.runs.results import read_manifest
from tfuq.scoring.evaluation import predictions_of
from tfuq_cli.main import main

MEMBERS = 4
MOST_WAIT = 600  # seconds for a file to be there


@pytest.fixture(scope="module")
def config(balls, tmp_path_factory):
    """The file of a hybrid of four members that trains for three epochs."""
    made = settings(
        balls,
        "hybrid",
        ensemble={"members": MEMBERS},
        training={"epochs": 3, "steps_per_epoch": 2},
    )
    path = tmp_path_factory.mktemp("configured") / "hybrid.yaml"
    path.write_text(made.dump())
    return path


@pytest.fixture(scope="module")
def serial(config, tmp_path_factory):
    """A run of one process, its predictions and their scores."""
    folder = tmp_path_factory.mktemp("serial")
    run = str(folder / "run")
    predictions = str(folder / "predicted")
    for words in (
        ["train", str(config), "--run", run],
        ["predict", run, "--out", predictions],
        ["score", predictions, "--no-figures"],
    ):
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, result.output
    return folder


def weights(run: Path) -> list[bytes]:
    """The weights of the members."""
    return [(run / "members" / str(k) / "weights.npz").read_bytes() for k in range(MEMBERS)]


def maps(folder: Path) -> dict[str, bytes]:
    """The files of predictions, without the manifest, which says how long each took."""
    kept = {}
    for name, content in files_of(folder).items():
        parts = Path(name).parts
        is_kept = parts[0] != "scores" and not any(part.startswith(".") for part in parts)
        if is_kept and parts[-1] != "manifest.json":
            kept[name] = content
    return kept


def tables(folder: Path) -> dict[str, bytes]:
    """The tables and the summary of the scores."""
    scores = folder / "predicted" / "scores"
    return {path.name: path.read_bytes() for path in scores.iterdir() if path.name[0] != "."}


def assert_same(folder: Path, serial: Path) -> None:
    """No case is lost, none is there twice, and all have the bytes that one process made."""
    assert weights(folder / "run") == weights(serial / "run")
    assert maps(folder / "predicted") == maps(serial / "predicted")
    cases = read_manifest(folder / "predicted").cases
    assert set(cases) == set(read_manifest(serial / "predicted").cases)
    assert not (folder / "predicted" / SHARING).exists()


@pytest.mark.slow
def test_processes(serial, config, tfuq, tmp_path):
    here = ("--execute", "processes:2")
    trained = tfuq("train", config, "--run", tmp_path / "run", *here)
    assert trained.exit_code == 0, trained.output
    assert "4/4 member" in trained.stderr
    predicted = tfuq("predict", tmp_path / "run", "--out", tmp_path / "predicted", *here)
    assert predicted.exit_code == 0, predicted.output
    scored = tfuq("score", tmp_path / "predicted", "--no-figures", *here)
    assert scored.exit_code == 0, scored.output
    assert "slice 1 of" in scored.stderr
    assert_same(tmp_path, serial)
    assert tables(tmp_path) == tables(serial)


def kill_worker(pattern: str, folder: Path, workers: list[int]) -> threading.Thread:
    """Kill a worker once a file is there; the thread ends when that is done."""

    def wait_and_kill() -> None:
        deadline = time.monotonic() + MOST_WAIT
        while not list(folder.glob(pattern)) and time.monotonic() < deadline:
            time.sleep(0.02)
        busiest = max(workers, key=lambda pid: sum(psutil.Process(pid).cpu_times()[:2]))
        os.kill(busiest, signal.SIGKILL)

    thread = threading.Thread(target=wait_and_kill)
    thread.start()
    return thread


@pytest.mark.slow
def test_dask_with_workers_that_are_killed(serial, config, tfuq, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        here = ("--execute", f"dask:{cluster.scheduler_address}")
        for pattern, words in (
            ("run/members/*/state.npz", ("train", config, "--run", tmp_path / "run")),
            (
                "predicted/.sharing/claims/*.claim",
                ("predict", tmp_path / "run", "--out", tmp_path / "predicted"),
            ),
        ):
            workers = [worker.pid for worker in cluster.workers.values()]
            killing = kill_worker(pattern, tmp_path, workers)
            result = tfuq(*words, *here)
            killing.join()
            assert result.exit_code == 0, result.output
            assert not all(map(psutil.pid_exists, workers))
    assert_same(tmp_path, serial)


@pytest.mark.slow
def test_a_job_array_of_which_one_job_is_killed(serial, config, tfuq, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    command = f'#!/bin/sh\nexec "{sys.executable}" "{sbatch.__file__}"\n'
    (tmp_path / "bin" / "sbatch").write_text(command)
    (tmp_path / "bin" / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("STANDIN_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("STANDIN_KILLED", "1")
    monkeypatch.setenv("STANDIN_UNTIL", str(tmp_path / "run/members/1/state.npz"))
    submitted = tfuq("slurm", "--submit", "train", config, "--run", tmp_path / "run")
    assert submitted.exit_code == 0, submitted.output
    log = (tmp_path / "log").read_text()
    assert "job 1 was killed" in log
    assert "4 of 4 member(s) trained" in log
    shutil.copytree(serial / "predicted", tmp_path / "predicted")
    assert_same(tmp_path, serial)


def test_texts_that_do_not_go_together(config, tfuq, tmp_path):
    run = ("--run", tmp_path / "run")
    assert_refused(
        tfuq("train", config, *run, "--execute", "threads:2"), "threads:2", "processes:N"
    )
    assert_refused(
        tfuq("train", config, *run, "--execute", "part:0/2", "--overwrite"),
        "exclude each other",
        "remove the earlier results first",
    )
    assert_refused(tfuq("slurm", "predict", tmp_path), "--parts N")
    assert_refused(tfuq("slurm", "train", config, "--overwrite"), "leave it out")
    assert not (tmp_path / "run").exists()


def test_the_environment_says_where(config, tfuq, tmp_path, monkeypatch):
    monkeypatch.setenv("TFUQ_EXECUTE", "threads:2")
    assert_refused(tfuq("train", config, "--run", tmp_path / "run"), "--execute threads:2")
    monkeypatch.setenv("TFUQ_TRAIN_EXECUTE", "clouds:2")
    assert_refused(tfuq("train", config, "--run", tmp_path / "run"), "--execute clouds:2")


def test_scores_of_one_table_are_not_cut(scored_tasks, tfuq, monkeypatch):
    predictions = predictions_of(scored_tasks["classification"][0])
    result = tfuq("score", predictions, "--execute", "processes:2")
    assert_refused(result, "one table", "give --execute serial")
    monkeypatch.setenv("TFUQ_EXECUTE", "processes:2")
    assert_refused(tfuq("score", predictions), "--execute or TFUQ_EXECUTE", "one table")


@pytest.mark.parametrize("command", ["predict", "calibrate", "review", "shift", "score"])
def test_a_job_array_for_what_is_not_there_is_refused(tfuq, tmp_path, command):
    options = []
    if command == "shift":
        options = ["--perturbation", "noise", "--severity", "1"]
    result = tfuq("slurm", "--parts", "2", command, tmp_path / "gone", *options)
    assert_refused(result, str(tmp_path / "gone"))


def test_a_job_array_that_predicts_takes_a_run(scored_tasks, tfuq):
    predictions = predictions_of(scored_tasks["classification"][0])
    assert_refused(tfuq("slurm", "--parts", "2", "predict", predictions), "not a run")
    reviewed = tfuq("slurm", "--parts", "2", "review", predictions)
    assert reviewed.exit_code == 0, reviewed.output


def test_a_script_is_printed(config, tfuq):
    result = tfuq("slurm", "--sbatch=-G1", "train", config)
    assert result.exit_code == 0, result.output
    assert "#SBATCH --array=0-3" in result.stdout
    assert "#SBATCH -G1" in result.stdout
    assert f'train {config} --execute "part:$SLURM_ARRAY_TASK_ID/4"' in result.stdout
