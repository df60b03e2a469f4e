"""``tfuq score``."""

from __future__ import annotations

import click

from tfuq_cli import options
from tfuq_cli.progress import say

_SCORES = ("dice", "iou", "precision", "recall", "hd95_mm", "average_surface_distance_mm", "nll", "brier", "ece")
_MUTUAL_INFORMATION = {
    "at the boundary": "boundary_mutual_information",
    "in the structure": "mean_mutual_information",
    "in the image": "image_mutual_information",
}


@click.command("score", cls=options.Command)
@click.argument("predictions", type=options.PATH)
@click.option("--reference", type=options.PATH, help="Folder of reference labels.  [default: the data set's own]")
@click.option("--figures/--no-figures", default=True, show_default=True, help="Draw figures beside the tables.")
def command(predictions, reference, figures) -> None:
    """Score PREDICTIONS, a folder that tfuq predict wrote.

    \b
    Example:
      tfuq score runs/quickstart/hybrid/predictions/mc-dropout
    """
    from tfuq.scoring.evaluation import default_output, score_folder

    scores = score_folder(predictions, reference, on_case=lambda case_id: say(f"scored {case_id}"))
    folder = default_output(predictions)
    scores.write(folder)
    if figures:
        from tfuq.report.figures import write_figures

        say(f"{len(write_figures(predictions, reference, scores, folder / 'figures'))} figures drawn")
    for line in _lines(scores.summary):
        click.echo(line)
    click.echo(f"{scores.summary['cases']} case(s) scored in {folder}")


def _lines(summary: dict):
    """What a reader wants to see first: quality per class, then what the measures say of it."""
    for name, table in summary["scores"].items():
        shown = [f"{score} {table[score]['mean']:.4f}" for score in _SCORES if score in table]
        yield f"{name}: {'  '.join(shown)}"
    for name, table in summary["spearman_with_dice"].items():
        found = table.get("pairwise_dice", {})
        if found.get("rho") is not None:
            yield f"{name}: Spearman(pairwise Dice, Dice) {found['rho']:.3f} (p {found['p']:.2g}, n {found['n']})"
    for name, means in summary["structure_measures"].items():
        shown = [f"{place} {means[key]:.2g}" for place, key in _MUTUAL_INFORMATION.items() if means.get(key) is not None]
        if shown:
            yield f"{name}: mutual information (nat): {', '.join(shown)}"
