"""What the spread of structures over samples means for their dose, without any reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tfuq.errors import DataError
from tfuq.runs import results
from tfuq.runs.missing import warn_of_missing, warn_of_missing_members
from tfuq.scoring.dose import DoseBand
from tfuq.scoring.dose_constraints import Constraint, parse_constraint
from tfuq.scoring.dose_quantities import Quantity, parse_requests
from tfuq.scoring.evaluation.dose_bands import CaseDose, dose_config
from tfuq.scoring.evaluation.dose_files import dose_files
from tfuq.scoring.evaluation.scores import PlotFigures, provenance, write_set
from tfuq.scoring.rows import Row, distinct, rows_of


@dataclass(frozen=True, kw_only=True)
class DoseEffects:
    """Doses of predicted structures over their samples.

    Attributes:
        values: rows of ``dose.csv``, a case and class each.
        curves: rows of ``dose_volume.csv``, a case, class and level of dose each.
        constraints: rows of ``constraints.csv``, a case, class and constraint each.
        quantities: what the values are.
        summary: what ``summary.json`` says.
    """

    values: list[Row]
    curves: list[Row]
    constraints: list[Row]
    quantities: Sequence[Quantity]
    summary: Row

    def write(self, folder: Path, *, plot: PlotFigures | None = None) -> list[str]:
        """Write the tables, figures, and last ``summary.json``; see `write_set`."""
        tables = {"dose": self.values, "dose_volume": self.curves}
        if self.constraints:
            tables["constraints"] = self.constraints
        return write_set(folder, tables, self.summary, plot)


def dose_effects(
    folder: Path,
    dose: Path,
    requests: Sequence[str] = (),
    constraints: Sequence[str] = (),
) -> DoseEffects:
    """Dose–volume histograms of predicted structures, and whether constraints are met.

    Args:
        folder: of the predictions.
        dose: as `tfuq.scoring.evaluation.dose_files.dose_files` takes it.
        requests: what is told, such as ``D95``; without any, what is usual.
        constraints: such as ``lung: V20<35%``; those without a structure are of each.

    Raises:
        DataError: a request or constraint that is none, no dose for a case, one that does not
            overlap it or is no dose.
        RunError: samples that were not kept.
    """
    manifest = results.read_manifest(folder)
    config = dose_config(folder, manifest)
    quantities = parse_requests(requests)
    parsed = [parse_constraint(text, list(config.data.structures)) for text in constraints]
    if not manifest.cases:
        raise DataError(f"{folder}: its predictions hold no case; run tfuq predict")
    warn_of_missing(folder, manifest)
    warn_of_missing_members(folder, manifest)
    files = dose_files(dose, manifest)
    values: list[Row] = []
    curves: list[Row] = []
    verdicts: list[Row] = []
    computed = _computed(quantities, parsed)
    for case_id, entry in sorted(manifest.cases.items()):
        case_dose = CaseDose(
            case=case_id,
            folder=folder / case_id,
            config=config,
            dose_file=files[case_id],
            others=[Path(image) for image in entry.images],
            quantities=computed,
        )
        for head, band in case_dose.bands():
            begin = {"case": head["case"], "class": head["class"]}
            values.append(begin | band.row(quantities) | head)
            curves += [begin | point for point in band.rows()]
            verdicts += _verdicts(head, band, parsed)
    summary = provenance(manifest) | {
        "dose": str(dose),
        "quantities": {quantity.name: _described(quantity) for quantity in quantities},
        "structures": values,
        "constraints": _counted(verdicts),
    }
    return DoseEffects(
        values=values, curves=curves, constraints=verdicts, quantities=quantities, summary=summary
    )


def _computed(
    quantities: Sequence[Quantity], constraints: Sequence[Constraint]
) -> tuple[Quantity, ...]:
    """What is told, and what constraints are on; each once."""
    by_name = {quantity.name: quantity for quantity in quantities}
    for constraint in constraints:
        by_name.setdefault(constraint.quantity.name, constraint.quantity)
    return tuple(by_name.values())


def _described(quantity: Quantity) -> Row:
    return {"symbol": quantity.symbol, "unit": quantity.unit}


def _verdicts(head: Row, band: DoseBand, constraints: Sequence[Constraint]) -> list[Row]:
    """The rows of the constraints on a structure."""
    rows = []
    begin = {"case": head["case"], "class": head["class"]}
    for constraint in constraints:
        if constraint.structure in (None, head["class"]):
            end = {"absent_from": band.absent, "beyond_dose_percent": head["beyond_dose_percent"]}
            rows.append(begin | band.verdict(constraint) | end)
    return rows


def _counted(verdicts: list[Row]) -> list[Row]:
    """By structure and constraint: how many cases meet it, miss it, or do not decide."""
    table = []
    for name in distinct(verdicts, "class"):
        of_class = rows_of(verdicts, "class", name)
        for text in distinct(of_class, "constraint"):
            rows = rows_of(of_class, "constraint", text)
            counts = Counter(row["verdict"] or "none" for row in rows)
            table.append({"class": name, "constraint": text, "cases": len(rows), **counts})
    return table
