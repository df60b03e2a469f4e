"""The table of a comparison, as Markdown and as CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tfuq.data.writers import whole_set, write_csv, write_text
from tfuq.runs.missing import REMEDY
from tfuq.scoring.comparison.cells import Cell
from tfuq.scoring.comparison.lesions import (
    NOTE,
    SCORES,
    Detection,
    columns,
    detection_text,
    found_text,
)
from tfuq.scoring.comparison.texts import (
    BOLD,
    DIFFERENCES,
    UNBIASED,
    aligned,
    difference_text,
    heading,
    number_text,
    score_text,
    with_unit,
)
from tfuq.scoring.rows import Row

_Value = TypeVar("_Value")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Methods side by side over the cases that all of them have.

    Attributes:
        methods: their names.
        cases: their ids.
        cells: by score and method.
        samples: each method's T; None where its scores do not note it.
        measures: the mean of a measure of uncertainty without the bias of a small T, by measure
            and method.
        left_out: scores that depend on T, where T differs.
        shared_members: the members of the methods that have several samples of each, whose measures
            keep a part of that bias.
        missing: the cases that predictions lacked when they were scored, in words, by method.
        detection: scores of detection of lesions, by structure and method.
    """

    methods: list[str]
    cases: list[str]
    cells: dict[str, dict[str, Cell]]
    samples: dict[str, int | None] = field(default_factory=dict)
    measures: dict[str, dict[str, float | None]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    shared_members: dict[str, int] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    detection: Detection = field(default_factory=dict)

    def headings(self) -> list[str]:
        """The methods, each with its T."""
        return [heading(method, self.samples.get(method)) for method in self.methods]

    def write(self, folder: Path) -> None:
        """Write ``comparison.md`` and ``comparison.csv``.

        Raises:
            RunError: what lies there is not tfuq's own.
            TfuqError: they cannot be written.
        """
        with whole_set(folder) as staged:
            write_text(staged / "comparison.md", self.markdown())
            write_csv(staged / "comparison.csv", self.rows())

    def rows(self) -> list[Row]:
        """One row per method, for CSV."""
        return [self._row(method) for method in self.methods]

    def _row(self, method: str) -> Row:
        row: Row = {
            "method": method,
            "samples": self.samples.get(method),
            "cases": len(self.cases),
        }
        for score, by_method in self.cells.items():
            row |= _columns(score, by_method[method])
        for measure, means in self.measures.items():
            row[f"{measure}_unbiased"] = means[method]
        return row | columns(self.detection, method)

    def markdown(self) -> str:
        """Aligned tables of scores, of differences from the best, and of measures."""
        paragraphs = [
            self._table("score", self._counted(self.cells), score_text),
            f"Mean ± standard deviation over {len(self.cases)} cases. {BOLD}{self._left_out()}",
        ]
        for method, text in self.missing.items():
            paragraphs.append(f"Warning: of {method}, {text}; {REMEDY}, and score it.")
        compared = {}
        for score, by_method in self.cells.items():
            if any(cell.difference for cell in by_method.values()):
                compared[score] = by_method
        if compared:
            table = self._table("difference", self._counted(compared), difference_text)
            paragraphs += [table, DIFFERENCES]
        if self.detection:
            paragraphs += [self._table("lesions", self._found(), str), NOTE]
        if self.measures:
            measures = {with_unit(name): means for name, means in self.measures.items()}
            paragraphs.append(self._table("measure", measures, number_text))
            paragraphs.append(" ".join([UNBIASED, *self.caveats()]))
        return "\n\n".join(paragraphs) + "\n"

    def _found(self) -> dict[str, dict[str, str]]:
        """What is told of the lesions of each structure, by line and method."""
        lines = {}
        for structure, by_method in self.detection.items():
            lines[f"found, {structure}"] = {
                method: found_text(scores) for method, scores in by_method.items()
            }
            for name, words in SCORES.items():
                lines[f"{words}, {structure}"] = {
                    method: detection_text(scores, name) for method, scores in by_method.items()
                }
        return lines

    def _counted(self, cells: Mapping[str, dict[str, Cell]]) -> dict[str, dict[str, Cell]]:
        """The cells by score, with its unit, and with its n where it is not of all cases."""
        counted = {}
        for score, by_method in cells.items():
            cases = by_method[self.methods[0]].cases
            name = with_unit(score)
            if cases < len(self.cases):
                name = f"{name}, n = {cases}"
            counted[name] = by_method
        return counted

    def caveats(self) -> list[str]:
        """What the measures still lack, a sentence for each method with shared members."""
        sentences = []
        for method, members in self.shared_members.items():
            sentences.append(
                "Samples of one member count as independent: of what the "
                f"{members} members of {method} differ by, up to 1/{members} is missing."
            )
        return sentences

    def _left_out(self) -> str:
        if not self.left_out:
            return ""
        names = ", ".join(self.left_out)
        return f" Left out, as they change with T alone and T differs: {names}."

    def _table(
        self,
        corner: str,
        values: Mapping[str, Mapping[str, _Value]],
        text_of: Callable[[_Value], str],
    ) -> str:
        """A table of values by line and method."""
        rows = [[corner, *self.headings()]]
        for name, by_method in values.items():
            texts = [text_of(by_method[method]) for method in self.methods]
            rows.append([name, *texts])
        return aligned(rows)


def _columns(score: str, cell: Cell) -> Row:
    row: Row = {
        score: cell.mean,
        f"{score}_std": cell.std,
        f"{score}_cases": cell.cases,
        f"{score}_best": int(cell.is_best),
        f"{score}_difference": None,
        f"{score}_difference_lower": None,
        f"{score}_difference_upper": None,
        f"{score}_difference_p": None,
    }
    difference = cell.difference
    if difference is not None:
        row[f"{score}_difference"] = difference.estimate
        row[f"{score}_difference_lower"] = difference.low
        row[f"{score}_difference_upper"] = difference.high
        row[f"{score}_difference_p"] = difference.p
    return row
