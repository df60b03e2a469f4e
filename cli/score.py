"""``tfuq score``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import click

from tfuq.measures.sample_size import unbiased
from tfuq.scoring.metrics import LEVELS
from tfuq.scoring.promise_lines import promise_lines, promise_remarks
from tfuq_cli import options
from tfuq_cli.progress import quiet_import, say, show

_SCORES = ("dice", "iou", "precision", "recall", "hd95_mm", "average_surface_distance_mm", "hd95_px",
           "average_surface_distance_px", "accuracy", "balanced_accuracy",
           "radial_error_mm", "radial_error_px", "nll", "brier", "ece", "dice_raters", "rater_dice", "ged_unbiased", "ged",
           "volumes_covered",
           "ncc_predictive_entropy", "ncc_mutual_information")  # fmt: skip
_MEASURES_SHOWN = 3
_DIVERSITY = ("disagreement", "divergence", "error_correlation", "between_member_variance", "within_member_variance")
_MUTUAL_INFORMATION = {
    "at the boundary": "boundary_mutual_information",
    "in the structure": "mean_mutual_information",
    "in the image": "image_mutual_information",
}


@click.command("score", cls=options.Command)
@click.argument("predictions", type=options.PATH)
@click.option("--reference", type=options.PATH, help="Folder of references.  [default: the data set's own]")
@click.option(
    "--label-values",
    metavar="YAML",
    help="Segmentation: what the values of the references stand for, as in '{0: 0, 255: 1}' or '{0: 0, 1-99: 1}'.  "
    "[default: the run's data.label_values]",
)
@click.option(
    "--ood",
    metavar="DIR_OR_CONFIG",
    help="Classification: predict this set from elsewhere too, and score how well each measure tells it from the predictions.",
)
@click.option(
    "--level",
    multiple=True,
    type=click.Choice(LEVELS),
    help="Rank measures by the failures that they find among these, repeatable.  [default: all that the task has]",
)
@click.option(
    "--failure-at",
    type=float,
    help="A Dice below this, or a radial error of this or more, is a failure.  [default: 4 mm, else the worst quarter]",
)
@click.option(
    "--dose",
    type=options.PATH,
    help="Segmentation: dose in Gy, a file for a single case or a folder of <case>.nii.gz, for dose–volume histograms; "
    "needs tfuq predict --save-samples.",
)
@click.option("--figures/--no-figures", default=True, show_default=True, help="Draw figures beside the tables.")
def command(predictions, reference, label_values, ood, level, failure_at, dose, figures) -> None:
    """Score PREDICTIONS, a folder that tfuq predict wrote.

    \b
    Example:
      tfuq score runs/quickstart/hybrid/predictions/mc-dropout
    """
    from tfuq.scoring.evaluation import FailureOptions, default_output, score_folder

    failures = FailureOptions(level or LEVELS, failure_at)
    doses = _doses(predictions, reference, dose, label_values) if dose else None
    scores = score_folder(predictions, reference, lambda case_id: say(f"scored {case_id}"), failures, label_values)
    if ood:
        with quiet_import():
            from tfuq.elsewhere import score_elsewhere

        scores.summary["out_of_distribution"] = score_elsewhere(predictions, ood)
    if doses:
        scores.tables.update(dose=doses.values, dose_volume=doses.curves)
        scores.summary["dose_spread"] = doses.spread_coverage()
    folder = default_output(predictions)
    drawn = scores.write(folder, draw=partial(_draw, predictions, reference, scores, doses) if figures else None)
    if figures:
        say(f"{len(drawn)} figures drawn")
    for line in _lines(scores.summary):
        show(line)
    show(f"{scores.summary['cases']} case(s) scored in {folder}")


def _draw(predictions, reference, scores, doses, folder) -> list:
    """Draw the figures of scores into a folder."""
    from tfuq.report.figures import write_figures

    drawn = write_figures(predictions, reference, scores, folder)
    if doses:
        from tfuq.report.canvas import save
        from tfuq.report.dose import dose_figures

        drawn += [save(figure, folder / f"{name}.png") for name, figure in dose_figures(doses)]
    return drawn


def _doses(predictions, reference, dose, label_values):
    from tfuq.scoring.evaluation.doses import score_dose

    say("reading doses")
    return score_dose(predictions, reference, dose, label_values)


def _lines(summary: dict) -> Iterator[str]:
    """What a reader wants to see first: how was drawn, quality, then what the measures say of it."""
    yield f"{summary['method']}: T = {summary['samples']}, seed {summary['seed']}"
    if summary["missing_members"]:
        yield f"predicted without member(s) {', '.join(map(str, summary['missing_members']))}, which had not finished training"
    yield from _references(summary)
    yield from _quality(summary["scores"])
    if "ece_pooled" in summary:
        yield f"all: nll, brier and ece are means over cases; pooled over cases ece is {summary['ece_pooled']:.4f}"
    for name, table in summary.get("spearman_with_dice", {}).items():
        found = table.get("pairwise_dice", {})
        if found.get("rho") is not None:
            p = "" if found["p"] is None else f", p {found['p']:.2g}"
            yield f"{name}: Spearman(pairwise Dice, Dice) {_rho(found)}{p}, n {found['n']}"
    for name, found in summary.get("structure_measures", {}).items():
        means = unbiased(found, summary["samples"])
        shown = [f"{place} {means[key]:.2g}" for place, key in _MUTUAL_INFORMATION.items() if means.get(key) is not None]
        if shown:
            yield f"{name}: mutual information (nat, times T/(T − 1)): {', '.join(shown)}"
    yield from _raters(summary)
    yield from _found(summary.get("error_detection", {}), "errors found by")
    yield from _calibrated(summary)
    yield from _spreads(summary)
    yield from _diversity(summary.get("diversity"))
    yield from _failures(summary["failure_detection"])
    yield from _found(summary.get("out_of_distribution", {}), "out of distribution by")
    yield from _landmarks(summary)


def _references(summary: dict) -> Iterator[str]:
    """What the scores are against, where that needs saying."""
    found, cases = summary.get("references", {}), summary["cases"]
    if count := found.get("of_two_raters"):
        yield f"{count} of {cases} case(s) have two raters: their scores are means over both, as a majority of two is what both marked"
    if empty := found.get("without_structure"):
        yield (
            f"{len(empty)} of {cases} references have no structure, '{empty[0]}' the first; Dice there is 1 where none is predicted, and "
            "else 0"
        )


def _quality(scores: dict) -> Iterator[str]:
    for name, table in scores.items():
        shown = [f"{score} {table[score]['mean']:.4f}" for score in _SCORES if score in table]
        yield f"{name}: {'  '.join(shown)}"


def _raters(summary: dict) -> Iterator[str]:
    """What is missing of a segmentation by several raters."""
    if "raters" in summary and summary["task"] == "segmentation" and "ged" not in summary["scores"]["all"]:
        yield "raters: no energy distance, as the samples were not kept; tfuq predict --save-samples adds them"


def _found(tables: dict, what: str) -> Iterator[str]:
    for name, found in tables.items():
        values = {key: value for key, value in found.items() if value is not None and not key.endswith(("_lower", "_upper"))}
        shown = "  ".join(f"{key.upper()} {value:.4f}{_ends(_bounds(found, key), 4)}" for key, value in values.items())
        yield f"{what} {name.replace('_', ' ')}: {shown or 'not defined, as all cases are alike'}"


def _ends(interval: Sequence[float | None], digits: int = 3) -> str:
    """An interval as it stands behind its value; nothing where there is none."""
    if None in interval:
        return ""
    return " ({:.{d}f} to {:.{d}f})".format(*interval, d=digits)


def _bounds(found: dict, key: str) -> tuple[float | None, float | None]:
    """The columns that hold the interval of a value."""
    return found.get(f"{key}_lower"), found.get(f"{key}_upper")


def _calibrated(summary: dict) -> Iterator[str]:
    """Before and after scaling, and what was promised beside what was seen."""
    if before := summary.get("before_calibration"):
        after = summary["scores"]["all"]
        shown = [f"{name} {before[name]:.4f} → {after[name]['mean']:.4f}" for name in ("nll", "brier", "ece") if name in after]
        yield f"scaling: {'  '.join(shown)}"
    yield from promise_lines(summary.get("conformal", {}))
    yield from (f"promises: {remark}" for remark in promise_remarks(summary))


def _spreads(summary: dict) -> Iterator[str]:
    """How often the spread of the samples held the truth. It promises nothing, so it comes after what does."""
    for name, found in summary.get("volume_spread", {}).items():
        width = f"mean width {found['width']:.4g} {found['unit']}"
        yield f"{name}: spread of the samples (2.5 to 97.5 %) held the reference's volume in {_share(found)}, {width}"
    for name, values in summary.get("dose_spread", {}).items():
        for value, found in values.items():
            what = value.replace("_", " ")
            yield f"{name}: spread of the samples (2.5 to 97.5 %) held the reference's {what} in {_share(found)}"
    if ellipse := summary.get("ellipse"):
        yield f"95 % ellipses of further samples held the true landmark in {_share(ellipse)}"


def _share(found: dict) -> str:
    """A share with its interval and what it is of."""
    items = "" if found["n"] == found["cases"] else f"{found['n']} in "
    return f"{found['share']:.3f}{_ends((found['lower'], found['upper']))} of {items}{found['cases']} cases, T = {found['samples']}"


def _rho(found: dict) -> str:
    """A correlation over all items with its interval."""
    return f"{found['rho']:.3f}{_ends((found['lower'], found['upper']))}"


def _failures(tables: dict[str, list[dict]]) -> Iterator[str]:
    for level, rows in tables.items():
        shown = [f"{row['measure'].replace('_', ' ')} {row['aurc']:.4f}" for row in rows[:_MEASURES_SHOWN]]
        yield f"failures by {level}, least AURC first: {', '.join(shown)}"


def _diversity(found: dict | None) -> Iterator[str]:
    if found is None:
        return
    shown = [f"{name.replace('_', ' ')} {found[name]:.3g}" for name in _DIVERSITY if found[name] is not None]
    yield f"{found['members']} members: {', '.join(shown)}"
    gains = [
        f"{name.removesuffix('_gain')} {value:+.4f}" for name, value in found["curve"][-1].items() if name.endswith("_gain")
    ]
    yield f"{found['members']} members better than one by: {', '.join(gains)}"


def _landmarks(summary: dict) -> Iterator[str]:
    for what, table in (("success rates", summary.get("success_rates")), ("raters apart", summary.get("raters_apart"))):
        if table:
            rates = "  ".join(f"{key} {value:.3f}" for key, value in table.items() if key.startswith("sdr"))
            yield f"{what}: mean {table['mean']:.2f} mm  {rates}"
    if among := summary.get("raters") if summary["task"] == "landmarks" else None:
        errors = "  ".join(f"{rater} {table['mean']:.2f}" for rater, table in among["against"].items())
        yield (
            f"against raters ({summary['unit']}): {errors}; their spread {among['spread']['mean']:.2f}, "
            f"within it {among['within_spread']:.3f} of predictions"
        )
    for name, measure in summary.get("measures", {}).items():
        found = measure["correlation"]["spearman"]
        if found["rho"] is None:
            continue
        mean = found["within"]
        within = "not defined" if mean is None else f"{mean:.3f}{_ends(_bounds(found, 'within'))}"
        pooled = f"pooled {_rho(found)}, n {found['n']} in {found['cases']} images"
        yield f"{name.replace('_', ' ')}: Spearman with the error within landmarks {within}, {pooled}{_detection(measure)}"


def _detection(measure: dict) -> str:
    """How well a measure finds errors of 4 mm or more, where that is defined."""
    if measure.get("auroc_4mm") is None:
        return ""
    return f"; AUROC for errors of 4 mm or more {measure['auroc_4mm']:.3f}{_ends(_bounds(measure, 'auroc_4mm'))}"
