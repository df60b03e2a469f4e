"""The dose that each predicted structure receives, beside that of its reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.config import with_reference_meaning
from tfuq.data.cases import Case, read_case_label
from tfuq.data.preprocessing import PADDING
from tfuq.runs import results
from tfuq.scoring.bootstrap import share_with_interval
from tfuq.scoring.dose import dose_values
from tfuq.scoring.dose_quantities import USUAL, Quantity
from tfuq.scoring.evaluation.dose_bands import CaseDose, cc_of, dose_config
from tfuq.scoring.evaluation.dose_files import dose_files
from tfuq.scoring.evaluation.references import cases_with_references
from tfuq.scoring.rows import Row, column, distinct, none_if_nan, rows_of, rows_with


@dataclass(frozen=True, kw_only=True)
class DoseTables:
    """Tables of doses.

    Attributes:
        values: rows of ``dose.csv``, a case and class each.
        curves: rows of ``dose_volume.csv``, a case, class and level of dose each.
        quantities: what the values are.
    """

    values: list[Row]
    curves: list[Row]
    quantities: Sequence[Quantity] = USUAL

    def spread_coverage(self) -> dict[str, dict[str, Row]]:
        """By class and value: how often the spread of the samples holds the reference's value.

        This is over the cases that have both.
        """
        table = {}
        for name in distinct(self.values, "class"):
            by_value = self._coverage(rows_of(self.values, "class", name))
            if by_value:
                table[name] = by_value
        return table

    def _coverage(self, rows: list[Row]) -> dict[str, Row]:
        table = {}
        for quantity in self.quantities:
            name = quantity.name
            complete = rows_with(rows_with(rows, f"{name}_lower"), f"{name}_reference")
            if complete:
                held = [_is_held(row, name) for row in complete]
                cases = np.array(column(complete, "case"))
                share = share_with_interval(np.array(held), cases)
                table[name] = share | {"samples": complete[0]["samples"]}
        return table


def _is_held(row: Row, name: str) -> bool:
    return bool(row[f"{name}_lower"] <= row[f"{name}_reference"] <= row[f"{name}_upper"])


def score_dose(
    folder: Path,
    reference: Path | None,
    dose: Path,
    label_values: str | None = None,
    *,
    structure_names: str | None = None,
    quantities: Sequence[Quantity] = USUAL,
) -> DoseTables:
    """Dose–volume histograms of a predictions folder's structures.

    Doses are brought onto the network's grid, on which the samples are.

    Args:
        folder: of the predictions.
        reference: a folder of labels; None for those that the manifest names.
        dose: as `tfuq.scoring.evaluation.dose_files.dose_files` takes it.
        label_values: what the values of the references stand for, where it is not what
            ``data.label_values`` says.
        structure_names: the classes of regions of structure sets, where they are not what
            ``data.structure_names`` says.
        quantities: what is told of each structure.

    Raises:
        DataError: no dose for a case, one that does not overlap it or is no dose.
        RunError: samples that were not kept.
    """
    manifest = results.read_manifest(folder)
    config = dose_config(folder, manifest)
    config = with_reference_meaning(config, label_values, structure_names)
    files = dose_files(dose, manifest)
    values = []
    curves = []
    for case in cases_with_references(manifest, config, reference):
        case_dose = CaseDose(
            case=case.id,
            folder=folder / case.id,
            config=config,
            dose_file=files[case.id],
            others=[*case.images, *_labels_of(case)],
            quantities=quantities,
        )
        for row, curve in _case_rows(case, case_dose):
            values.append(row)
            curves += curve
    return DoseTables(values=values, curves=curves, quantities=quantities)


def _labels_of(case: Case) -> list[Path]:
    labels = list(case.raters.values())
    if case.label:
        labels.append(case.label)
    return labels


def _case_rows(case: Case, case_dose: CaseDose) -> Iterator[tuple[Row, list[Row]]]:
    """A row of values and rows of the curve, for each structure of a case.

    Args:
        case: with its reference.
        case_dose: its predictions and dose.
    """
    data = case_dose.config.data
    label = case_dose.label
    quantities = case_dose.quantities
    truth = read_case_label(case, label, len(data.classes), data.label_values).array
    is_whole = not (truth == PADDING).any()  # else there may be more of a structure
    dose = np.maximum(case_dose.on(label), 0)
    for head, band in case_dose.bands():
        reference: Row = {}
        if is_whole:
            true_doses = dose[np.isin(truth, data.structures[head["class"]])]
            reference = _reference_values(true_doses, cc_of(label), quantities)
        begin = {"case": head["case"], "class": head["class"]}
        row = begin | band.row(quantities) | reference
        row["beyond_dose_percent"] = head["beyond_dose_percent"]
        yield row, [begin | point for point in band.rows()]


def _reference_values(doses: np.ndarray, voxel_cc: float, quantities: Sequence[Quantity]) -> Row:
    """The reference's values; none where it does not have the structure."""
    if not len(doses):
        return {}
    values = dose_values(doses, voxel_cc, quantities)
    return {f"{name}_reference": none_if_nan(value) for name, value in values.items()}
