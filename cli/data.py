"""``tfuq data``: what data there is, and phantoms of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfuq import config as configuration
from tfuq.config import TASKS, Config
from tfuq.errors import DataError
from tfuq_cli import options
from tfuq_cli.progress import EventLines, show

if TYPE_CHECKING:
    from tfuq.data.checks import CaseReport

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
    """List the configurations that come with tfuq, whether their data is here, and its source and
    licence.

    \b
    Example:
      tfuq data list
    """
    for name in sorted(configuration.shipped()):
        settings = configuration.load(name)
        data = settings.data
        show(
            f"{name}: {_state(settings)} in {data.root} ({data.layout})\n"
            f"    {data.source}\n"
            f"    licence: {data.licence}"
        )


def _state(settings: Config) -> str:
    from tfuq.data.layouts import cases_of, is_made_on_use

    data = settings.data
    try:
        if is_made_on_use(data.layout, data.root):
            return "made when first used"
        return f"{len(cases_of(data))} cases"
    except DataError:
        return "not here"


@command.command("check")
@click.argument("config", shell_complete=options.complete_config)
@options.override
def check(config: str, override: tuple[str, ...]) -> None:
    """Check every case of CONFIG's data set: readable, grids, spacing, label values, NaN, constant
    or copied images.

    \b
    Example:
      tfuq data check quickstart
    """
    from tfuq.data import checks

    settings = configuration.load(config, override)
    if not TASKS[settings.task].names_cases:
        reports = checks.check_data(settings)
        show(_counts(reports, settings.data.classes))
    else:
        reports = checks.check_data(settings, observer=EventLines())
        show(_table(reports, settings.data.classes))
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
            f"{len(problems)} problem(s) among {len(reports)} cases; "
            f"mend the first, then check again: {problems[0]}"
        )
    show(f"{len(reports)} cases in {settings.data.root}, no problem found")


def _table(reports: Sequence[CaseReport], classes: Sequence[str]) -> str:
    length, size = _units(reports)
    element = "pixels"
    if any(map(_is_volume, reports)):
        element = "voxels"
    head = ["case", "part", element, f"spacing ({length})", "axes", "intensities"]
    head += [f"{name} ({size})" for name in classes[1:]]
    rows = [_cells(report, len(classes)) for report in reports]
    return _aligned([head, *rows])


def _is_volume(report: CaseReport) -> bool:
    return report.shape[2:] > (1,)


def _units(reports: Sequence[CaseReport]) -> tuple[str, str]:
    """Symbols of the units of spacings and of class sizes; those of a mixed set side by side."""
    lengths = dict.fromkeys(report.unit.length_symbol for report in reports if report.shape)
    in_mm = [report for report in reports if report.unit.length == "mm" or not report.shape]
    sizes = []
    if in_mm and any(map(_is_volume, in_mm)):
        sizes.append("ml")
    elif in_mm:
        sizes.append("cm²")
    if len(in_mm) < len(reports):
        sizes.append("pixel²")
    return " or ".join(lengths or ["mm"]), " or ".join(sizes)


def _counts(reports: Sequence[CaseReport], classes: Sequence[str]) -> str:
    """How many images of each class every part has."""
    rows = [["part", "images", *classes]]
    for part in dict.fromkeys(report.part for report in reports):
        images = [report.class_volumes for report in reports if report.part == part]
        counted = list(filter(None, images))
        totals = [0.0] * len(classes)
        if counted:
            totals = list(map(sum, zip(*counted, strict=True)))
        rows.append([part, str(len(counted)), *map("{:g}".format, totals)])
    return _aligned(rows)


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = map(str.ljust, row, widths)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _cells(report: CaseReport, classes: int) -> list[str]:
    structures = max(classes - 1, 0)  # landmarks have no classes
    if report.problem:
        return [report.id, report.part, "PROBLEM", *[""] * (3 + structures)]
    shape = "×".join(map(str, report.shape))
    spacing = "×".join(map("{:g}".format, report.spacing))
    ranges = ", ".join(f"{low:.4g}…{high:.4g}" for low, high in report.intensities)
    sizes = _sizes(report, structures)
    return [report.id, report.part, shape, spacing, report.orientation, ranges, *sizes]


def _sizes(report: CaseReport, structures: int) -> list[str]:
    """A cell for each structure."""
    if not structures:
        return []
    sizes = list(map("{:.4g}".format, report.class_volumes[1:]))
    return sizes or ["no label"] + [""] * (structures - 1)


@command.command("synth")
@click.argument("name", shell_complete=options.complete_phantom)
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
    brain-decathlon, brain-iseg2017, brats-phantom, cephalogram, digits, head-ct, liver-phantom.

    \b
    Example:
      tfuq data synth brain-iseg2017 phantom --cases 10
    """
    from tfuq.data.phantoms import synthesize

    synthesize(name, folder, cases=cases, seed=seed, shape=shape)
    show(f"{cases} case(s) of {name} in {folder}")
