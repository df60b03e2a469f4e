"""Tables of methods side by side, in blocks that a page of paper has room for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tfuq.report.page.content import cell_texts, decimals_of, value_text
from tfuq.report.page.names import Name, name_of
from tfuq.scoring.comparison import Cell, Comparison
from tfuq.scoring.comparison.lesions import NOTE, SCORES, detection_text, found_text
from tfuq.scoring.metric_titles import group_of

MOST_METHODS = 5  # side by side on a page of paper
_MISSING = "–"
_WHOLE_FROM = 100
_LEAST_P = 1e-4  # that is written


@dataclass(frozen=True, kw_only=True)
class CellText:
    """A cell: what counts, what is said beside it, and whether it is the best of its line."""

    text: str
    extras: tuple[str, ...] = ()
    is_best: bool = False


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a table: its name, a cell for each method of the block, and its group."""

    name: Name
    cells: list[CellText]
    group: str = ""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some of the methods, with every line."""

    headings: list[str]
    lines: list[Line]

    @property
    def groups(self) -> list[tuple[str, list[Line]]]:
        """The lines by their group, in the order of their first lines."""
        groups: dict[str, list[Line]] = {}
        for line in self.lines:
            groups.setdefault(line.group, []).append(line)
        return list(groups.items())


@dataclass(frozen=True, kw_only=True)
class MethodTable:
    """A table of methods side by side.

    Attributes:
        caption: What it is.
        corner: What its lines are.
        blocks: Of at most `MOST_METHODS` methods each, with the same lines.
        notes: What is said below it.
        is_folded: Whether a screen shows it only when it is asked for. Paper has it at once.
    """

    caption: str
    corner: str
    blocks: list[Block]
    notes: list[str] = field(default_factory=list)
    is_folded: bool = False


def _blocks(
    headings: Mapping[str, str],
    lines: Mapping[Name, Mapping[str, CellText]],
    group: Callable[[Name], str],
) -> list[Block]:
    """The table in blocks, whose sizes differ by at most one method.

    Args:
        headings: By method.
        lines: Cells by line and method.
        group: Of a line.
    """
    blocks = []
    for methods in _even_parts(list(headings)):
        block = []
        for name, cells in lines.items():
            block.append(
                Line(name=name, cells=[cells[method] for method in methods], group=group(name))
            )
        blocks.append(Block(headings=[headings[method] for method in methods], lines=block))
    return blocks


def _even_parts(methods: Sequence[str]) -> Iterator[Sequence[str]]:
    count = -(-len(methods) // MOST_METHODS)
    for number in range(count):
        start = number * len(methods) // count
        yield methods[start : (number + 1) * len(methods) // count]


def score_table(
    caption: str,
    comparison: Comparison,
    headings: Mapping[str, str],
    notes: Sequence[str] = (),
) -> MethodTable:
    """Means and deviations of every score.

    Args:
        caption: What the table is.
        comparison: Of the methods.
        headings: By method.
        notes: What to say below the table.
    """
    lines = {}
    groups = {}
    for score, by_method in comparison.cells.items():
        name = name_of(score)
        groups[name] = group_of(score)
        lines[name] = _score_cells(by_method)
    further = list(notes)
    if comparison.left_out:
        titles = ", ".join(name_of(score).title for score in comparison.left_out)
        further.append(f"Left out, as they change with T alone and T differs: {titles}.")
    blocks = _blocks(_present(headings, comparison), lines, lambda name: groups[name])
    return MethodTable(caption=caption, corner="score", blocks=blocks, notes=further)


def _present(headings: Mapping[str, str], comparison: Comparison) -> dict[str, str]:
    return {method: headings[method] for method in comparison.methods}


def _score_cells(by_method: Mapping[str, Cell]) -> dict[str, CellText]:
    decimals = decimals_of(by_method.values())
    cells = {}
    for method, cell in by_method.items():
        text, *extras = cell_texts(cell, decimals)
        cells[method] = CellText(text=text, extras=tuple(extras), is_best=cell.is_best)
    return cells


def difference_table(
    caption: str,
    comparison: Comparison,
    headings: Mapping[str, str],
    notes: Sequence[str] = (),
) -> MethodTable | None:
    """Differences from the best mean; None where there is none. Arguments as of `score_table`."""
    lines = {}
    for score, by_method in comparison.cells.items():
        if any(cell.difference for cell in by_method.values()):
            cells = {method: _difference_cell(cell) for method, cell in by_method.items()}
            lines[name_of(score)] = cells
    if not lines:
        return None
    blocks = _blocks(_present(headings, comparison), lines, lambda name: "")
    return MethodTable(
        caption=caption,
        corner="difference",
        blocks=blocks,
        notes=list(notes),
        is_folded=True,
    )


def _difference_cell(cell: Cell) -> CellText:
    difference = cell.difference
    if difference is None:
        return CellText(text=_MISSING)
    extras = [_probability(difference.p)]
    if difference.low is not None:
        extras.insert(0, f"({_signed(difference.low)} to {_signed(difference.high)})")
    return CellText(text=_signed(difference.estimate), extras=tuple(extras))


def _probability(p: float) -> str:
    if p < _LEAST_P:
        return f"p < {_LEAST_P:g}"
    return f"p {p:.2g}"


def _signed(value: float | None) -> str:
    """A difference with two digits, or as a whole number."""
    if value is None:
        return _MISSING
    if abs(value) >= _WHOLE_FROM:
        return f"{value:+.0f}"
    return f"{value:+.2g}"


def lesion_table(
    caption: str, comparison: Comparison, headings: Mapping[str, str]
) -> MethodTable | None:
    """Detection of lesions, a group for each structure; None where there is none.

    Arguments as of `score_table`.
    """
    lines: dict[Name, dict[str, CellText]] = {}
    groups = {}
    for structure, by_method in comparison.detection.items():
        found = Name(title="lesions found", meaning=structure)
        lines[found] = {
            method: CellText(text=found_text(scores)) for method, scores in by_method.items()
        }
        groups[found] = structure
        for score, words in SCORES.items():
            name = Name(title=words, meaning=structure)
            groups[name] = structure
            lines[name] = {
                method: CellText(text=detection_text(scores, score))
                for method, scores in by_method.items()
            }
    if not lines:
        return None
    blocks = _blocks(_present(headings, comparison), lines, lambda name: groups[name])
    return MethodTable(caption=caption, corner="lesions", blocks=blocks, notes=[NOTE])


def measure_table(
    caption: str,
    measures: Mapping[str, Mapping[str, float | None]],
    headings: Mapping[str, str],
    notes: Sequence[str] = (),
) -> MethodTable | None:
    """Means of the measures of uncertainty; None where there is none.

    Args:
        caption: What the table is.
        measures: By measure and method.
        headings: By method.
        notes: What to say below the table.
    """
    lines = {}
    for measure, by_method in measures.items():
        cells = {method: CellText(text=value_text(by_method.get(method))) for method in headings}
        lines[name_of(measure)] = cells
    if not lines:
        return None
    blocks = _blocks(headings, lines, lambda name: "")
    return MethodTable(caption=caption, corner="measure", blocks=blocks, notes=list(notes))


def class_table(
    caption: str,
    comparisons: Mapping[str, Comparison],
    score: str,
    headings: Mapping[str, str],
    corner: str,
) -> MethodTable | None:
    """One score of every class or landmark; None where no class has it.

    Args:
        caption: What the table is.
        comparisons: By class.
        score: Its column.
        headings: By method.
        corner: What its lines are.
    """
    lines = {}
    for class_name, comparison in comparisons.items():
        by_method = comparison.cells.get(score)
        if by_method:
            lines[Name(title=class_name)] = _score_cells(by_method)
    if not lines:
        return None
    blocks = _blocks(headings, lines, lambda name: "")
    return MethodTable(caption=caption, corner=corner, blocks=blocks)
