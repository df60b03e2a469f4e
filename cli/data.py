"""``tfuq data``: what data there is, and phantoms of it."""

from __future__ import annotations

from pathlib import Path

import click

from tfuq import config as configuration
from tfuq.config import DataConfig
from tfuq.errors import DataError
from tfuq_cli import completion, options
from tfuq_cli.progress import show


class DataGroup(click.Group):
    """``tfuq data``; its commands' helps name their environment variables."""

    command_class = options.Command


@click.group("data", cls=DataGroup)
def command() -> None:
    """List and check the data sets that configurations name; make phantoms.

    \b
    Example:
      tfuq data list
      tfuq data check quickstart
    """


@command.command("list")
def list_data() -> None:
    """List the configurations that come with tfuq, whether their data is here, and its source and
    licence.

    \b
    Example:
      tfuq data list
    """
    for name in sorted(configuration.shipped()):
        data = configuration.load_data(name)
        show(
            f"{name}: {_state(data)} in {data.root} ({data.layout})\n"
            f"    {data.source}\n"
            f"    licence: {data.licence}"
        )


def _state(data: DataConfig) -> str:
    from tfuq.data.layouts import count_cases, is_made_on_use

    try:
        if is_made_on_use(data.layout, data.root):
            return "made when first used"
        return f"{count_cases(data.layout, data.root, **data.layout_options)} cases"
    except DataError:
        return "not here"


@command.command("check")
@click.argument("config", shell_complete=completion.complete_config)
@options.override
@click.option(
    "--table",
    type=options.PATH,
    metavar="FILE.csv",
    help="Write what is found of each case and class into a table too.",
)
def check(config: str, override: tuple[str, ...], table: Path | None) -> None:
    """Check every case of CONFIG's data set: readable, grids, spacing, label values, NaN, constant
    or copied images, and what is left of each class on the network's grid.

    \b
    Example:
      tfuq data check quickstart
    """
    from tfuq.data import checks
    from tfuq.data.ownership import require_same_output
    from tfuq_cli.data_check import show_check

    settings = configuration.load(config, override)
    if table:
        require_same_output(table, checks.TABLE_BEGINS)
    show_check(settings, table)


@command.command("synth")
@click.argument("name", shell_complete=completion.complete_phantom)
@click.argument("folder", type=options.PATH)
@click.option(
    "--cases",
    type=click.IntRange(1, 100_000),
    default=24,
    show_default=True,
    help="How many cases to make.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    show_default=True,
    help="Seed of the phantom.",
)
@click.option(
    "--shape",
    type=(click.IntRange(1, 2048),) * 3,
    metavar="X Y Z",
    help=(
        "Voxels of a volume, as 240 240 155; for brats-phantom and liver-phantom.  "
        "[default: small ones]"
    ),
)
def synth(
    name: str,
    folder: Path,
    cases: int,
    seed: int,
    shape: tuple[int, int, int] | None,
) -> None:
    """Write a phantom into FOLDER, with what is known of its truth. NAME is one of
    brain-decathlon, brain-iseg2017, brain-mrbrains, brats-phantom, cephalogram, digits, head-ct,
    head-mr, hippocampus-phantom, liver-phantom.

    \b
    Example:
      tfuq data synth brain-iseg2017 phantom --cases 10
    """
    from tfuq.data.phantoms import synthesize

    synthesize(name, folder, cases=cases, seed=seed, shape=shape)
    show(f"{cases} case(s) of {name} in {folder}")
