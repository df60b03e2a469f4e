"""What scoring a predictions folder gives, for every task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tfuq.data.writers import write_csv, write_json
from tfuq.results import Manifest
from tfuq.scoring.calibration import Bins
from tfuq.scoring.failure import Cohort
from tfuq.scoring.metrics import METRICS

OnCase = Callable[[str], None]


@dataclass(frozen=True)
class Scores:
    """Rows of ``cases.csv`` (a case and class or landmark each), the summary, rows of further tables by name, and the items that
    measures are ranked over."""

    cases: list[dict]
    summary: dict
    tables: dict[str, list[dict]] = field(default_factory=dict)
    cohorts: list[Cohort] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write ``cases.csv``, the further tables, and ``summary.json``."""
        for name, rows in {"cases": self.cases, **self.tables}.items():
            write_csv(folder / f"{name}.csv", rows)
        write_json(folder / "summary.json", self.summary)


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
