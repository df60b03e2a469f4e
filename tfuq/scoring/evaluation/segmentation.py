"""Scores of segmentations: each case against its reference, and measures against quality over cases."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy import stats

from tfuq.calibrations import Calibration
from tfuq.config import Config
from tfuq.data.cases import AVERAGED_RATERS, Case, read_case_label, scored_references, written_values
from tfuq.data.layouts import cases_of
from tfuq.data.readers import is_readable, read, stem
from tfuq.data.stored import Cell, is_text, read_typed
from tfuq.data.units import SCAN, UNITS, in_every_unit
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.results import Manifest
from tfuq.scoring.association import resampled_spearman, spearman
from tfuq.scoring.bootstrap import bounds, cluster_interval, share_with_interval
from tfuq.scoring.calibration import Bins
from tfuq.scoring.evaluation.diversity import Diversity, add_case
from tfuq.scoring.evaluation.failures import FailureOptions, segmentation_cohorts
from tfuq.scoring.evaluation.promises import bound_losses, checked_calibration, kept_bounds, summary_head
from tfuq.scoring.evaluation.raters import RaterScores, rater_summary, score_raters
from tfuq.scoring.evaluation.references import fingerprint
from tfuq.scoring.evaluation.scores import OnCase, Scores, mean_of, provenance, reliability_rows, score_table
from tfuq.scoring.evaluation.voxels import CaseMaps, read_maps
from tfuq.scoring.metrics import MEASURES, METRICS
from tfuq.scoring.segmentation import overlap_scores, surface_scores

_AGAIN = "remove its folder and predict the case again"
_REFERENCE = in_every_unit(["volume_reference_mm3"])
_ROUNDING = 1e-5  # a table's numbers have six digits


@dataclass
class _Tables:
    """What is gathered from case to case."""

    cases: list[dict] = field(default_factory=list)
    structures: list[dict] = field(default_factory=list)
    components: list[dict] = field(default_factory=list)
    raters: list[dict] = field(default_factory=list)
    diversity: Diversity = field(default_factory=lambda: Diversity("dice"))
    bins: list[Bins] = field(default_factory=list)
    before: list[dict] = field(default_factory=list)  # calibration before scaling
    empty: list[Case] = field(default_factory=list)  # of which no reference has a structure
    bounds: list[dict] = field(default_factory=list)  # what conformal bounds missed


def score_segmentation(
    folder: Path, manifest: Manifest, config: Config, reference: Path | None, on_case: OnCase, failures: FailureOptions
) -> Scores:
    """Score label maps and probabilities against the data set's labels, or those in the folder ``reference``.

    Raises:
        RunError: a damaged table. DataError: a reference or a map is missing or does not fit.
    """
    tables, maps = _Tables(), MEASURES if manifest.samples > 1 else MEASURES[:1]
    calibration = checked_calibration(manifest)
    averaged = 0
    for case in cases_with_references(manifest, config, reference):
        references = _score_case(folder / case.id, case, config, maps, tables)
        if calibration:
            _check_case(folder / case.id, case, references, config, tables)
        averaged += len(case.raters) == AVERAGED_RATERS
        on_case(case.id)
    _refuse_background(tables.empty, len(manifest.cases), config)
    cohorts = segmentation_cohorts(tables.cases, tables.structures, tables.components, failures)
    further = {"structures": tables.structures, "components": tables.components}
    further |= {"raters": tables.raters} if tables.raters else {}
    summary = _summary(manifest, tables, calibration)
    summary["references"] = {"of_two_raters": averaged, "without_structure": [case.id for case in tables.empty]}
    tables.diversity.enter(summary, further, len(manifest.cases))
    return Scores(tables.cases, summary, further, cohorts)


def cases_with_references(manifest: Manifest, config: Config, reference: Path | None) -> Iterator[Case]:
    """The predicted cases with their labels: the data set's own, or those of the folder ``reference``.

    Raises:
        DataError: a case has none.
    """
    found = _reference_files(config, reference) if reference else {}
    if not manifest.cases:
        raise DataError(f"{manifest.run}: its predictions hold no case; run tfuq predict")
    for case_id, entry in sorted(manifest.cases.items()):
        own = Case(
            case_id,
            tuple(Path(p) for p in entry.images),
            entry.label and Path(entry.label),
            raters=_paths(entry.raters),
            pixel_mm=config.data.pixel_mm,
        )
        case = found.get(case_id) if reference else own
        if case is None or not case.has_reference:
            where = f"in {reference}" if reference else "in its data set"
            raise DataError(f"case '{case_id}' has no reference {where}; give a folder with one per case by --reference")
        yield replace(own, label=case.label, raters=case.raters)


def _paths(raters: dict[str, str]) -> dict[str, Path]:
    return {rater: Path(path) for rater, path in raters.items()}


def _reference_files(config: Config, folder: Path) -> dict[str, Case]:
    """The cases that have one, by id, in the data set's layout or as a file each."""
    if not folder.is_dir():
        raise DataError(f"--reference {folder}: no such folder")
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and is_readable(path)]
    plain = {stem(path): Case(stem(path), (), path) for path in files}
    try:
        listed = cases_of(config.data, folder)
    except DataError:
        listed = []
    return plain | {case.id: case for case in listed if case.has_reference}


def _refuse_background(empty: list[Case], cases: int, config: Config) -> None:
    """Refuse references none of which has a structure, though their files have values other than 0: their values mean something
    else than ``data.label_values`` says.

    Raises:
        DataError: they are so.
    """
    if len(empty) < cases:
        return
    for case in empty:
        others = [f"{value:g}" for value in written_values(case) if value]
        if others:
            path = case.label or next(iter(case.raters.values()))
            raise DataError(
                f"{path}: its values {', '.join(others[:5])} all stand for background by data.label_values, and no reference of the {cases} "
                f"case(s) has a structure; say what they stand for, as in --label-values '{{0: 0, {others[0]}: 1}}'"
            )


def _score_case(folder: Path, case: Case, config: Config, maps: Sequence[str], tables: _Tables) -> list[Volume]:
    """Add a case's scores to the tables, means over its references where it has several, which are returned."""
    predicted, classes = read(folder / "label.nii.gz"), config.data.classes
    references = scored_references(case, predicted, len(classes), config.data.label_values)
    if predicted.array.ndim != 3 or predicted.array.max() >= len(classes):
        raise DataError(f"{folder / 'label.nii.gz'}: is no map of {len(classes)} classes; {_AGAIN}")
    maps_read = read_maps(folder, predicted, references[0].array, maps, len(classes))
    found = [replace(maps_read, truth=reference.array) for reference in references]
    raters = score_raters(folder, case, config, predicted, maps_read) if case.raters else None
    if raters:
        tables.raters += [case.unit.named(row) for row in raters.rows]
    if not any(reference.array.any() for reference in references):
        tables.empty.append(case)
    rows = _mean_rows([case_rows(case, of_one, config, predicted, raters) for of_one in found])
    add_case(tables.diversity, folder, found, config)
    quality = {row["class"]: row["dice"] for row in rows}
    tables.cases += rows
    for row in _structures(folder / "structures.csv", config.data.structures):
        size = _mean_size(references, config.data.structures[row["class"]]) if row["component"] == "all" else None
        named = case.unit.named(row | {"volume_reference_mm3": size})
        tables.structures.append(named | {"dice": quality[row["class"]]})
    tables.components += [{"case": case.id, **row} for row in _components(found, classes)]
    tables.bins.append(Bins(*np.mean([of_one.reliability() for of_one in found], 0)))
    return references


def _mean_size(references: list[Volume], classes: Sequence[int]) -> float:
    sizes = [np.count_nonzero(np.isin(reference.array, classes)) * reference.voxel_volume for reference in references]
    return float(np.mean(sizes))


def _mean_rows(each: list[list[dict]]) -> list[dict]:
    """Rows that each of several references gives, as one: numbers are means of those that exist, and every reference is named."""
    if len(each) == 1:
        return each[0]
    return [{name: _merged(name, [row[name] for row in rows]) for name in rows[0]} for rows in zip(*each, strict=True)]


def _merged(name: str, values: list) -> str | float | None:
    if name == "reference":
        return "+".join(values)
    return values[0] if isinstance(values[0], str) else mean_of(values)


def _components(found: list[CaseMaps], classes: list[str]) -> list[dict]:
    """Rows of components; one is a false positive where it is so by every reference."""
    each = [of_one.components(classes) for of_one in found]
    return [rows[0] | {"false_positive": min(row["false_positive"] for row in rows)} for rows in zip(*each, strict=True)]


def case_rows(case: Case, found: CaseMaps, config: Config, grid: Volume, raters: RaterScores | None = None) -> list[dict]:
    """A case's rows of ``cases.csv``: each structure, and last "all", which has the scores and the confidences of the maps too.

    Distances and differences of size go by the names of the case's unit.
    """
    rows = []
    for name, members in config.data.structures.items():
        scores = _class_scores(np.isin(found.label, members), np.isin(found.truth, members), grid)
        rows.append({"case": case.id, "class": name, **case.unit.named(scores)})
    if raters:
        rows = [row | raters.structures[row["class"]] for row in rows]
    own = rows[: len(config.data.classes) - 1]  # regions overlap them
    head = {"case": case.id, "class": "all", "reference": fingerprint(found.truth.astype(np.uint8))}
    return [*rows, head | {**_mean_row(own), **found.scores(), **(raters.image if raters else {}), **found.confidences()}]


def _check_case(folder: Path, case: Case, references: list[Volume], config: Config, tables: _Tables) -> None:
    """Add what there is of a calibrated case: scores before scaling, and whether bounds and volume intervals held, which are of
    the label that calibration takes."""
    classes = config.data.classes
    truth = read_case_label(case, references[0], len(classes), config.data.label_values)
    before = read_maps(folder, truth, truth.array, (), len(classes), probability="uncalibrated")
    (scores,) = _mean_rows([[replace(before, truth=reference.array).scores()] for reference in references])
    tables.before.append(scores)
    volumes = {}
    intervals = [f"volume_conformal_{side}_mm3" for side in ("lower", "upper")]
    for row in _structures(folder / "structures.csv", config.data.structures):
        if row["component"] == "all" and row["class"] in classes:
            volume = np.count_nonzero(truth.array == classes.index(row["class"])) * truth.voxel_volume
            low, high = (row.get(name) for name in intervals)
            if low is None or high is None:
                raise DataError(f"{folder / 'structures.csv'}: has no conformal interval of '{row['class']}'; {_AGAIN}")
            held = low * (1 - _ROUNDING) <= volume <= high * (1 + _ROUNDING)
            volumes[row["class"]] = {"volume_held": held, "volume_low": low, "volume_high": high, "volume_true": volume}
    missing = next((name for name in classes[1:] if name not in volumes), None)
    if missing:
        raise DataError(f"{folder / 'structures.csv'}: has no row of '{missing}' as a whole; {_AGAIN}")
    image = {"volume_image": truth.array.size * truth.voxel_volume}
    tables.bounds += [row | volumes[row["class"]] | image for row in bound_losses(folder, truth.array, classes)]


def _structures(path: Path, classes: Container[str]) -> list[dict[str, Cell]]:
    """The rows of a case's table, by the names that scans have, whatever its unit; older tables of plain images have them, too."""
    rows = read_typed(path, ("case", "class", "component"), _AGAIN)
    strange = [row["class"] for row in rows if row["class"] not in classes]
    if strange:
        raise DataError(f"{path}: has a class '{strange[0]}' that the run has not; {_AGAIN}")
    return [SCAN.named(row) for row in rows]


def _class_scores(predicted: np.ndarray, reference: np.ndarray, grid: Volume) -> dict:
    return overlap_scores(predicted, reference, grid.voxel_volume) | surface_scores(predicted, reference, grid.spacing)


def _mean_row(rows: list[dict]) -> dict:
    """Means over the foreground classes, of those where a score exists."""
    return {name: mean_of([row[name] for row in rows]) for name in rows[0] if name in METRICS}


def _summary(manifest: Manifest, tables: _Tables, calibration: Calibration | None) -> dict:
    cases, structures = tables.cases, tables.structures
    classes = list(dict.fromkeys(row["class"] for row in cases))
    shares = [np.array(bins) / bins.count.sum() for bins in tables.bins]  # each case counts alike
    calibrated = {}
    if calibration:
        names = dict.fromkeys(name for row in tables.before for name in row)
        calibrated = {
            "calibration": summary_head(calibration),
            "before_calibration": {name: mean_of([row.get(name) for row in tables.before]) for name in names},
            "conformal": kept_bounds(tables.bounds, calibration),
        }
    return (
        provenance(manifest)
        | calibrated
        | {
            "scores": {c: score_table([row for row in cases if row["class"] == c]) for c in classes},
            "structure_measures": {c: measure_means(_whole(structures, c)) for c in classes[:-1]},
            "volume_spread": {
                c: found for c in classes[:-1] if (found := spread_coverage(_whole(structures, c), manifest.samples))
            },
            "spearman_with_dice": {c: spearman_with_dice(_whole(structures, c)) for c in classes[:-1]},
            "ece_pooled": Bins(*np.mean(shares, 0)).mean_gap(),
            "reliability": reliability_rows(Bins(*np.mean(shares, 0))),
        }
        | ({"raters": rater_summary(tables.raters)} if tables.raters else {})
    )


def _whole(structures: list[dict], name: str) -> list[dict]:
    """The rows of a class as a whole, one per case."""
    return [row for row in structures if row["class"] == name and row["component"] == "all"]


def _measure_names(rows: list[dict]) -> list[str]:
    columns = dict.fromkeys(name for row in rows for name in row)
    return [name for name in columns if not is_text(name) and name not in METRICS and name not in _REFERENCE]


def measure_means(rows: list[dict]) -> dict[str, float | None]:
    """Mean over cases of every structure-level measure, of those cases that have it."""
    return {name: mean_of([r.get(name) for r in rows]) for name in _measure_names(rows)}


def spread_coverage(rows: list[dict], samples: int) -> dict | None:
    """How often the spread of the samples, from 2.5 to 97.5 % of their volumes, holds the reference's volume.

    The spread promises nothing: samples differ by what the network does not know, and may all err alike. A promise is what
    the conformal interval makes.

    Args:
        rows: of the scores' ``structures.csv``, of a class as a whole, one per case.
        samples: T.

    Returns:
        ``share`` with its 95 % interval (``lower``, ``upper``), ``n``, ``cases``, ``samples``, and the mean ``width`` of the spread
        with its ``unit``; None of one sample.
    """
    unit = next((unit for unit in UNITS for row in rows if unit.column("volume_lower_mm3") in row), None)
    needed = [f"volume_{name}_mm3" for name in ("lower", "upper", "reference")]
    having = [row for row in map(SCAN.named, rows) if all(row.get(name) is not None for name in needed)]
    if unit is None or not having:
        return None
    low, high, truth = (np.array([row[f"volume_{name}_mm3"] for row in having]) for name in ("lower", "upper", "reference"))
    held = (low * (1 - _ROUNDING) <= truth) & (truth <= high * (1 + _ROUNDING))
    found = share_with_interval(held, np.array([row["case"] for row in having]))
    return {**found, "samples": samples, "width": float((high - low).mean()), "unit": unit.size_symbol}


def spearman_with_dice(rows: list[dict]) -> dict[str, dict]:
    """Spearman's ρ of every structure-level measure against Dice, over the rows of a class, with its 95 % interval over
    resampled cases, p and n.

    All but n are None where fewer than three rows have the measure, or either is constant. p is there only where every case
    has one row, as its test takes rows for independent.
    """
    return {name: _correlation(rows, name) for name in _measure_names(rows)}


def _correlation(rows: list[dict], name: str) -> dict:
    having = [row for row in rows if row.get(name) is not None]
    x = np.array([row[name] for row in having], float)
    y = np.array([row["dice"] for row in having], float)
    cases = np.array([row["case"] for row in having])
    found = {"rho": spearman(x, y), **bounds(None), "p": None, "n": len(having)}
    if found["rho"] is None:
        return found
    found |= bounds(cluster_interval(lambda times: resampled_spearman(x, y, times), cases))
    is_independent = len(np.unique(cases)) == len(cases)
    return found | {"p": float(stats.spearmanr(x, y)[1]) if is_independent else None}
