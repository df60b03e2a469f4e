"""``tfuq models``: the models that come with tfuq, and packing runs as such."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfuq.config import TASKS
from tfuq.data.events import Observers
from tfuq_cli import completion, options
from tfuq_cli.progress import EventLines, TaskLines, quiet_import, shell_line, show

if TYPE_CHECKING:
    from tfuq.data.appearance import Range
    from tfuq.runs.models import Model, Score

_WIDTH = 100
_INDENT = " " * 16


class ModelsGroup(click.Group):
    """``tfuq models``; its commands' helps name their environment variables."""

    command_class = options.Command


@click.group("models", cls=ModelsGroup)
def command() -> None:
    """List the models that come with tfuq, which predict without a training; pack a run as one.

    \b
    Example:
      tfuq models list
      tfuq models show hippocampus
      tfuq predict --model hippocampus scan.nii.gz
    """


@command.command("list")
def list_models() -> None:
    """List the models that come with tfuq.

    \b
    Example:
      tfuq models list
    """
    from tfuq.runs.models import open_model, shipped_models

    for name in shipped_models():
        model = open_model(name)
        show(
            f"{name}: {model.card.title}\n"
            f"    {_score(model.packed.test)}; {model.size / 1e6:.1f} MB; {model.card.licence}"
        )


@command.command("show")
@click.argument("model", metavar="NAME|FOLDER", shell_complete=completion.complete_model)
def show_model(model: str) -> None:
    """Show the card of a model: what it segments, which scans it takes, how good it is, whom to
    name.

    \b
    Example:
      tfuq models show hippocampus
    """
    from tfuq.runs.models import open_model

    opened = open_model(model)
    for key, value in _lines(opened).items():
        first, *others = textwrap.wrap(value, _WIDTH - len(_INDENT), break_on_hyphens=False)
        show(f"{key:<{len(_INDENT)}}{first}")
        for line in others:
            show(f"{_INDENT}{line}")


def _lines(model: Model) -> dict[str, str]:
    """What a card says, by heading."""
    card = model.card
    packed = model.packed
    run = model.run
    parts = TASKS[run.config.task].parts(run.config)
    return {
        "model": f"{model.name}: {card.title}",
        "finds": ", ".join(parts),
        "input": card.input,
        "refused unless": _limits(model),
        "trained on": f"{packed.training_cases} cases: {run.config.data.source}",
        "test": _score(packed.test),
        "repeat the test": packed.test.command,
        "licence": card.licence,
        "attribution": card.attribution,
        "limits": card.limits,
        "weights": f"{packed.parameters:,} in {model.size / 1e6:.1f} MB, {packed.stored_as}",
        "packed": f"{packed.made} by tfuq {packed.tfuq}, checksum {packed.checksum}",
        "folder": str(model.path),
    }


def _score(test: Score) -> str:
    unit = ""
    if test.unit != "1":
        unit = f" {test.unit}"
    return (
        f"{test.metric} {test.value:.4f}{unit} on {test.cases} test cases by {test.method}, "
        f"T = {test.samples} ({test.value_before:.4f} before packing)"
    )


def _limits(model: Model) -> str:
    """Which voxels and fields of view are taken, as `tfuq.prediction.likeness` has it."""
    appearance = model.run.appearance
    if appearance is None or not model.refuses_unlike:
        return "nothing is refused, as the pixels of the images have no known width"
    return (
        f"voxels of {_ranges(appearance.spacing_limits)} mm in a field of view of "
        f"{_ranges(appearance.extent_limits)} mm (left–right × back–front × bottom–top)"
    )


def _ranges(ranges: list[Range]) -> str:
    return " × ".join(f"{low:.3g}…{high:.3g}" for low, high in ranges)


@command.command("pack")
@click.argument("run", type=options.PATH)
@click.argument("name")
@click.option(
    "--to",
    type=options.PATH,
    default=Path("models"),
    show_default=True,
    help="The folder of models. A model of this name there is replaced, unless it is better.",
)
@click.option(
    "--card",
    type=options.PATH,
    metavar="FILE.yaml",
    help=(
        "The keys title, input, licence, attribution and limits of the card.  "
        "[default: as on the card of the model that is replaced]"
    ),
)
def pack_run(run: Path, name: str, to: Path, card: Path | None) -> None:
    """Pack RUN as the model NAME: weights of half precision, and a card with its test score.

    The test cases are predicted and scored with the weights before and after. A run of data whose
    licence does not allow sharing is refused, as is one of more than 5 MB.

    \b
    Example:
      tfuq models pack runs/hippocampus/mc-dropout hippocampus
    """
    from tfuq_cli.opened import opened_run

    opened = opened_run(run, None)
    with quiet_import():
        from tfuq.workflows.pack import pack
    model = pack(opened, name, to, card, observer=Observers(EventLines(), TaskLines()))
    show(f"{_score(model.packed.test)}; {model.size / 1e6:.2f} MB in {model.path}")
    show(f"next: {shell_line('predict', '--model', model.path)}")
