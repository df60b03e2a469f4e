"""``tfuq score``."""

from __future__ import annotations

import click

from tfuq_cli import options
from tfuq_cli.progress import say


@click.command("score")
@click.argument("predictions", type=options.PATH)
@click.option("--reference", type=options.PATH, help="Folder of reference labels.  [default: the data set's own]")
def command(predictions, reference) -> None:
    """Score PREDICTIONS, a folder that tfuq predict wrote.

    \b
    Example:
      tfuq score runs/hippocampus/hybrid/predictions/mc-dropout
    """
    from tfuq.scoring.evaluation import default_output, score_folder

    scores = score_folder(predictions, reference, on_case=lambda case_id: say(f"scored {case_id}"))
    folder = default_output(predictions)
    scores.write(folder)
    for name, table in scores.summary["scores"].items():
        shown = "  ".join(
            f"{score} {table[score]['mean']:.4f}" for score in ("dice", "iou", "hd95_mm", "nll", "ece") if score in table
        )
        click.echo(f"{name}: {shown}")
    for name, table in scores.summary["spearman_with_dice"].items():
        if table.get("pairwise_dice", {}).get("rho") is not None:
            found = table["pairwise_dice"]
            click.echo(f"{name}: Spearman(pairwise Dice, Dice) {found['rho']:.3f} (p {found['p']:.2g}, n {found['n']})")
    click.echo(f"{scores.summary['cases']} case(s) scored in {folder}")
