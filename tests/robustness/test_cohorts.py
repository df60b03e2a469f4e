"""Cohorts of many scans, predicted by processes that share a folder and are killed: nothing is lost, nothing is made twice."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.conftest import files_of
from tests.support import killing
from tests.support.small_scans import write_scans
from tfuq.data.claims import SHARING, Sharing, lists_in
from tfuq.prediction import inputs_of_run, make_predictor, predict, request_of
from tfuq.prediction.shared import SharedFolder
from tfuq.runs.results import read_manifest

_SAMPLES = 2
_KILLS = 4
_COMPARED = 100  # cases at both ends of a run


class Costs:
    """The processor time of claims and lists by case, and the memory after each case."""

    def __init__(self, monkeypatch) -> None:
        self.seconds: list[float] = []
        self.memory: list[int] = []
        self._claim = Sharing.claim
        self._finish = SharedFolder.finish
        monkeypatch.setattr(Sharing, "claim", lambda *given: self._timed(self._claim, *given))
        monkeypatch.setattr(
            SharedFolder, "finish", lambda *given: self._timed(self._finish, *given)
        )

    def _timed(self, call, *given):
        started = time.thread_time()
        try:
            return call(*given)
        finally:
            self.seconds.append(time.thread_time() - started)

    def notify(self, event) -> None:
        self.memory.append(psutil.Process().memory_info().rss)

    def growth(self) -> float:
        """The seconds of the last cases by those of the first ones; a case has two entries."""
        count = 2 * _COMPARED
        return sum(self.seconds[-count:]) / sum(self.seconds[:count])


def listed(folder: Path) -> list[str]:
    """The case of each whole line of the lists."""
    cases = []
    for path in lists_in(folder):
        lines = path.read_bytes().split(b"\n")[1:-1]
        cases += [json.loads(line)["case"] for line in lines]
    return cases


def kill_both(words: tuple, folder: Path, count: int, rng: np.random.Generator, log: Path) -> None:
    """Start a command twice, and kill both once so many cases more are listed."""
    processes = [killing.start(*words, log=log) for _ in range(2)]
    while len(os.listdir(folder)) < count and all(process.is_alive() for process in processes):
        time.sleep(0.02)
    for process in rng.permutation(processes):
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
    for process in processes:
        process.join()


@pytest.mark.slow
@pytest.mark.parametrize("count", [40, 3000])
def test_two_processes_that_are_killed_make_what_one_makes(count, trained, tmp_path, monkeypatch):
    scans = write_scans(tmp_path / "scans", count)
    run = trained("mc-dropout")
    predictor = make_predictor(run, request_of(run.config, "mc-dropout", _SAMPLES, 0))
    costs = Costs(monkeypatch)
    predict(predictor, inputs_of_run(run, (scans,)), tmp_path / "one", observer=costs)
    folder = tmp_path / "two"
    folder.mkdir()
    words = ("predict", run.path, "--input", scans, "--samples", _SAMPLES, "--seed", 0)
    words += ("--out", folder)
    rng = np.random.default_rng(count)
    seen: set[str] = set()
    for share in (np.arange(_KILLS) + rng.uniform(0.5, 1.0, _KILLS)) / (_KILLS + 1):
        kill_both(words, folder, int(share * count), rng, tmp_path / "log")
        made = listed(folder)
        assert len(set(made)) == len(made), "no case is made twice"
        assert not seen.intersection(made)
        seen.update(made)
    processes = [killing.start(*words, log=tmp_path / "log") for _ in range(2)]
    for process in processes:
        process.join()
        assert process.exitcode == 0, (tmp_path / "log").read_text()[-2000:]
    assert 0 < len(seen) < count
    assert files_of(folder) == files_of(tmp_path / "one")
    assert len(read_manifest(folder).cases) == count
    assert not (folder / SHARING).exists()
    if count > 10 * _COMPARED:
        assert costs.growth() <= 1.2
        assert max(costs.memory[-_COMPARED:]) <= 1.1 * max(costs.memory[:_COMPARED])
    print(f"claims and lists, last by first: {costs.growth():.3f}")
    print(f"of a case: {1e3 * sum(costs.seconds) / count:.3f} ms")
    print(f"memory: {costs.memory[min(99, count - 1)] >> 20} and {costs.memory[-1] >> 20} MiB")
