"""``tfuq predict``."""

from __future__ import annotations

import click

from tfuq import runs
from tfuq_cli import options
from tfuq_cli.progress import say


@click.command("predict")
@click.argument("run", required=False, type=options.PATH)
@options.method("How to draw samples; the run's own method if not given.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    type=options.PATH,
    help="Scan or folder of scans, repeatable.  [default: the run's test split]",
)
@click.option(
    "--out", type=options.PATH, help="Where to write.  [default: RUN/predictions/<method>, with -input for given scans]"
)
@click.option("--samples", type=click.IntRange(min=1), help="T, the number of samples.  [default: the configuration's]")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Seed of the draws.  [default: the configuration's]")
@click.option(
    "--batch", type=click.IntRange(min=1), help="Slices (2D) or windows (3D) held in memory at once; changes no result."
)
@options.overwrite
def command(run, method, inputs, out, samples, seed, batch, overwrite) -> None:
    """Predict scans with RUN, by default the newest run of the method.

    \b
    Example:
      tfuq predict runs/hippocampus/hybrid --method mc-dropout --samples 20
    """
    opened = runs.open_run(run) if run else runs.newest_run(method)
    method = method or opened.config.method
    from tfuq import prediction

    defaults = opened.config.prediction
    request = prediction.Request(
        method, samples or defaults.samples, defaults.seed if seed is None else seed, batch or defaults.batch_size
    )
    predictor = prediction.Predictor(opened, request)
    cases = (
        prediction.input_cases(opened.config, opened.facts["channels"], inputs)
        if inputs
        else prediction.cases_of_test_split(opened)
    )
    folder = out or opened.predictions(f"{method}-input" if inputs else method)

    def on_case(case, seconds):
        say(f"{case.id}: {'already complete' if seconds is None else f'{sum(seconds.values()):.2f} s'}")

    prediction.predict(predictor, cases, folder, on_case=on_case, overwrite=overwrite)
    click.echo(f"{len(cases)} case(s) by {method}, T = {predictor.samples}, in {folder}; next: tfuq score {folder}")
