"""What the server of forks imports before it forks, and the shorter tours that its forks make."""

from __future__ import annotations

import contextlib
import importlib
from pathlib import Path

import click

from tfuq import config as configuration
from tfuq.data import ledger
from tfuq_cli.main import COMMANDS, main

_MODULES = (
    "tfuq.data.phantoms",
    "tfuq.prediction",
    "tfuq.report.page",
    "tfuq.serving.exporting",
    "tfuq.training.tensorboard",
    "tfuq.workflows.calibrate",
    "tfuq.workflows.demo",
    "tfuq.workflows.doctor",
    "tfuq.workflows.shift",
    "tfuq.workflows.study.execution",
)
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


def _import_all() -> None:
    """Import every command, and then what commands import only when they need it.

    The command line imports commands, as it chooses a Keras before TensorFlow is there.
    """
    context = click.Context(main)
    for name in COMMANDS:
        main.get_command(context, name)
    for name in _MODULES:
        importlib.import_module(name)


_import_all()


def shorten() -> None:
    """Make the demo a matter of seconds, run a study's cells in this process, and make lists of files shorter often."""
    from tfuq.workflows import demo
    from tfuq.workflows.study import execution

    load = configuration.load
    demo.configuration.load = lambda name, overrides=(): load(
        name, (*overrides, *_shortened(overrides))
    )
    demo.SERVED_BY = {"mc-dropout": "hybrid", "deterministic": "hybrid"}
    execution.run_command = _run_here
    ledger._COMPACTED_EVERY = 1024


def _shortened(overrides: tuple[str, ...]) -> tuple[str, ...]:
    return _SHORT if any(each.startswith("data.root=") for each in overrides) else ()


def _run_here(words, log: Path) -> int:
    """A cell's command, in this process."""
    from tests.robustness.faults.forks import _code_of

    with log.open("a") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        return _code_of(main, list(words[2:]))
