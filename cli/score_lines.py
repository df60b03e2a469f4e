"""Scores of a set in lines: what a reader wants to see first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tfuq.config import TASKS
from tfuq.measures.sample_size import unbiased
from tfuq.runs.missing import missing_text, without_members_text
from tfuq.scoring.promise_lines import promise_lines, promise_remarks
from tfuq_cli.landmark_lines import landmark_lines
from tfuq_cli.lesion_lines import lesion_lines
from tfuq_cli.numbers import bounds, correlation, interval, share

Summary = dict[str, Any]  # what summary.json holds, or a table of it

_SCORES = (
    "dice",
    "iou",
    "precision",
    "recall",
    "voxel_accuracy",
    "hd95_mm",
    "average_surface_distance_mm",
    "nsd",
    "volume_crps_mm3",
    "area_crps_mm2",
    "area_crps_px2",
    "hd95_px",
    "average_surface_distance_px",
    "accuracy",
    "balanced_accuracy",
    "recall_macro",
    "f1_macro",
    "auroc_macro",
    "radial_error_mm",
    "radial_error_px",
    "nll",
    "brier",
    "ece",
    "dice_raters",
    "rater_dice",
    "ged_unbiased",
    "ged",
    "volumes_covered",
    "ncc_predictive_entropy",
    "ncc_mutual_information",
)
_OF_CLASS = ("sensitivity", "specificity", "auroc")
_MOST_CLASSES = 10  # that are printed
_PRESENCE = ("missed", "invented")
_CALIBRATION_SCORES = ("nll", "brier", "ece")
_MOST_MEASURES = 3
_DIVERSITY = (
    "disagreement",
    "divergence",
    "error_correlation",
    "between_member_variance",
    "within_member_variance",
)
_OF_MEMBERS = (
    "dice",
    "iou",
    "precision",
    "recall",
    "voxel_accuracy",
    "accuracy",
    "recall_macro",
    "f1_macro",
)
_MUTUAL_INFORMATION = {
    "at the boundary": "boundary_mutual_information",
    "in the structure": "mean_mutual_information",
    "in the image": "image_mutual_information",
}


def score_lines(summary: Summary) -> Iterator[str]:
    """Lines on a summary: the samples, the quality, then what the uncertainty measures say of it.

    Args:
        summary: What ``summary.json`` holds.
    """
    yield f"{summary['method']}: T = {summary['samples']}, seed {summary['seed']}"
    if summary["missing_members"]:
        yield without_members_text(summary["missing_members"])
    if summary["missing_cases"]:
        yield missing_text(summary["missing_cases"], summary["cases"])
    yield from _references(summary)
    yield from _quality(summary["scores"], summary["cases"])
    for split, scores in summary.get("by_split", {}).items():
        named = {f"{split}, {name}": table for name, table in scores.items()}
        yield from _quality(named, max(table["n"] for table in scores["all"].values()))
    yield from _subjects(summary.get("by_subject", {}))
    yield from _missing(summary["scores"])
    yield from lesion_lines(summary)
    yield from _classes(summary.get("by_class", []))
    if "ece_pooled" in summary:
        pooled = f"{summary['ece_pooled']:.4f}"
        yield f"all: nll, brier and ece are means over cases; pooled over cases ece is {pooled}"
    yield from _correlations(summary.get("spearman_with_dice", {}))
    for split, tables in summary.get("spearman_by_split", {}).items():
        yield from _correlations({f"{split}, {name}": table for name, table in tables.items()})
    yield from _mutual_information(summary)
    yield from _raters(summary)
    yield from _detection(summary.get("error_detection", {}), "errors found by")
    yield from _calibrated(summary)
    yield from _spreads(summary)
    yield from _diversity(summary.get("diversity"))
    yield from _members(summary.get("member_scores"))
    yield from _failures(summary["failure_detection"])
    yield from _detection(summary.get("out_of_distribution", {}), "out of distribution by")
    yield from landmark_lines(summary)


def _references(summary: Summary) -> Iterator[str]:
    """What the scores are against, where that needs saying."""
    references = summary.get("references", {})
    cases = summary["cases"]
    count = references.get("of_two_raters")
    if count:
        yield (
            f"{count} of {cases} case(s) have two raters: their scores are means over both, as a "
            "majority of two is what both marked"
        )
    empty = references.get("without_structure")
    if empty:
        yield (
            f"{len(empty)} of {cases} references have no structure, '{empty[0]}' the first; Dice "
            "there is 1 where none is predicted, and else 0"
        )


def _quality(scores: dict[str, Summary], cases: int) -> Iterator[str]:
    """Means of scores, each with its n where it is not of all cases."""
    for name, table in scores.items():
        described = []
        for score in _SCORES:
            if score in table:
                described.append(f"{score} {_mean(table[score], cases)}")
        yield f"{name}: {'  '.join(described)}"


def _subjects(tables: dict[str, Summary]) -> Iterator[str]:
    """Means over subjects, each of which counts alike, with intervals over subjects."""
    for name, table in tables.items():
        described = []
        for score in _SCORES:
            if score in table:
                ends = interval(bounds(table[score], ""), 4)
                described.append(f"{score} {table[score]['mean']:.4f}{ends}")
        count = max(scores["n"] for scores in table.values())
        yield f"{name}, over {count} subjects: {'  '.join(described)}"


def _classes(rows: Sequence[Summary]) -> Iterator[str]:
    """How each class is told from the others; of two classes, the second from the first."""
    if len(rows) == 2:
        rows = rows[1:]
    for row in rows[:_MOST_CLASSES]:
        figures = [f"{name} {_with_interval(row, name)}" for name in _OF_CLASS]
        yield f"{row['class']} ({row['cases']} cases): {'  '.join(figures)}"
    if len(rows) > _MOST_CLASSES:
        yield f"classes.csv has these figures of all {len(rows)} classes"


def _with_interval(row: Summary, name: str) -> str:
    if row[name] is None:
        return "–"
    if row[f"{name}_lower"] is None:
        return f"{row[name]:.4f}"
    return f"{row[name]:.4f} ({row[f'{name}_lower']:.4f} to {row[f'{name}_upper']:.4f})"


def _mean(score: Summary, cases: int) -> str:
    mean = f"{score['mean']:.4f}"
    if score["n"] < cases:
        return f"{mean} (n {score['n']} of {cases})"
    return mean


def _missing(scores: dict[str, Summary]) -> Iterator[str]:
    """Structures that were missed or invented, which have no distance of their own."""
    for name, table in scores.items():
        described = []
        for score in _PRESENCE:
            if name != "all" and table.get(score, {}).get("mean"):
                count = table[score]["mean"] * table[score]["n"]
                described.append(f"{score} in {count:.3g} of {table[score]['n']} case(s)")
        if described:
            yield f"{name}: {', '.join(described)}"


def _correlations(tables: Summary) -> Iterator[str]:
    """How the agreement of samples follows the Dice, by structure."""
    for name, table in tables.items():
        pairwise = table.get("pairwise_dice", {})
        if pairwise.get("rho") is None:
            continue
        p = ""
        if pairwise["p"] is not None:
            p = f", p {pairwise['p']:.2g}"
        rho = f"{correlation(pairwise)}{p}"
        yield f"{name}: Spearman(pairwise Dice, Dice) {rho}, n {pairwise['n']}"


def _mutual_information(summary: Summary) -> Iterator[str]:
    for name, measures in summary.get("structure_measures", {}).items():
        means = unbiased(measures, summary["samples"])
        described = []
        for region, key in _MUTUAL_INFORMATION.items():
            if means.get(key) is not None:
                described.append(f"{region} {means[key]:.2g}")
        if described:
            yield f"{name}: mutual information (nat, times T/(T − 1)): {', '.join(described)}"


def _raters(summary: Summary) -> Iterator[str]:
    """What is missing of a segmentation by several raters."""
    is_by_raters = "raters" in summary and TASKS[summary["task"]].has_volumes
    if is_by_raters and "ged" not in summary["scores"]["all"]:
        yield (
            "raters: no energy distance, as the samples were not kept; "
            "tfuq predict --save-samples adds them"
        )


def _detection(tables: dict[str, Summary], subject: str) -> Iterator[str]:
    """How well measures find something, by measure."""
    for name, table in tables.items():
        described = []
        for key, value in table.items():
            if value is not None and not key.endswith(("_lower", "_upper")):
                ends = interval(bounds(table, f"{key}_"), 4)
                described.append(f"{key.upper()} {value:.4f}{ends}")
        text = "  ".join(described) or "not defined, as all cases are alike"
        yield f"{subject} {_spaced(name)}: {text}"


def _calibrated(summary: Summary) -> Iterator[str]:
    """Scores before and after scaling, and what was promised beside what was seen."""
    before = summary.get("before_calibration")
    if before:
        after = summary["scores"]["all"]
        described = []
        for name in _CALIBRATION_SCORES:
            if name in after:
                described.append(f"{name} {before[name]:.4f} → {after[name]['mean']:.4f}")
        yield f"scaling: {'  '.join(described)}"
    yield from promise_lines(summary.get("conformal", {}))
    for remark in promise_remarks(summary):
        yield f"promises: {remark}"


def _spreads(summary: Summary) -> Iterator[str]:
    """How often the spread of the samples held the truth.

    It promises nothing, so it comes after what does.
    """
    for name, spread in summary.get("volume_spread", {}).items():
        width = f"mean width {spread['width']:.4g} {spread['unit']}"
        yield f"{name}: {_held('volume', spread)}, {width}"
    for name, spreads in summary.get("dose_spread", {}).items():
        for quantity, spread in spreads.items():
            yield f"{name}: {_held(_spaced(quantity), spread)}"
    ellipse = summary.get("ellipse")
    if ellipse:
        yield f"95 % ellipses of further samples held the true landmark in {share(ellipse)}"


def _held(quantity: str, spread: Summary) -> str:
    samples = "spread of the samples (2.5 to 97.5 %)"
    return f"{samples} held the reference's {quantity} in {share(spread)}"


def _diversity(diversity: Summary | None) -> Iterator[str]:
    if diversity is None:
        return
    members = f"{diversity['members']} members"
    described = []
    for name in _DIVERSITY:
        if diversity[name] is not None:
            described.append(f"{_spaced(name)} {diversity[name]:.3g}")
    yield f"{members}: {', '.join(described)}"
    yield f"{members} better than one by: {', '.join(_gains(diversity['curve'][-1]))}"


def _members(rows: Sequence[Summary] | None) -> Iterator[str]:
    """Scores of each member by itself, and last of all together.

    Args:
        rows: As in the summary; None where one member alone predicts.
    """
    if rows is None:
        return
    if not rows:
        yield (
            "members: none is scored by itself, as their probabilities were not kept; "
            "tfuq predict --save-members adds them"
        )
    for row in rows:
        subject = "members together" if row["member"] == "all" else f"member {row['member']}"
        if "class" in row:
            subject = f"{subject}, {row['class']}"
        described = []
        for name in _OF_MEMBERS:
            if row.get(name) is not None:
                described.append(f"{name} {row[name]:.4f}")
        yield f"{subject}: {'  '.join(described)}"


def _gains(of_all_members: Summary) -> Sequence[str]:
    gains = []
    for name, value in of_all_members.items():
        if name.endswith("_gain"):
            gains.append(f"{name.removesuffix('_gain')} {value:+.4f}")
    return gains


def _failures(tables: dict[str, list[Summary]]) -> Iterator[str]:
    for level, rows in tables.items():
        described = []
        for row in rows[:_MOST_MEASURES]:
            described.append(f"{_spaced(row['measure'])} {row['aurc']:.4f}")
        yield f"failures by {level}, least AURC first: {', '.join(described)}"


def _spaced(name: str) -> str:
    return name.replace("_", " ")
