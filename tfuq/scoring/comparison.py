"""Methods side by side: mean ± standard deviation over the same cases, the best marked where a paired test supports it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydantic
from scipy import stats

from tfuq.data.stored import number, read_json, read_table
from tfuq.errors import DataError
from tfuq.scoring.metrics import METRICS

SIGNIFICANCE = 0.05
_AGAIN = "run tfuq score again"


@dataclass(frozen=True)
class Cell:
    """One method's score over the cases; ``is_best`` where it beats every other method (see `supported_best`)."""

    mean: float
    std: float | None
    is_best: bool


@dataclass(frozen=True)
class Comparison:
    """``cells[score][method]`` over ``cases`` that all methods have."""

    methods: list[str]
    cases: list[str]
    cells: dict[str, dict[str, Cell]]

    def rows(self) -> list[dict]:
        """One row per method, for CSV."""
        table = []
        for method in self.methods:
            row: dict = {"method": method, "cases": len(self.cases)}
            for score, by_method in self.cells.items():
                cell = by_method[method]
                row |= {score: cell.mean, f"{score}_std": cell.std, f"{score}_best": int(cell.is_best)}
            table.append(row)
        return table

    def markdown(self) -> str:
        """A table with a row per score, its columns aligned: mean ± std, the supported best in bold."""
        rows = [["score", *self.methods]]
        for score, by_method in self.cells.items():
            metric = METRICS[score]
            unit = "" if metric.unit == "1" else f" ({metric.unit})"
            rows.append([f"{score}{unit}", *(_shown(by_method[m]) for m in self.methods)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        rows.insert(1, ["-" * width for width in widths])
        lines = [f"| {' | '.join(map(str.ljust, row, widths))} |" for row in rows]
        note = f"Mean ± standard deviation over {len(self.cases)} cases. Bold: better than every other method, paired Wilcoxon "
        return "\n".join([*lines, "", note + f"signed-rank test, Holm-adjusted p < {SIGNIFICANCE}."]) + "\n"


def _shown(cell: Cell) -> str:
    text = f"{cell.mean:.4f}" + (f" ± {cell.std:.4f}" if cell.std is not None else "")
    return f"**{text}**" if cell.is_best else text


def compare(folders: list[Path], class_name: str = "all") -> Comparison:
    """Compare score folders over the cases that all of them have.

    Raises:
        DataError: fewer than two folders, one that is given twice or is no scores, a class that is not there, no case in common,
            or cases of one name that were scored against different references.
    """
    if len(folders) < 2:
        raise DataError("a comparison needs two score folders or more; name those of the methods to set side by side")
    tables = {name: _read(folder, class_name) for name, folder in method_names(folders).items()}
    require_same_data(folders)
    shared = set.intersection(*(set(table) for table in tables.values()))
    if not shared:
        raise DataError(f"{', '.join(map(str, folders))}: have no case in common; compare methods on the same data")
    cases = sorted(shared)
    cells = {}
    for score, metric in METRICS.items():
        values = {name: [table[case].get(score) for case in cases] for name, table in tables.items()}
        if all(any(v is not None for v in column) for column in values.values()):
            cells[score] = _cells(values, metric.better)
    return Comparison(list(tables), cases, cells)


def require_same_data(folders: list[Path]) -> None:
    """Refuse folders that cannot stand side by side; those of a version that noted no references are believed.

    Raises:
        DataError: one is given twice, or a case was scored against another reference in one than in another.
    """
    twice = [folder for place, folder in enumerate(folders) if folder.resolve() in [f.resolve() for f in folders[:place]]]
    if twice:
        raise DataError(f"{twice[0]}: is given twice; name each folder to compare once")
    seen: dict[str, tuple[str, Path]] = {}
    for folder in folders:
        for case, found in _references(folder).items():
            first, where = seen.setdefault(case, (found, folder))
            if first != found:
                raise DataError(
                    f"{folder}: case '{case}' was scored against another reference than in {where}; compare methods on the same "
                    "data, scored with the same --reference"
                )


def _references(folder: Path) -> dict[str, str]:
    """What each case was scored against: a class, or the fingerprint of a label map or of landmarks."""
    rows = read_table(folder / "cases.csv", ("case", "class"), _AGAIN)
    found = {row["case"]: row.get("reference") or row.get("truth") for row in rows if row["class"] == "all"}
    return {case: reference for case, reference in found.items() if reference}


def method_names(folders: list[Path]) -> dict[str, Path]:
    """Score folders by their methods, told apart by where they lie (below what they share) where two are the same.

    Raises:
        DataError: a folder holds no scores.
    """
    methods = [_method(folder) for folder in folders]
    above = os.path.commonpath([folder.resolve() for folder in folders])
    places = [os.path.relpath(folder.resolve(), above) for folder in folders]
    names = [m if methods.count(m) == 1 else f"{m} ({place})" for m, place in zip(methods, places, strict=True)]
    return dict(zip(names, folders, strict=True))


class _Summary(pydantic.BaseModel):
    method: str


def _method(folder: Path) -> str:
    if not (folder / "summary.json").is_file():
        raise DataError(f"{folder}: no scores (it has no summary.json); give a folder that tfuq score wrote")
    return read_json(folder / "summary.json", _Summary, _AGAIN).method


def _read(folder: Path, class_name: str) -> dict[str, dict[str, float | None]]:
    path = folder / "cases.csv"
    rows = read_table(path, ("case", "class"), _AGAIN)
    found = {r["case"]: {s: number(path, r, s, _AGAIN) for s in METRICS} for r in rows if r["class"] == class_name}
    if not found:
        known = ", ".join(dict.fromkeys(r["class"] for r in rows))
        raise DataError(f"{folder}: no class or landmark '{class_name}'; it has {known or 'none'}")
    return found


def _cells(values: dict[str, list], better: str | None) -> dict[str, Cell]:
    # A case counts only where every method has the score, so that means compare like with like.
    complete = [i for i, row in enumerate(zip(*values.values(), strict=True)) if None not in row]
    columns = {name: np.array([column[i] for i in complete], float) for name, column in values.items()}
    best = supported_best(columns, better)
    return {
        name: Cell(float(c.mean()) if len(c) else np.nan, float(c.std(ddof=1)) if len(c) > 1 else None, name == best)
        for name, c in columns.items()
    }


def supported_best(columns: dict[str, np.ndarray], better: str | None) -> str | None:
    """The method that beats every other by a paired Wilcoxon signed-rank test, Holm-adjusted; None where none does."""
    losses = {name: _loss(column, better) for name, column in columns.items()}
    best = min(losses, key=lambda name: losses[name].mean()) if better and all(map(len, columns.values())) else None
    if best is None:
        return None
    p = sorted(_p_value(losses[best], loss) for name, loss in losses.items() if name != best)
    adjusted = [value * (len(p) - rank) for rank, value in enumerate(p)]
    return best if max(adjusted) < SIGNIFICANCE else None


def _loss(column: np.ndarray, better: str | None) -> np.ndarray:
    return {"higher": -column, "nearer zero": np.abs(column)}.get(better or "", column)


def _p_value(a: np.ndarray, b: np.ndarray) -> float:
    return float(stats.wilcoxon(a, b).pvalue) if (a != b).any() else 1.0
