"""What several commands share: options."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from tfuq.config import (
    COMBINATIONS,
    METHODS,
    MOST_EMPTY,
    NEVER,
    PRECISIONS,
    TTAS,
    Combine,
    Precision,
    SkipEmpty,
    Tta,
)
from tfuq_cli.completion import complete_model

Body = TypeVar("Body", bound=Callable[..., Any])
Decorator = Callable[[Body], Body]

PATH = click.Path(path_type=Path)


class NumberRange(click.FloatRange):
    """Numbers between bounds; NaN is none, though it is outside no bound."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Make it of a text."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is not a number; give one", param, ctx)
        return number


class Command(click.Command):
    """A command whose help names the environment variables of its options."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Add a paragraph on environment variables, with an option that takes a value."""
        options = [option for option in self.params if isinstance(option, click.Option)]
        if not options:
            return
        with_value = [option for option in options if not option.is_flag]
        example = [*with_value, *options][0].name.upper()
        prefix = context.auto_envvar_prefix
        formatter.write_paragraph()
        formatter.write_text(
            f"Environment: {prefix}_<OPTION> sets an option, as {prefix}_{example} does."
        )


def method(help_text: str, methods: Sequence[str] = METHODS) -> Decorator:
    """``--method``.

    Args:
        help_text: What the method is for.
        methods: The methods that can be chosen.
    """
    return click.option("--method", type=click.Choice(methods), help=help_text)


def several(name: str, choices: Sequence[str], help_text: str) -> Decorator:
    """An option that may be given several times, each time with one of the choices.

    Args:
        name: Of the option.
        choices: What may be given.
        help_text: What it is for.
    """
    return click.option(name, multiple=True, type=click.Choice(choices), help=help_text)


model = click.option(
    "--model",
    metavar="NAME|FOLDER",
    shell_complete=complete_model,
    help="A model that comes with tfuq (tfuq models list), or the folder of one; scans follow.",
)
mask = click.option(
    "--mask",
    type=PATH,
    help=(
        "Where to look, for runs that crop to labels: a file, or a folder of them, such as "
        "predictions of the organ.  [default: each case's own label]"
    ),
)
allow_missing = click.option(
    "--allow-missing",
    is_flag=True,
    help=(
        "Do without members of an ensemble that have not finished training; what is written "
        "says which."
    ),
)


precision = click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    help=(
        "Type that convolutions are computed in; bfloat16 takes about half the time where the "
        "processor computes in it.  [default: the configuration's]"
    ),
)


class _EmptyShare(click.ParamType):
    """``never``, or a share of a scan's range."""

    name = "never|SHARE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> SkipEmpty:
        """Make it of a text."""
        if value == NEVER:
            return NEVER
        return NumberRange(0, MOST_EMPTY).convert(value, param, ctx)


skip_empty = click.option(
    "--skip-empty",
    type=_EmptyShare(),
    help=(
        "Networks of three axes: windows without a value above the scan's lowest by more than this "
        "share of its range, as 0 or 0.02, repeat the sample of the first such window; never "
        "samples all.  [default: the configuration's]"
    ),
)

tta = click.option(
    "--tta",
    type=click.Choice(TTAS),
    help=(
        "Test-time augmentation, of every method: each sample sees the image mirrored, turned and "
        "scaled, or both, and is moved back.  [default: the configuration's]"
    ),
)


combine = click.option(
    "--combine",
    type=click.Choice(COMBINATIONS),
    help=(
        "What probability and label are made of the samples: their mean, that of their logits, "
        "the majority of their labels, STAPLE (segmentation), or the mean weighted by each "
        "member's validation.  [default: the configuration's]"
    ),
)


class Draws(NamedTuple):
    """What `tfuq.prediction.request_of` takes after configuration and method.

    Attributes:
        samples: T, the number of samples; None as configured.
        seed: The seed of the samples; None as configured.
        batch: Slices or windows in memory at once; None as configured.
        allow_missing: Whether members that have not finished training may be missing.
        precision: The type that convolutions are computed in; None as configured.
        skip_empty: Which windows count as empty; None as configured.
        tta: The test-time augmentation; None as configured.
        combine: How samples become one probability; None as configured.
    """

    samples: int | None = None
    seed: int | None = None
    batch: int | None = None
    allow_missing: bool = False
    precision: Precision | None = None
    skip_empty: SkipEmpty | None = None
    tta: Tta | None = None
    combine: Combine | None = None


def together(name: str, record: type[Any], *added: Decorator) -> Decorator:
    """Options whose values reach the command as one argument.

    Args:
        name: Of the argument.
        record: The type of a named tuple, with a field for each option.
        *added: The options.
    """

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def gathering(*arguments: Any, **values: Any) -> Any:
            fields = {field: values.pop(field) for field in record._fields}
            return command(*arguments, **{name: record(**fields)}, **values)

        with_options: Callable[..., Any] = gathering
        for option in reversed(added):
            with_options = option(with_options)
        return with_options

    return decorated


# How samples are made.
draws = together(
    "draws",
    Draws,
    click.option(
        "--samples",
        type=click.IntRange(1, 100_000),
        help="T, the number of samples.  [default: the configuration's]",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, 2**31 - 1),
        help="Seed of all that is drawn.  [default: the configuration's]",
    ),
    click.option(
        "--batch",
        type=click.IntRange(1, 1_000_000),
        help="Slices (2D) or windows (3D) held in memory at once; changes no result.",
    ),
    allow_missing,
    precision,
    skip_empty,
    tta,
    combine,
)


def execute(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--execute``; it reaches the command as ``executor``.

    `tfuq_cli.execution.executing` makes it, and says what it refuses.
    """

    @click.option(
        "--execute",
        metavar="serial|processes:N|dask:ADDRESS|dask-slurm:FILE|part:K/N",
        help=(
            "Where the work is done: in this process; in N processes, each with its share of cores "
            "and a GPU; by the workers of a Dask scheduler; by jobs that dask-jobqueue submits as "
            "its YAML FILE says; or part K of N of it, as in a job array (tfuq slurm).  "
            "[default: TFUQ_EXECUTE, else serial]"
        ),
    )
    @functools.wraps(command)
    def together(*arguments: Any, execute: str | None, **others: Any) -> Any:
        from tfuq_cli.execution import executing

        may_overwrite = bool(others.get("overwrite"))
        with executing(execute, may_overwrite=may_overwrite) as executor:
            return command(*arguments, executor=executor, **others)

    return together


dose_requests = click.option(
    "--at",
    multiple=True,
    metavar="D95|V20|…",
    help=(
        "What is told of a structure's dose, repeatable: D95 or D0.03cc, the dose in Gy that at "
        "least so much of it receives; Dmean, Dmax, Dmin; V20, how much receives 20 Gy or more, "
        "in % and cm³.  [default: D95, D50, V20 in %, Dmean]"
    ),
)
overwrite = click.option(
    "--overwrite",
    is_flag=True,
    help=(
        "Replace what tfuq wrote there. What it did not write, or what was changed since, is "
        "never replaced."
    ),
)
dry_run = click.option(
    "--dry-run",
    is_flag=True,
    help="Say what would be done, with its time and memory; write nothing.",
)
override = click.option(
    "-o",
    "--override",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a configuration key, as in -o training.epochs=5.",
)
figures = click.option(
    "--figures/--no-figures",
    default=True,
    show_default=True,
    help="Draw figures beside the tables.",
)
