"""A small world of each task: a data set, a run of it, its predictions, scores and calibration, made once, damaged and mended."""

from __future__ import annotations

import resource
import shutil
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from click.testing import CliRunner, Result

from tests.conftest import settings, task_settings
from tests.support.fuzzing import time_limit
from tfuq.config import Config
from tfuq.data.layouts import cases_of
from tfuq.data.ledger import LEDGER
from tfuq.data.writers import write_csv, write_json
from tfuq_cli.main import main

SECONDS = 30  # of the processor, with networks that are built first; `tests.robustness.campaign` allows 10 to a damaged file
_HANGING = 600
MEGABYTES = 1024
_IGNORED = ".lock"
THEIRS = "theirs.txt"
_TEST = {"segmentation": 3, "classification": 12, "landmarks": 3}  # cases
_HISTORY = [
    {"epoch": epoch, "loss": 1 / epoch, "val_loss": 2 / epoch, "val_dice": 0.5, "seconds": 1.0}
    for epoch in (1, 2, 3)
]


def invoke(*arguments: object) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def contents(folder: Path) -> dict[str, bytes]:
    """Every regular file below a folder, by its place."""
    paths = sorted(path for path in folder.rglob("*") if path.name != _IGNORED)
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in paths
        if p.is_file() and not p.is_symlink()
    }


# Folders, relative to a world's, in which a command may change files.
_OUTPUTS = {
    "score": ("scores/",),
    "report": ("out/",),
    "plot": ("out/",),
    "compare": ("out/",),
    "predict": ("out/", "predictions/"),
    "calibrate": ("calibrations/",),
    "shift": ("shift/",),
    "study": ("study/",),
}


@dataclass
class World:
    """A folder with what it holds, to which commands are applied while one of its files is damaged."""

    folder: Path
    whole: dict[str, bytes] = field(default_factory=dict)

    def keep(self) -> World:
        """Remember what there is now as the state to come back to."""
        self.whole = contents(self.folder)
        return self

    @contextmanager
    def damaged(self, place: str, content: bytes | None):
        """The world with one file that has another content, or is gone."""
        path = self.folder / place
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
        try:
            yield
        finally:
            self._mend()

    def _mend(self) -> None:
        present = contents(self.folder)
        for place in present.keys() - self.whole.keys():
            (self.folder / place).unlink()
        for place, content in self.whole.items():
            if present.get(place) != content:
                (self.folder / place).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / place).write_bytes(content)
        shutil.rmtree(self.folder / "out", ignore_errors=True)

    def check(self, place: str, content: bytes | None, *arguments: object) -> str:
        """Run a command on the damaged world; it must end in a result or in one line, in bounds, and change its output alone.

        Returns:
            What became of it: ``read`` or ``refused``.
        """
        with self.damaged(place, content):
            before = contents(self.folder)
            started, memory, peak = (
                time.process_time(),
                psutil.Process().memory_info().rss,
                _peak_memory(),
            )
            with time_limit(_HANGING):
                result = invoke(*arguments)
            assert_answered(result, arguments)
            assert time.process_time() - started < SECONDS
            if _peak_memory() > peak:  # else it took no more than what ran before in this process
                assert _peak_memory() - memory < MEGABYTES * 2**20
            self._assert_kept(before, place, str(arguments[0]))
        return "read" if result.exit_code == 0 else "refused"

    def _assert_kept(self, before: dict[str, bytes], place: str, command: str) -> None:
        """Nothing outside of the command's output has changed, and in it no file that tfuq did not write as it is."""
        after = contents(self.folder)
        changed = {
            name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        }
        assert {
            name for name in changed if not name.startswith(_OUTPUTS.get(command, ("no output",)))
        } == set()
        is_foreign = (
            place in before and before[place] != self.whole[place] and not place.endswith(LEDGER)
        )
        assert not (is_foreign and place in changed), f"{place}, which was changed, is replaced"
        assert not [name for name in changed if name.endswith(THEIRS)]


def _peak_memory() -> int:
    """Bytes that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def assert_answered(result: Result, arguments: Sequence[object]) -> None:
    """Exit code 0, or 2 with one line of why; faults that doctor finds are a result, which it ends with 2, too."""
    lines = result.stderr.strip().splitlines()
    assert result.exit_code in (0, 2), f"exit code {result.exit_code}: {lines[-1:]}"
    assert "Traceback" not in result.stderr
    is_finding = "doctor" in map(str, arguments) and "fault(s)" in result.stdout
    if result.exit_code == 2 and not is_finding:
        assert lines[-1].startswith(("tfuq: ", "Error: ")), lines


def make_plain_world(folder: Path, task: str, root: Path) -> World:
    """A run of a task without weights, and made predictions of two methods with their scores: in moments, as no network is at work.

    Args:
        folder: Where to; made.
        task: Of the run.
        root: Of its data set.
    """
    from tests.support.made import (
        make_run,
        make_scores,
    )  # brings TensorFlow, which the commands that read results do without

    run = make_run(folder / "run", task, root)
    write_csv(run.member(0) / "history.csv", _HISTORY)
    make_scores(run, "hybrid", most=_TEST[task])
    make_scores(run, "deterministic", samples=1, most=_TEST[task])
    sow(run.path)
    return World(run.path).keep()


def make_world(folder: Path, task: str, root: Path) -> World:
    """A run of a task with random weights, and all that commands make of it.

    Args:
        folder: Where to; made.
        task: Of the run.
        root: Of its data set.
    """
    from tests.support.made import make_network_run

    config = _config(task, root)
    ids = [case.id for case in cases_of(config.data) if case.has_reference]
    split = {"train": ids[:2], "validation": ids[2:3], "test": ids[-_TEST[task] :]}
    run = make_network_run(folder / "run", config, split["test"])
    write_json(run.path / "splits.json", split)
    for member in range(config.members):
        write_csv(run.member(member) / "history.csv", _HISTORY)
    predictions = run.predictions(config.method)
    keep = {
        "segmentation": ("--save-members", "--save-samples"),
        "classification": ("--save-members",),
    }.get(task, ())
    _succeed("predict", run.path, *keep)
    _succeed("calibrate", run.path, "--cases", f"test:{1 / 3}", "--alpha", 0.5)
    _succeed("predict", run.path, "--calibrated")
    for name in (predictions.name, f"{predictions.name}-calibrated"):
        _succeed(
            "score",
            predictions.with_name(name),
            *(() if name == predictions.name else ("--no-figures",)),
        )
    sow(run.path)
    return World(run.path).keep()


def sow(folder: Path) -> None:
    """Put a file of the user's into the folders that commands write to."""
    for place in (
        folder,
        *folder.glob("scores/*"),
        *folder.glob("predictions/*"),
        *folder.glob("shift/*"),
    ):
        (place / THEIRS).write_text("theirs")


def _config(task: str, root: Path) -> Config:
    if task == "segmentation":
        return settings(root, "ensemble")
    return task_settings(task, root, "ensemble")


def _succeed(*arguments: object) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
