"""What the server of forks imports before it forks, and the shorter tours that its forks make."""

from __future__ import annotations

import contextlib
from pathlib import Path

import tfuq.prediction
import tfuq.report.page
import tfuq.serving.exporting
import tfuq.training.tensorboard
import tfuq.workflows.calibrate
import tfuq.workflows.demo
import tfuq.workflows.doctor
import tfuq.workflows.shift
import tfuq.workflows.study.execution
from tfuq import config as configuration
from tfuq.data import ledger

_SHORT = (
    "training.epochs=1",
    "training.steps_per_epoch=1",
    "prediction.samples=2",
    "ensemble.members=1",
    "data.split.train=38",
    "data.split.validation=1",
    "data.split.test=11",
    "network.widths=[2,4]",
    "network.dense_widths=[8]",
)


def shorten() -> None:
    """Make the demo a matter of seconds, run a study's cells in this process, and make lists of files shorter often."""
    load = configuration.load
    tfuq.workflows.demo.configuration.load = lambda name, overrides=(): load(
        name, (*overrides, *_shortened(overrides))
    )
    tfuq.workflows.demo.SERVED_BY = {"mc-dropout": "hybrid", "deterministic": "hybrid"}
    tfuq.workflows.study.execution.run_command = _run_here
    ledger._COMPACTED_EVERY = 1024


def _shortened(overrides: tuple[str, ...]) -> tuple[str, ...]:
    return _SHORT if any(each.startswith("data.root=") for each in overrides) else ()


def _run_here(words, log: Path) -> int:
    """A cell's command, in this process."""
    from tests.robustness.faults.forks import _code_of
    from tfuq_cli.main import main

    with log.open("a") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        return _code_of(main, list(words[2:]))
