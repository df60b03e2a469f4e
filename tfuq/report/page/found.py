"""Tables, figures and facts as they lie in score folders, so that what tfuq score comes to write appears by itself."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from tfuq.data.budget import require_memory
from tfuq.errors import RunError
from tfuq.report.page.sheets import encoded
from tfuq.report.page.sources import Scored

_MOST_ROWS = 400
_COLOURS = 64
_MOST_PIXELS = 40_000_000  # of a figure
_PIXEL_BYTES = 16  # as it is decoded, in three colours, and in few
_SHOWN_ELSEWHERE = (
    "method", "samples", "seed", "weights_digest", "missing_members", "definitions", "cases", "reference", "label_values", "scores",
    "files",
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table of text cells; ``left_out`` rows are not in it."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    left_out: int = 0


def tables_of(source: Scored) -> Iterator[Table]:
    """The further CSV files, then what only ``summary.json`` has."""
    columns_seen = []
    for name, rows in source.tables.items():
        if rows:
            columns_seen.append(set(rows[0]))
            yield _table(name, rows)
    for name, value in source.summary.items():
        rows = [] if name in _SHOWN_ELSEWHERE else list(_rows(value))
        if rows and not any(set(rows[0]) - {"of"} <= columns for columns in columns_seen):
            yield _table(name, rows)


def _table(name: str, rows: list[dict]) -> Table:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = [[_cell(row.get(column)) for column in columns] for row in rows[:_MOST_ROWS]]
    return Table(readable_name(name), columns, cells, max(len(rows) - _MOST_ROWS, 0))


def _rows(value: Any, path: tuple[str, ...] = ()) -> Iterator[dict]:
    """Nested dictionaries and lists of them as flat rows, "of" saying of what each is."""
    if isinstance(value, list):
        for item in value:
            yield from _rows(item, path) if isinstance(item, dict) else ()
    elif isinstance(value, dict):
        plain = {key: v for key, v in value.items() if not isinstance(v, (dict, list))}
        if plain:
            yield {"of": ", ".join(path), **plain} if path else plain
        for key, inner in value.items():
            yield from _rows(inner, (*path, key)) if isinstance(inner, (dict, list)) else ()


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def readable_name(name: str) -> str:
    """A file's or a key's name as words."""
    return name.replace("_", " ").replace("-", " ")


def figures_of(source: Scored) -> list[tuple[str, str]]:
    """Title and address of each figure, in few colours; those of single cases are left to the viewer.

    Raises:
        RunError: a figure is damaged.
    """
    return [(readable_name(path.stem), _few_colours(path)) for path in source.figures if not path.name.startswith("case-")]


def _few_colours(path: Path) -> str:
    try:
        with warnings.catch_warnings(), Image.open(path, formats=("PNG",)) as image:
            warnings.simplefilter("ignore")
            if image.width * image.height > _MOST_PIXELS:
                raise ValueError(f"{image.width} × {image.height} pixels, which no figure of tfuq has")
            require_memory([image.height, image.width], _PIXEL_BYTES, "pixels")
            return encoded(image.convert("RGB").quantize(_COLOURS))
    except Exception as error:  # Pillow's decoders raise anything on damaged bytes
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise RunError(f"{path}: not a readable picture ({reason}); remove it, or run tfuq score again") from error


def provenance_of(source: Scored) -> dict[str, str]:
    """How the predictions came about: what the scores, the manifest and the run say."""
    summary, run = source.summary, source.run
    facts = run.facts if run else {}
    digests = summary.get("weights_digest", [])
    lines = {
        "scores": str(source.folder),
        "method": summary["method"],
        "samples (T)": "not noted" if source.samples is None else str(source.samples),
        "seed of the draws": str(summary.get("seed", "not noted")),
        "weights digest": " ".join(digest[:16] for digest in digests) or "not noted",
        "cases": str(summary.get("cases", len(source.cases))),
        "references": str(source.reference or "the data set's own"),
        "label values of the references": summary.get("label_values") or "",
        "members missing": ", ".join(map(str, summary.get("missing_members", []))),
        "run": str(run.path) if run else "gone",
        "data": f"{run.config.data.source} ({run.config.data.licence})" if run else "not known",
        "seeds of training": ", ".join(f"{who} {seed}" for who, seed in facts.get("seeds", {}).items()),
        "versions": ", ".join(f"{name} {version}" for name, version in facts.get("versions", {}).items()),
        "devices": ", ".join(facts.get("devices", [])),
        "git": str(facts.get("git") or ""),
        "predicted by tfuq": source.manifest.tfuq_version if source.manifest else "",
    }
    return {name: value for name, value in lines.items() if value}
