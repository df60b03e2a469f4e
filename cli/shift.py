"""``tfuq shift``."""

from __future__ import annotations

import click

from tfuq import runs
from tfuq.config import SERVED_METHODS
from tfuq_cli import options
from tfuq_cli.progress import quiet_import, say, show


class _ListsPerturbations(options.Command):
    """Help that ends with every perturbation and what its severity means."""

    def format_epilog(self, context, formatter):
        from tfuq.data.perturbations import PERTURBATIONS

        with formatter.section("Perturbations, and what severity means"):
            formatter.write_dl([(name, _meaning(PERTURBATIONS[name])) for name in PERTURBATIONS])
        super().format_epilog(context, formatter)


def _meaning(chosen) -> str:
    return f"{chosen.severity}; {chosen.low:g} to {chosen.high:g}"


@click.command("shift", cls=_ListsPerturbations)
@click.argument("run", required=False, type=options.PATH)
@click.option("--perturbation", required=True, shell_complete=options.complete_perturbation, help="What is done to the images.")
@click.option(
    "--severity",
    required=True,
    metavar="A,B,C|START:STOP:COUNT",
    help="Severities: numbers, or evenly spaced ones with both ends, as in -90:90:40. 0 is always added.",
)
@click.option(
    "--method",
    multiple=True,
    type=click.Choice(SERVED_METHODS),
    help="How to draw samples, repeatable; the run's own method if not given.",
)
@click.option("--channel", type=click.IntRange(0, 10_000), help="The channel of missing-modality, from 0 on.")
@click.option(
    "--head-ct",
    metavar="FILE",
    type=options.PATH,
    help="Turn this CT of a head and let the network see it summed from the side, in place of the test split; of landmarks.",
)
@options.draws
@click.option("--save-predictions", is_flag=True, help="Keep what is predicted: maps, on the network's grid, or tables.")
@click.option("--figures/--no-figures", default=True, show_default=True, help="Draw figures beside the tables.")
@options.overwrite
def command(run, perturbation, severity, method, channel, head_ct, draws, save_predictions, figures, overwrite) -> None:
    """Perturb the test split of RUN, by default the newest run, by degrees, and see whether uncertainty rises.

    Images are perturbed after preprocessing, labels and landmarks with them. Writes RUN/shift/PERTURBATION/: table.csv (quality,
    calibration, every uncertainty without the bias of a small T, AURC and OOD AUROC of each severity), correlations.csv and
    figures. Intervals resample cases.

    \b
    Example:
      tfuq shift runs/quickstart/hybrid --perturbation noise --severity 0,0.1,0.25,0.5,1 --method ensemble --method hybrid
    """
    from tfuq.data.perturbations import PERTURBATIONS, parse_severities

    severities = tuple(parse_severities(severity, PERTURBATIONS[perturbation]))
    opened = runs.open_run(run) if run else runs.newest_run(method[0] if method else None)
    with quiet_import():
        from tfuq import prediction
        from tfuq.report.shift import QUANTITIES
        from tfuq.shift import Plan, shift

    methods = dict.fromkeys(method or (opened.config.method,))
    requests = [prediction.request_of(opened.config, name, *draws) for name in methods]
    plan = Plan(
        perturbation=perturbation,
        severities=severities,
        channel=channel,
        keeps_predictions=save_predictions,
        head=head_ct,
    )
    done = shift(opened, requests, plan, say=say, overwrite=overwrite)
    drawn = done.plot() if figures else []
    for row in done.correlations:
        if row["quantity"] not in QUANTITIES or row["spearman"] is None:
            continue
        show(f"{row['method']}, T = {row['samples']}: {row['quantity'].replace('_', ' ')} with severity: {_found(row)}")
    show(f"{len(done.rows)} row(s) in {done.folder / 'table.csv'}, {len(drawn)} figures")


def _found(row: dict) -> str:
    shown = [f"{kind.capitalize()} {row[kind]:.3f}{_interval(row, kind)}" for kind in ("spearman", "pearson")]
    return f"{', '.join(shown)} over {row['severities']} severities"


def _interval(row: dict, kind: str) -> str:
    """The interval over resampled cases, of the quantities that have one."""
    low, high = row[f"{kind}_lower"], row[f"{kind}_upper"]
    return "" if low is None else f" ({low:.3f} to {high:.3f})"
