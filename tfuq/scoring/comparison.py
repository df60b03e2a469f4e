"""Methods side by side over the same cases: scores, their paired differences, and measures of uncertainty."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pydantic

from tfuq.data.paths import real_path
from tfuq.data.stored import number, read_json, read_table
from tfuq.data.units import in_every_unit, symbol_of
from tfuq.data.writers import whole_set, write_csv, write_text
from tfuq.errors import DataError
from tfuq.measures.sample_size import BIASED, DEPEND_ON_SAMPLES, unbiased
from tfuq.results import SampleCount
from tfuq.scoring.evaluation.failures import STRUCTURE_MEASURES
from tfuq.scoring.evaluation.landmarks import MEASURES as LANDMARK_MEASURES
from tfuq.scoring.evaluation.scores import mean_of, require_one_scoring
from tfuq.scoring.metrics import MEASURES, METRICS
from tfuq.scoring.paired import PairedDifference, holm, paired_difference

SIGNIFICANCE = 0.05
BOLD = (
    "Bold: the best mean, where a paired test and the interval of the difference support it against every other method "
    f"(Wilcoxon's signed-rank test, McNemar's of right and wrong; Holm-adjusted p < {SIGNIFICANCE})."
)
DIFFERENCES = (
    "Difference from the method of the best mean: Hodges–Lehmann estimate with the 95 % interval of its Walsh averages (of "
    "right and wrong: difference of the shares), and p of the paired test, two-sided, Holm-adjusted over the methods of a row. "
    "Intervals are of one comparison each, and nothing is adjusted over the rows."
)
UNBIASED = (
    "Mean over the cases. Variances and mutual information are multiplied by T/(T − 1), standard deviations and coefficients of "
    "variation by its root, so that methods of different T compare."
)
_AGAIN = "run tfuq score again"
_OF_STRUCTURES = (*in_every_unit(["volume_mean_mm3", "volume_std_mm3"]), *STRUCTURE_MEASURES)
_SHOWN_MEASURES = (*MEASURES, *(f"image_{name}" for name in MEASURES), *_OF_STRUCTURES, *LANDMARK_MEASURES)


@dataclass(frozen=True)
class Cell:
    """One method's score over the cases; ``is_best`` where it beats every other method (see `supported_best`).

    ``difference`` is from the method of the best mean, p adjusted by Holm; None of that method itself, and of a score that is
    neither good nor bad.
    """

    mean: float
    std: float | None
    is_best: bool
    difference: PairedDifference | None = None


@dataclass(frozen=True)
class Comparison:
    """``cells[score][method]`` over ``cases`` that all methods have.

    ``samples`` is each method's T (None where its scores do not note it), ``measures[measure][method]`` the mean of a measure
    of uncertainty without the bias of a small T, and ``left_out`` what depends on T where T differs. ``shared_members`` has the
    members of the methods that draw several samples from each, whose measures keep a part of that bias.
    """

    methods: list[str]
    cases: list[str]
    cells: dict[str, dict[str, Cell]]
    samples: dict[str, int | None] = field(default_factory=dict)
    measures: dict[str, dict[str, float | None]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    shared_members: dict[str, int] = field(default_factory=dict)

    def headings(self) -> list[str]:
        """The methods, each with its T."""
        return [heading(method, self.samples.get(method)) for method in self.methods]

    def write(self, folder: Path) -> None:
        """Write ``comparison.md`` and ``comparison.csv``.

        Raises:
            RunError: what lies there is not tfuq's own. TfuqError: they cannot be written.
        """
        with whole_set(folder) as part:
            write_text(part / "comparison.md", self.markdown())
            write_csv(part / "comparison.csv", self.rows())

    def rows(self) -> list[dict]:
        """One row per method, for CSV."""
        return [self._row(method) for method in self.methods]

    def _row(self, method: str) -> dict:
        row: dict = {"method": method, "samples": self.samples.get(method), "cases": len(self.cases)}
        for score, by_method in self.cells.items():
            cell = by_method[method]
            row |= {score: cell.mean, f"{score}_std": cell.std, f"{score}_best": int(cell.is_best)}
            apart = cell.difference
            row |= {
                f"{score}_difference": apart and apart.estimate,
                f"{score}_difference_lower": apart and apart.low,
                f"{score}_difference_upper": apart and apart.high,
                f"{score}_difference_p": apart and apart.p,
            }
        return row | {f"{name}_unbiased": found[method] for name, found in self.measures.items()}

    def markdown(self) -> str:
        """Aligned tables: mean ± std with the supported best in bold, differences from the best, and measures."""
        scores = {name: [_shown(by[m]) for m in self.methods] for name, by in self.cells.items()}
        parts = [
            self._table("score", {_with_unit(name): cells for name, cells in scores.items()}),
            f"Mean ± standard deviation over {len(self.cases)} cases. {BOLD}{self._left_out()}",
        ]
        apart = {
            _with_unit(name): [difference_text(by[m]) for m in self.methods]
            for name, by in self.cells.items()
            if any(cell.difference for cell in by.values())
        }
        if apart:
            parts += [self._table("difference", apart), DIFFERENCES]
        if self.measures:
            shown = {_with_unit(name): [_number(by[m]) for m in self.methods] for name, by in self.measures.items()}
            parts += [self._table("measure", shown), " ".join([UNBIASED, *self.caveats()])]
        return "\n\n".join(parts) + "\n"

    def caveats(self) -> list[str]:
        """What the measures still lack, a sentence for each method with several samples of a member."""
        return [
            f"Samples of one member count as independent: of what the {members} members of {method} differ by, up to 1/{members} "
            "is missing."
            for method, members in self.shared_members.items()
        ]

    def _left_out(self) -> str:
        if not self.left_out:
            return ""
        return f" Left out, as they change with T alone and T differs: {', '.join(self.left_out)}."

    def _table(self, corner: str, lines: Mapping[str, Sequence[str]]) -> str:
        return _aligned([[corner, *self.headings()], *([name, *cells] for name, cells in lines.items())])


def heading(method: str, samples: int | None) -> str:
    """A method with its number of samples, as every table has it."""
    return f"{method}, T {'not noted' if samples is None else f'= {samples}'}"


def difference_text(cell: Cell) -> str:
    """A cell's difference from the best mean with its interval and p."""
    apart = cell.difference
    if apart is None:
        return "–"
    interval = "" if apart.low is None else f" ({apart.low:+.4f} to {apart.high:+.4f})"
    return f"{apart.estimate:+.4f}{interval}, p {apart.p:.2g}"


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = ["-" * width for width in widths]
    return "\n".join(f"| {' | '.join(map(str.ljust, row, widths))} |" for row in [rows[0], rule, *rows[1:]])


def _with_unit(name: str) -> str:
    """A score or a measure, with its unit where it has one."""
    unit = unit_of(name)
    return name if unit is None else f"{name} ({unit})"


def unit_of(name: str) -> str | None:
    """The unit of a score, or of a measure of lengths or sizes, as people write it; None of plain numbers."""
    unit = METRICS[name].unit if name in METRICS else symbol_of(name)
    return None if unit == "1" else unit


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


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
    named = method_names(folders)
    tables = {name: _read(folder, class_name) for name, folder in named.items()}
    require_same_data(folders)
    shared = set.intersection(*(set(table) for table in tables.values()))
    if not shared:
        raise DataError(f"{', '.join(map(str, folders))}: have no case in common; compare methods on the same data")
    cases, samples = sorted(shared), {name: samples_of(folder) for name, folder in named.items()}
    same_samples = len(set(samples.values())) == 1
    cells, left_out = {}, []
    for score, metric in METRICS.items():
        values = {name: [table[case].get(score) for case in cases] for name, table in tables.items()}
        if not all(any(v is not None for v in column) for column in values.values()):
            continue
        if metric.depends_on_samples and not same_samples:
            left_out.append(score)
            continue
        cells[score] = _cells(values, metric.better)
    measures = measures_side_by_side(named, class_name, cases)
    for folder in folders:
        require_one_scoring(folder, ("*.csv",))  # last, so that it holds of all that was read
    return Comparison(list(tables), cases, cells, samples, measures, left_out, shared_members(named))


def shared_members(folders: Mapping[str, Path]) -> dict[str, int]:
    """The number of members of the methods that draw several samples from each of several, by method.

    Raises:
        DataError: a folder holds no scores.
    """
    found = {name: _summary(folder) for name, folder in folders.items()}
    return {name: s.members for name, s in found.items() if s.samples and 1 < s.members < s.samples}


def measures_side_by_side(
    folders: Mapping[str, Path], class_name: str, cases: Sequence[str]
) -> dict[str, dict[str, float | None]]:
    """Means over cases of the measures of uncertainty, by measure and method, without the bias of a small T.

    Measures that change with T alone are left out where the methods that have them differ in T. A method whose T is not noted
    has none of those that T biases.

    Args:
        folders: of scores, by method.
        class_name: a class or a landmark, or "all".
        cases: to take the mean over.

    Raises:
        DataError: a folder holds no scores. RunError: a damaged table.
    """
    samples = {name: samples_of(folder) for name, folder in folders.items()}
    means = {name: _measure_means(folder, class_name, cases) for name, folder in folders.items()}
    found = {name: _of_samples(values, samples[name]) for name, values in means.items()}
    table = {}
    for measure in _SHOWN_MEASURES:
        having = {samples[name] for name, values in found.items() if values.get(measure) is not None}
        if having and (len(having) == 1 or measure not in DEPEND_ON_SAMPLES):
            table[measure] = {name: values.get(measure) for name, values in found.items()}
    return table


def _of_samples(means: Mapping[str, float | None], samples: int | None) -> Mapping[str, float | None]:
    if samples is not None:
        return unbiased(means, samples)
    return {name: value for name, value in means.items() if name not in BIASED}


def _measure_means(folder: Path, class_name: str, cases: Sequence[str]) -> dict[str, float | None]:
    """Means over the cases of what ``cases.csv`` and ``structures.csv`` measure of a class, or of all."""
    wanted = set(cases)
    rows = _numbers(folder / "cases.csv", class_name, wanted)
    if (folder / "structures.csv").is_file():
        rows += _structure_numbers(folder / "structures.csv", class_name, wanted)
    return {name: mean_of([row.get(name) for row in rows]) for name in _SHOWN_MEASURES}


def _numbers(path: Path, class_name: str, cases: set[str]) -> list[dict[str, float | None]]:
    rows = read_table(path, ("case", "class"), _AGAIN)
    chosen = [row for row in rows if row["class"] == class_name and row["case"] in cases]
    return [{name: number(path, row, name, _AGAIN) for name in _SHOWN_MEASURES if name in row} for row in chosen]


def _structure_numbers(path: Path, class_name: str, cases: set[str]) -> list[dict[str, float | None]]:
    rows = read_table(path, ("case", "class", "component"), _AGAIN)
    whole = [row for row in rows if row["component"] == "all" and row["case"] in cases]
    chosen = [row for row in whole if class_name in ("all", row["class"])]
    return [{name: number(path, row, name, _AGAIN) for name in _OF_STRUCTURES if name in row} for row in chosen]


def require_same_data(folders: list[Path]) -> None:
    """Refuse folders that cannot stand side by side; those of a version that noted no references are believed.

    Raises:
        DataError: one is given twice, was predicted by a version of tfuq that measured otherwise than that of another, or a case
            was scored against another reference.
    """
    twice = [folder for place, folder in enumerate(folders) if real_path(folder) in [real_path(f) for f in folders[:place]]]
    if twice:
        raise DataError(f"{twice[0]}: is given twice; name each folder to compare once")
    newest = max(folders, key=lambda folder: _summary(folder).definitions)
    for folder in folders:
        if _summary(folder).definitions != _summary(newest).definitions:
            raise DataError(
                f"{folder}: was predicted by a version of tfuq that measured otherwise than that of {newest}; predict it again with "
                "--overwrite, and score it"
            )
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
    methods = [_summary(folder).method for folder in folders]
    above = os.path.commonpath([real_path(folder) for folder in folders])
    places = [os.path.relpath(real_path(folder), above) for folder in folders]
    names = [m if methods.count(m) == 1 else f"{m} ({place})" for m, place in zip(methods, places, strict=True)]
    return dict(zip(names, folders, strict=True))


class _Summary(pydantic.BaseModel):
    method: str
    samples: SampleCount | None = None
    weights_digest: list[str] = []
    definitions: int = 1

    @property
    def members(self) -> int:
        """How many networks drew; 0 where that is not noted."""
        return len(self.weights_digest)


def _summary(folder: Path) -> _Summary:
    if not (folder / "summary.json").is_file():
        raise DataError(f"{folder}: no scores (it has no summary.json); give a folder that tfuq score wrote")
    return read_json(folder / "summary.json", _Summary, _AGAIN)


def samples_of(folder: Path) -> int | None:
    """The number of samples T of a score folder; None where it is not noted.

    Raises:
        DataError: the folder holds no scores.
    """
    return _summary(folder).samples


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
    first, apart = differences_from_best(columns, better)
    best = first if is_supported(apart, better) else None
    return {name: replace(_cell(column), is_best=name == best, difference=apart.get(name)) for name, column in columns.items()}


def _cell(column: np.ndarray) -> Cell:
    mean = float(column.mean()) if len(column) else np.nan
    return Cell(mean, float(column.std(ddof=1)) if len(column) > 1 else None, is_best=False)


def supported_best(columns: dict[str, np.ndarray], better: str | None) -> str | None:
    """The method of the best mean, where `is_supported` says so of its differences; None where it does not."""
    best, apart = differences_from_best(columns, better)
    return best if is_supported(apart, better) else None


def differences_from_best(columns: dict[str, np.ndarray], better: str | None) -> tuple[str | None, dict[str, PairedDifference]]:
    """The method of the best mean, and how far every other is from it, p adjusted by Holm.

    Args:
        columns: a score of the same cases by method, ``[n]`` each.
        better: the score's orientation; of one "nearer zero" sizes are compared. Without one there is no best.
    """
    if better is None or not all(map(len, columns.values())):
        return None, {}
    oriented = {name: np.abs(c) if better == "nearer zero" else c for name, c in columns.items()}
    choose = max if better == "higher" else min
    best = choose(oriented, key=lambda name: oriented[name].mean())
    apart = {name: paired_difference(c, oriented[best]) for name, c in oriented.items() if name != best}
    adjusted = holm({name: difference.p for name, difference in apart.items()})
    return best, {name: replace(found, p=adjusted[name]) for name, found in apart.items()}


def is_supported(apart: Mapping[str, PairedDifference], better: str | None) -> bool:
    """Whether every other method is worse than the best mean by its test, and its whole interval lies on that side."""
    worse = -1 if better == "higher" else 1
    return bool(apart) and all(found.p < SIGNIFICANCE and found.sign == worse for found in apart.values())
