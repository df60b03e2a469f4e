"""The tables of scores and of all columns of the files that tfuq writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import yaml

from tfuq.measures.catalogue import MEASURES
from tfuq.scoring.metrics import METRICS, Metric

_COLUMNS = Path(__file__).parent / "columns.yaml"
_ANY = ".+"
_SCORES = "|".join(METRICS)
_NOTHING = "(?!)"  # the axes of a study have any name, and each is in its file
# What a name in capitals stands for within the name of a column.
_PLACEHOLDERS = {
    "AXIS": _NOTHING,
    "CLASS": _ANY,
    "COLUMN": rf"{_SCORES}|(?:train|measure|correlation|diversity|aurc)\.[a-z0-9_]+",
    "KEY": _ANY,
    "MEASURE": "|".join(MEASURES),
    "QUANTITY": r"[a-z0-9.]+_(?:gy|percent|cc)",
    "RULE": "[a-z]+",
    "SCORE": _SCORES,
}
_PLACEHOLDER = re.compile("|".join(sorted(_PLACEHOLDERS, key=len, reverse=True)))
_BETTER = {"higher": "higher", "lower": "lower", "nearer zero": "nearer to zero", None: "–"}


@cache
def columns() -> Mapping[str, Mapping[str, str]]:
    """What each column says, by the file that has it, as ``score/cases.csv``.

    Measures and scores are left out, as they have tables of their own.
    """
    entries: dict[str, dict[str, str]] = yaml.safe_load(_COLUMNS.read_text(encoding="utf-8"))
    return entries


def is_documented(file: str, column: str) -> bool:
    """Whether the page says what a column is.

    Args:
        file: As `columns` has it.
        column: As the file's first line has it.
    """
    if column in MEASURES or column in METRICS:
        return True
    return any(_pattern(name).fullmatch(column) for name in columns().get(file, ()))


@cache
def _pattern(name: str) -> re.Pattern[str]:
    parts = []
    end = 0
    for found in _PLACEHOLDER.finditer(name):
        parts += [re.escape(name[end : found.start()]), f"(?:{_PLACEHOLDERS[found[0]]})"]
        end = found.end()
    return re.compile("".join([*parts, re.escape(name[end:])]))


def columns_page() -> str:
    """A section for each file as Markdown."""
    parts = []
    for file, texts in columns().items():
        command, _, name = file.partition("/")
        head = ("column", "what it says")
        if name.endswith(".json"):
            head = ("key", "what it says")
        rows = [(f"`{column}`", text) for column, text in texts.items()]
        parts += [f"### `{name}` of `tfuq {command}`", _table(head, rows)]
    return "\n\n".join(parts) + "\n"


def scores_page() -> str:
    """The table of all scores as Markdown."""
    rows = [_row(metric) for metric in METRICS.values()]
    return _table(("column", "score", "unit", "range", "better"), rows) + "\n"


def _row(metric: Metric) -> tuple[str, ...]:
    return f"`{metric.name}`", metric.title, metric.unit, _range(metric), _BETTER[metric.better]


def _range(metric: Metric) -> str:
    low, high = "−∞", "∞"
    if metric.low is not None:
        low = f"{metric.low:g}"
    if metric.high is not None:
        high = f"{metric.high:g}"
    return f"{low} to {high}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(head)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
