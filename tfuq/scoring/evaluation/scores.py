"""What scoring a predictions folder takes and gives, for every task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pydantic

from tfuq.config import Config
from tfuq.config.registry import Registry
from tfuq.data.events import Observer
from tfuq.data.json_csv import read_json
from tfuq.data.ownership import digest_of
from tfuq.data.writers import whole_set, write_csv, write_json
from tfuq.errors import RunError
from tfuq.execution import Executor, Serial
from tfuq.runs.results import Manifest
from tfuq.scoring.calibration import Bins
from tfuq.scoring.evaluation.failures import FailureOptions
from tfuq.scoring.evaluation.score_options import ScoreOptions
from tfuq.scoring.failure import Cohort
from tfuq.scoring.metrics import METRICS
from tfuq.scoring.rows import Row, column, mean_of, rows_with

PlotFigures = Callable[[Path], list[Path]]
SUMMARY = "summary.json"
AGAIN = "run tfuq score again"


@dataclass(frozen=True, kw_only=True)
class ScoreRequest:
    """Predictions to score.

    Attributes:
        folder: of the predictions.
        manifest: of that folder.
        config: of the run that they were made with.
        reference: a folder of references; None for the data set's own.
        failures: what counts as a failure.
        observer: is notified of each case that is scored.
        options: what there is a choice of in a segmentation.
        executor: where cases of volumes are scored.
    """

    folder: Path
    manifest: Manifest
    config: Config
    reference: Path | None
    failures: FailureOptions
    observer: Observer
    options: ScoreOptions = field(default_factory=ScoreOptions)
    executor: Executor = field(default_factory=Serial)


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The scores of a predictions folder.

    Attributes:
        cases: rows of ``cases.csv``, a case and class or landmark each.
        summary: what ``summary.json`` says.
        tables: rows of other tables, by name.
        cohorts: the items that measures are ranked over.
    """

    cases: list[Row]
    summary: Row
    tables: dict[str, list[Row]] = field(default_factory=dict)
    cohorts: list[Cohort] = field(default_factory=list)

    def write(self, folder: Path, *, plot: PlotFigures | None = None) -> list[str]:
        """Write ``cases.csv`` and the rest as one set; see `write_set`.

        Tables and figures of an earlier scoring that this one has not are removed, unless they were
        changed since.
        """
        return write_set(folder, {"cases": self.cases, **self.tables}, self.summary, plot)


def write_set(
    folder: Path,
    tables: Mapping[str, list[Row]],
    summary: Row,
    plot: PlotFigures | None,
) -> list[str]:
    """Write tables, figures, and last a summary with the digests of the other files, as one set.

    Args:
        folder: where to write.
        tables: rows of each table, by name.
        summary: what ``summary.json`` says.
        plot: plots figures into a folder, and returns their files.

    Returns:
        The names of the figures.

    Raises:
        RunError: what lies there is not tfuq's own; nothing was replaced then.
        TfuqError: it cannot be written.
    """
    with whole_set(folder, SUMMARY, files_of(folder)) as staged:
        for name, rows in tables.items():
            write_csv(staged / f"{name}.csv", rows)
        figures = []
        if plot is not None:
            figures = plot(staged / "figures")
        write_json(staged / SUMMARY, summary | {"files": digests_of(staged)})
    return [path.name for path in figures]


def digests_of(folder: Path) -> dict[str, str]:
    """Digests of the files below a folder, by their path in it."""
    digests = {}
    for path in sorted(folder.rglob("*.*")):
        digests[str(path.relative_to(folder))] = digest_of(path)
    return digests


class _WrittenSummary(pydantic.BaseModel):
    files: dict[str, str] | None = None


def files_of(folder: Path) -> dict[str, str]:
    """Digests of the files that a folder's summary was written with.

    There are none where no summary says so.
    """
    try:
        summary = read_json(folder / SUMMARY, _WrittenSummary, "")
    except RunError:
        return {}
    return summary.files or {}


def require_one_scoring(folder: Path, patterns: Iterable[str]) -> None:
    """Refuse a folder whose files are not all of one scoring.

    Those of a version that noted no digests are believed.

    Args:
        folder: of scores.
        patterns: of the names of the files to look at.

    Raises:
        RunError: a file was written by another scoring, such as one that was killed, or was changed
            or removed since.
    """
    for name, digest in files_of(folder).items():
        if not any(fnmatch(name, pattern) for pattern in patterns):
            continue
        path = folder / name
        if not path.is_file() or digest_of(path) != digest:
            raise RunError(f"{path}: is not the file that {SUMMARY} was written with; {AGAIN}")


def provenance(manifest: Manifest) -> Row:
    """What every summary begins with: how the samples were made."""
    return {
        "method": manifest.method,
        "samples": manifest.samples,
        "seed": manifest.seed,
        "weights_digest": manifest.weights_digest,
        "missing_members": manifest.missing_members,
        "definitions": manifest.definitions,
        "precision": manifest.precision,
        "combine": manifest.combine,
        "cases": len(manifest.cases),
        "missing_cases": manifest.missing,
    }


def score_table(rows: list[Row]) -> dict[str, Row]:
    """Mean, standard deviation and n of every metric that the rows have.

    What the metric is stands beside them.
    """
    table = {}
    for name in METRICS:
        values = column(rows_with(rows, name), name)
        if values:
            table[name] = {
                "mean": mean_of(values),
                "std": _standard_deviation(values),
                "n": len(values),
                **meaning(name),
            }
    return table


def _standard_deviation(values: list[float]) -> float | None:
    if len(values) < 2:
        return None
    return float(np.std(values, ddof=1))


def reliability_rows(bins: Bins) -> list[Row]:
    """Bins of confidence as rows.

    Args:
        bins: of items, or of shares of them.

    Returns:
        Rows with the ``items`` (or the share of them), mean confidence and accuracy; None of an
        empty bin.
    """
    rows = []
    for number, (count, confidence, correct) in enumerate(zip(*bins, strict=True)):
        row: Row = {
            "from": number / len(bins.items),
            "items": float(count),
            "confidence": None,
            "accuracy": None,
        }
        if count:
            row["confidence"] = float(confidence / count)
            row["accuracy"] = float(correct / count)
        rows.append(row)
    return rows


def meaning(name: str) -> dict[str, str | None]:
    """Unit and orientation of a metric."""
    metric = METRICS[name]
    return {"unit": metric.unit, "better": metric.better}


SCORERS: Registry[Callable[[ScoreRequest], Scores]] = Registry("task of scores")
