"""``tfuq predict``."""

from __future__ import annotations

from dataclasses import replace

import click

from tfuq import runs
from tfuq.config import SERVED_METHODS
from tfuq_cli import options
from tfuq_cli.progress import echo_plan, is_on, quiet_import, say, show


@click.command("predict", cls=options.Command)
@click.argument("run", required=False, type=options.PATH)
@options.method(
    "How to draw samples; the run's own method if not given. latent-code and latent-weights draw one source of a latent-vi run alone.",
    SERVED_METHODS,
)
@click.option(
    "--input",
    multiple=True,
    type=options.PATH,
    help="Scan or folder of scans, repeatable.  [default: the run's test split]",
)
@click.option(
    "--mask",
    type=options.PATH,
    help="Where to look, for runs that crop to labels: a file, or a folder of them, such as predictions of the organ.  "
    "[default: each case's own label]",
)
@click.option(
    "--out", type=options.PATH, help="Where to write.  [default: RUN/predictions/<method>, with -input for given scans]"
)
@options.draws
@click.option(
    "--calibrated",
    is_flag=True,
    help="Scale probabilities and add sets, bounds and intervals as tfuq calibrate found; calibration cases are left out.",
)
@click.option(
    "--save-samples",
    is_flag=True,
    help="Segmentation: keep every sample's masks too, which tfuq score needs for --dose and against several raters.",
)
@click.option(
    "--save-members",
    is_flag=True,
    help="Segmentation, classification: keep each member's probabilities too, of which tfuq score makes the ensemble's diversity.",
)
@options.overwrite
@options.dry_run
def command(run, method, input, mask, out, draws, calibrated, save_samples, save_members, overwrite, dry_run) -> None:
    """Predict scans with RUN, by default the newest run of the method.

    \b
    Example:
      tfuq predict runs/quickstart/hybrid --method mc-dropout --samples 20
    """
    opened = runs.open_run(run) if run else runs.newest_run(method)
    method = method or opened.config.method
    with quiet_import():
        from tfuq import prediction

    request = prediction.request_of(opened.config, method, *draws)
    request = replace(request, is_calibrated=calibrated, keep_samples=save_samples, keep_members=save_members)
    predictor = prediction.make_predictor(opened, request)
    cases = (
        prediction.input_cases(opened.config, opened.facts["channels"], input)
        if input
        else prediction.cases_of_test_split(opened, predictor.calibration)
    )
    cases = prediction.with_masks(opened.config, cases, mask) if mask else cases
    folder = out or opened.predictions(method + ("-calibrated" if calibrated else "") + ("-input" if input else ""))
    if dry_run:
        from tfuq.dry_run import plan_prediction

        echo_plan(plan_prediction(predictor, cases, folder, overwrite=overwrite))
        return
    on_case = _say_case if opened.config.task == "segmentation" else _unsaid  # images come by the thousand
    prediction.predict(predictor, cases, folder, on_case=on_case, overwrite=overwrite)
    show(f"{len(cases)} case(s) by {method}, T = {predictor.samples}, in {folder}; next: tfuq score {folder}")


def _unsaid(case, seconds) -> None:
    """Nothing."""


def _say_case(case, seconds) -> None:
    if seconds is None:
        say(f"{case.id}: already complete")
    else:
        stages = ", ".join(f"{stage} {value:.2f} s" for stage, value in seconds.items())
        say(f"{case.id}: {sum(seconds.values()):.2f} s" + (f" ({stages})" if is_on("verbose") else ""))
