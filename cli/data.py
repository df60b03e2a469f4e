"""``tfuq data``: what data there is, and phantoms of it."""

from __future__ import annotations

import click

from tfuq import config as configuration
from tfuq.errors import DataError
from tfuq_cli import options
from tfuq_cli.progress import say, show

_MOST_LINES = 20  # of problems: a folder of thousands may have the same one throughout


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
        show(f"{name}: {state} in {data.root} ({data.layout})\n    {data.source}\n    licence: {data.licence}")


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
    is_counted = settings.task == "classification"  # images come by the thousand: a row per part, not per case
    reports = checks.check_data(
        settings, on_case=(lambda _: None) if is_counted else lambda report: say(f"checked {report.id}")
    )
    show((_counts if is_counted else _table)(reports, settings.data.classes))
    for remark in checks.remarks(settings, reports):
        show(f"remark: {remark}")
    problems = [f"{report.id}: {report.problem}" for report in reports if report.problem]
    problems += checks.absent_classes(settings, reports)
    for problem in problems[:_MOST_LINES]:
        show(f"PROBLEM: {problem}")
    if len(problems) > _MOST_LINES:
        show(f"… and {len(problems) - _MOST_LINES} more")
    if problems:
        raise DataError(
            f"{len(problems)} problem(s) among {len(reports)} cases; mend the first, then check again: {problems[0]}"
        )
    show(f"{len(reports)} cases in {settings.data.root}, no problem found")


def _table(reports, classes) -> str:
    length, size = _units(reports)
    element = "voxels" if any(report.shape[2:] > (1,) for report in reports) else "pixels"
    head = ["case", "part", element, f"spacing ({length})", "axes", "intensities", *(f"{n} ({size})" for n in classes[1:])]
    rows = [head, *(_cells(report, len(classes)) for report in reports)]
    return _aligned(rows)


def _units(reports) -> tuple[str, str]:
    """Symbols of the units of spacings and of class sizes; those of a mixed set stand side by side."""
    lengths = dict.fromkeys(report.unit.length_symbol for report in reports if report.shape) or ["mm"]
    in_mm = [report for report in reports if report.unit.length == "mm" or not report.shape]
    sizes = ["ml" if any(report.shape[2:] > (1,) for report in in_mm) else "cm²"] if in_mm else []
    sizes += ["pixel²"] if len(in_mm) < len(reports) else []
    return " or ".join(lengths), " or ".join(sizes)


def _counts(reports, classes) -> str:
    """How many images of each class every part has."""
    rows = [["part", "images", *classes]]
    for part in dict.fromkeys(report.part for report in reports):
        amounts = [report.class_volumes for report in reports if report.part == part and report.class_volumes]
        totals = [sum(column) for column in zip(*amounts, strict=True)] or [0] * len(classes)
        rows.append([part, str(len(amounts)), *(f"{total:g}" for total in totals)])
    return _aligned(rows)


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _cells(report, classes: int) -> list[str]:
    structures = max(classes - 1, 0)
    if report.problem:
        return [report.id, report.part, "PROBLEM", *[""] * (3 + structures)]
    shape, spacing = "×".join(map(str, report.shape)), "×".join(f"{s:g}" for s in report.spacing)
    ranges = ", ".join(f"{low:.4g}…{high:.4g}" for low, high in report.intensities)
    volumes = [f"{volume:.4g}" for volume in report.class_volumes[1:]] or ["no label"] + [""] * (structures - 1)
    volumes = volumes if structures else []  # landmarks have no classes
    return [report.id, report.part, shape, spacing, report.orientation, ranges, *volumes]


@command.command("synth")
@click.argument("name", shell_complete=options.complete_phantom)
@click.argument("folder", type=options.PATH)
@click.option("--cases", type=click.IntRange(1, 100_000), default=24, show_default=True, help="How many cases to make.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Seed of the phantom.")
@click.option(
    "--shape",
    type=(click.IntRange(1, 2048),) * 3,
    metavar="X Y Z",
    help="Voxels of a volume, as 240 240 155; for brats-phantom and liver-phantom.  [default: small ones]",
)
def synth(name, folder, cases, seed, shape) -> None:
    """Write a phantom into FOLDER, with what is known of its truth. NAME is one of brain-decathlon, brain-iseg2017,
    brats-phantom, cephalogram, digits, head-ct, liver-phantom.

    \b
    Example:
      tfuq data synth brain-iseg2017 phantom --cases 10
    """
    from tfuq.data.phantoms import synthesize

    synthesize(name, folder, cases=cases, seed=seed, shape=shape)
    show(f"{cases} case(s) of {name} in {folder}")
