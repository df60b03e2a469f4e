"""Query: which cases of an unlabelled pool to annotate next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfuq import runs
from tfuq.calibration.quality_kinds import QualityKind
from tfuq.data.cases import Case
from tfuq.data.events import SILENT, Observer
from tfuq.data.locks import exclusive
from tfuq.data.ownership import require_replaceable
from tfuq.data.writers import write_csv, write_json
from tfuq.errors import DataError, RunError
from tfuq.runs import results
from tfuq.scoring.rows import Row
from tfuq.workflows.query.choice import SHORTLIST, Chosen, choose, priorities
from tfuq.workflows.query.pool import Pool, look_at
from tfuq.workflows.review import calibration_for
from tfuq.workflows.review.tasks import REVIEWED

TABLE = "query.csv"
SUMMARY = "query.json"
NO_PROMISE = (
    "nothing is promised: whether a network gains more from these cases than from as many random "
    "ones shows only when both are annotated and trained on"
)


@dataclass(frozen=True, kw_only=True)
class Query:
    """A finished query.

    Attributes:
        folder: where it was written.
        rows: of ``query.csv``, the chosen cases first.
        summary: what ``query.json`` says.
    """

    folder: Path
    rows: list[Row]
    summary: dict[str, Any]

    def chosen(self) -> dict[str, list[Row]]:
        """The rows of the chosen cases by case."""
        return {row["case"]: [row] for row in self.rows if row["decision"] == "annotate"}


def query(
    predictions: Path,
    cases: Sequence[Case],
    count: int,
    folder: Path,
    *,
    observer: Observer = SILENT,
) -> Query:
    """Choose cases of a pool to annotate next.

    Args:
        predictions: the folder of predictions, which has all cases.
        cases: the pool, as `tfuq.workflows.query.pool.unlabelled` gives it.
        count: how many to choose.
        folder: where to write.
        observer: is notified of each case that is looked at.

    Raises:
        RunError: the predictions cannot be read, or something that is not tfuq's own lies in the
            place of the query.
        DataError: an image cannot be read, or the pool has fewer cases.
    """
    manifest = results.read_manifest(predictions)
    run = runs.open_run(Path(manifest.run))
    require_enough(cases, count)
    for name in (TABLE, SUMMARY):
        require_replaceable(folder / name)
    calibration, problem = calibration_for(run, manifest)
    rules = None
    if calibration:
        rules = calibration.review
    with exclusive(folder, "querying into"):
        pool = look_at(run, predictions, manifest, list(cases), rules, observer)
        priority = priorities(pool.information, pool.loss)
        chosen = choose(priority, pool.features, pool.known, count)
        kind = REVIEWED[run.config.task].quality
        rows = list(_rows(pool, priority, chosen, kind))
        summary = {
            "predictions": str(predictions),
            "run": str(run.path),
            "method": manifest.method,
            "samples": manifest.samples,
            "information": pool.information_title,
            "expected_quality": _known_column(pool, kind),
            "why_no_expected_quality": problem,
            "rule": _rule(pool, count),
            **_gain(pool, chosen),
            "promise": NO_PROMISE,
        }
        write_csv(folder / TABLE, rows)
        write_json(folder / SUMMARY, summary)
    return Query(folder=folder, rows=rows, summary=summary)


def require_output(folder: Path) -> None:
    """Refuse a folder of predictions as the place of a query, which has its own within it.

    Raises:
        RunError: it is one.
    """
    if (folder / results.MANIFEST).is_file():
        raise RunError(
            f"--out {folder}: holds predictions, which a query makes in a folder of its own; "
            "choose another folder"
        )


def require_enough(cases: Sequence[Case], count: int) -> None:
    """Refuse a pool that has fewer cases than are to be chosen.

    Raises:
        DataError: it is one.
    """
    if len(cases) < count:
        raise DataError(
            f"--cases {count}: the pool has {len(cases)} case(s) that are not labelled in the "
            "run's data set; lower it, or give a larger --pool"
        )


def _rule(pool: Pool, count: int) -> str:
    order = "its information"
    if pool.loss is not None:
        order = "the mean of its ranks by information and by expected quality"
    return (
        f"each case has {order} as its priority; of the {SHORTLIST * count} cases of the highest "
        "priority, the first is chosen, and then again and again the one that is farthest from "
        f"all that are chosen and from {len(pool.known_ids)} training cases (greedy k-center), by "
        "voxel sizes, field of view, intensities and a tiny picture"
    )


def _column(kind: QualityKind) -> str:
    return f"expected_{kind.name.replace('-', '_')}"


def _known_column(pool: Pool, kind: QualityKind) -> str | None:
    if pool.quality is None:
        return None
    return _column(kind)


def _rows(
    pool: Pool, priority: np.ndarray, chosen: Sequence[Chosen], kind: QualityKind
) -> Iterator[Row]:
    """The chosen cases in their order, then the others by priority."""
    ranks = np.empty(len(priority), int)
    ranks[np.argsort(-priority, kind="stable")] = np.arange(1, len(priority) + 1)
    for choice in chosen:
        row = _row(pool, choice.index, ranks, priority, kind, "annotate")
        yield row | {"distance": choice.distance, "reason": _reason(pool, choice, row, kind)}
    taken = {choice.index for choice in chosen}
    for index in np.argsort(-priority, kind="stable"):
        if index not in taken:
            yield _row(pool, int(index), ranks, priority, kind, "later")


def _row(
    pool: Pool,
    index: int,
    ranks: np.ndarray,
    priority: np.ndarray,
    kind: QualityKind,
    decision: str,
) -> Row:
    row: Row = {
        "case": pool.cases[index].id,
        "decision": decision,
        "rank": int(ranks[index]),
        "priority": float(priority[index]),
        "information": float(pool.information[index]),
    }
    if pool.quality is not None:
        row[_column(kind)] = float(pool.quality[index])
    return row | {"distance": None, "reason": None, "image": str(pool.cases[index].images[0])}


def _reason(pool: Pool, choice: Chosen, row: Row, kind: QualityKind) -> str:
    text = (
        f"rank {row['rank']} of {len(pool.cases)} by priority; information {row['information']:.3g}"
    )
    if pool.quality is not None:
        text += f"; expected {kind.title} {row[_column(kind)]:.2f}"
    if choice.nearest is not None:
        text += f"; nearest is {pool.name_of(choice.nearest)}, {choice.distance:.2f} away"
    return text


def _gain(pool: Pool, chosen: Sequence[Chosen]) -> dict[str, Any]:
    """What the chosen cases hold, beside what as many random ones hold on average."""
    indices = [choice.index for choice in chosen]
    values: dict[str, Any] = {
        "pool": len(pool.cases),
        "chosen": len(indices),
        "chosen_mean_information": float(pool.information[indices].mean()),
        "pool_mean_information": float(pool.information.mean()),
    }
    if pool.quality is not None:
        values["chosen_mean_expected_quality"] = float(pool.quality[indices].mean())
        values["pool_mean_expected_quality"] = float(pool.quality.mean())
    return values
