"""``tfuq data``: what data there is, and phantoms of it."""

from __future__ import annotations

import click

from tfuq import config as configuration
from tfuq.errors import DataError
from tfuq_cli import options
from tfuq_cli.progress import say


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
    """List the configurations that come with tfuq, whether their data is here, and its source and licence.

    \b
    Example:
      tfuq data list
    """
    from tfuq.data.layouts import cases_of, is_made_on_use

    for name in sorted(configuration.shipped()):
        data = configuration.load(name).data
        try:
            state = "made when first used" if is_made_on_use(data.layout, data.root) else f"{len(cases_of(data))} cases"
        except DataError:
            state = "not here"
        click.echo(f"{name}: {state} in {data.root} ({data.layout})\n    {data.source}\n    licence: {data.licence}")


@command.command("check")
@click.argument("config", shell_complete=options.complete_config)
@options.override
def check(config, override) -> None:
    """Check every case of CONFIG's data set: readable, grids, spacing, label values, NaN, constant or copied images.

    \b
    Example:
      tfuq data check quickstart
    """
    from tfuq.data import checks

    settings = configuration.load(config, override)
    reports = checks.check_data(settings, on_case=lambda report: say(f"checked {report.id}"))
    click.echo(_table(reports, settings.data.classes))
    for remark in checks.remarks(settings, reports):
        click.echo(f"remark: {remark}")
    problems = [f"{report.id}: {report.problem}" for report in reports if report.problem]
    problems += checks.absent_classes(settings, reports)
    for problem in problems:
        click.echo(f"PROBLEM: {problem}")
    if problems:
        raise DataError(
            f"{len(problems)} problem(s) among {len(reports)} cases; mend the first, then check again: {problems[0]}"
        )
    click.echo(f"{len(reports)} cases in {settings.data.root}, no problem found")


def _table(reports, classes) -> str:
    unit = "ml" if any(report.shape[2:] > (1,) for report in reports) else "cm²"
    head = ["case", "part", "voxels", "spacing (mm)", "axes", "intensities", *(f"{name} ({unit})" for name in classes[1:])]
    rows = [head, *(_cells(report, len(classes)) for report in reports)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _cells(report, classes: int) -> list[str]:
    if report.problem:
        return [report.id, report.part, "PROBLEM", *[""] * (2 + classes)]
    shape, spacing = "×".join(map(str, report.shape)), "×".join(f"{s:g}" for s in report.spacing)
    ranges = ", ".join(f"{low:.4g}…{high:.4g}" for low, high in report.intensities)
    volumes = [f"{volume:.4g}" for volume in report.class_volumes[1:]] or ["no label"] + [""] * (classes - 2)
    return [report.id, report.part, shape, spacing, report.orientation, ranges, *volumes]


@command.command("synth")
@click.argument("name", shell_complete=options.complete_phantom)
@click.argument("folder", type=options.PATH)
@click.option("--cases", type=click.IntRange(1, 100_000), default=24, show_default=True, help="How many cases to make.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Seed of the phantom.")
def synth(name, folder, cases, seed) -> None:
    """Write the phantom NAME (brain-decathlon, brain-iseg2017) into FOLDER, with raters' labels and true probabilities.

    \b
    Example:
      tfuq data synth brain-iseg2017 phantom --cases 10
    """
    from tfuq.data.phantoms import synthesize

    synthesize(name, folder, cases=cases, seed=seed)
    click.echo(f"{cases} case(s) of {name} in {folder}")
