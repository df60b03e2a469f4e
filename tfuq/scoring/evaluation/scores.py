"""What scoring a predictions folder gives, for every task."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pydantic

from tfuq.data.ownership import digest_of
from tfuq.data.stored import read_json
from tfuq.data.writers import whole_set, write_csv, write_json
from tfuq.errors import RunError
from tfuq.results import Manifest
from tfuq.scoring.calibration import Bins
from tfuq.scoring.failure import Cohort
from tfuq.scoring.metrics import METRICS

OnCase = Callable[[str], None]
SUMMARY = "summary.json"
AGAIN = "run tfuq score again"


@dataclass(frozen=True)
class Scores:
    """Rows of ``cases.csv`` (a case and class or landmark each), the summary, rows of further tables by name, and the items that
    measures are ranked over."""

    cases: list[dict]
    summary: dict
    tables: dict[str, list[dict]] = field(default_factory=dict)
    cohorts: list[Cohort] = field(default_factory=list)

    def write(self, folder: Path, *, draw: Callable[[Path], list[Path]] | None = None) -> list[str]:
        """Write ``cases.csv``, the further tables, figures, and last ``summary.json``, which holds the digests of the others.

        Tables and figures of an earlier scoring that this one has not are removed, unless they were changed since.

        Args:
            folder: where to write.
            draw: draws figures into a folder, and says what it drew.

        Returns:
            The names of the figures.

        Raises:
            RunError: what lies there is not tfuq's own; nothing was replaced then. TfuqError: it cannot be written.
        """
        with whole_set(folder, SUMMARY, _files_of(folder)) as part:
            for name, rows in {"cases": self.cases, **self.tables}.items():
                write_csv(part / f"{name}.csv", rows)
            figures = draw(part / "figures") if draw else []
            files = {str(path.relative_to(part)): digest_of(path) for path in sorted(part.rglob("*.*"))}
            write_json(part / SUMMARY, self.summary | {"files": files})
        return [path.name for path in figures]


class _Written(pydantic.BaseModel):
    files: dict[str, str] | None = None


def _files_of(folder: Path) -> dict[str, str]:
    """Digests of the files that a folder's summary was written with; none where no summary says so."""
    try:
        return read_json(folder / SUMMARY, _Written, "").files or {}
    except RunError:
        return {}


def require_one_scoring(folder: Path, patterns: Iterable[str]) -> None:
    """Refuse a folder whose files are not all of one scoring; those of a version that noted no digests are believed.

    Args:
        folder: of scores.
        patterns: of the names of the files to look at.

    Raises:
        RunError: a file was written by another scoring, such as one that was killed, or was changed or removed since.
    """
    for name, digest in _files_of(folder).items():
        if not any(fnmatch(name, pattern) for pattern in patterns):
            continue
        if not (folder / name).is_file() or digest_of(folder / name) != digest:
            raise RunError(f"{folder / name}: is not the file that {SUMMARY} was written with; {AGAIN}")


def provenance(manifest: Manifest) -> dict:
    """What every summary begins with: how was drawn."""
    return {
        "method": manifest.method,
        "samples": manifest.samples,
        "seed": manifest.seed,
        "weights_digest": manifest.weights_digest,
        "missing_members": manifest.missing_members,
        "definitions": manifest.definitions,
        "cases": len(manifest.cases),
    }


def score_table(rows: list[dict]) -> dict[str, dict]:
    """Mean, standard deviation and n of every metric that the rows have, with what the metric is."""
    table = {}
    for name in METRICS:
        values = [row[name] for row in rows if row.get(name) is not None]
        if values:
            std = float(np.std(values, ddof=1)) if len(values) > 1 else None
            table[name] = {"mean": mean_of(values), "std": std, "n": len(values), **meaning(name)}
    return table


def reliability_rows(bins: Bins) -> list[dict]:
    """Bins of confidence as rows: their items (or the share of them), mean confidence and accuracy; None of an empty bin."""
    return [
        {
            "from": place / len(bins.count),
            "items": float(count),
            "confidence": float(confidence / count) if count else None,
            "accuracy": float(correct / count) if count else None,
        }
        for place, (count, confidence, correct) in enumerate(zip(*bins, strict=True))
    ]


def meaning(name: str) -> dict[str, str | None]:
    """Unit and orientation of a metric."""
    return {"unit": METRICS[name].unit, "better": METRICS[name].better}


def mean_of(values) -> float | None:
    """Mean of those that are there; None without any."""
    present = [value for value in values if value is not None]
    return float(np.mean(present)) if present else None
