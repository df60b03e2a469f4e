"""Damaged files as Hypothesis draws them: what a file means altered piece by piece, or its bytes."""

from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import yaml
from hypothesis import strategies as st

from tests.robustness.values import CELLS, VALUES
from tests.support.fuzzing import MUTATORS, Mutator, edited_text, flipped, moved, truncated

_TEXT: tuple[Mutator, ...] = (truncated, flipped, moved, edited_text)
_BYTES: tuple[Mutator, ...] = (truncated, flipped, moved)
_MOST_CHANGES = 3
_DEPTH = 20_000


def damaged(name: str, content: bytes) -> st.SearchStrategy[bytes]:
    """Damaged versions of a file.

    Args:
        name: The file's name, whose ending says what it holds.
        content: The file as it should be.

    Returns:
        A strategy of contents.
    """
    whole = [_bytes(name, content), st.just(b""), st.just(b"\xff\xfe\x00")]
    for ending, altered in _ALTERED.items():
        if name.endswith(ending):
            return st.one_of(altered(content), altered(content), altered(content), *whole)
    return st.one_of(*whole)


@st.composite
def _bytes(draw: st.DrawFn, name: str, content: bytes) -> bytes:
    ending = next(
        (ending for ending in sorted(MUTATORS, key=len, reverse=True) if name.endswith(ending)),
        None,
    )
    is_text = name.endswith((".json", ".csv", ".yaml")) or name == "done"
    mutators = _TEXT if is_text else MUTATORS.get(ending or "", _BYTES)
    mutate = draw(st.sampled_from(mutators))
    seed = draw(st.integers(0, 2**32 - 1))
    return mutate(content, np.random.default_rng(seed)) if content else content


def _places(tree: Any, path: tuple = ()) -> Iterator[tuple]:
    """Where anything stands in nested dictionaries and lists, the whole included."""
    yield path
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _places(value, (*path, key))
    if isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _places(value, (*path, index))


@st.composite
def _altered_tree(draw: st.DrawFn, tree: Any) -> Any:
    for _ in range(draw(st.integers(1, _MOST_CHANGES))):
        places = list(_places(tree))
        tree = _with_change(draw, tree, draw(st.sampled_from(places)))
    return tree


def _with_change(draw: st.DrawFn, tree: Any, path: tuple) -> Any:
    value = copy.deepcopy(
        draw(st.sampled_from(VALUES))
    )  # as it is altered again where it is a list
    if not path:
        return value
    *above, last = path
    holder = tree
    for step in above:
        holder = holder[step]
    what = draw(st.sampled_from(["replace", "remove", "double", "rename"]))
    if what == "replace":
        holder[last] = value
    elif what == "remove":
        del holder[last]
    elif isinstance(holder, list):
        holder.insert(last, holder[last])
    else:
        holder[f"{last}x" if what == "rename" else str(value)[:20]] = holder[last]
    return tree


@st.composite
def _altered_json(draw: st.DrawFn, content: bytes) -> bytes:
    if draw(st.integers(0, 40)) == 40:
        return b"[" * _DEPTH + b"]" * _DEPTH
    return json.dumps(draw(_altered_tree(json.loads(content)))).encode("utf-8", "surrogatepass")


@st.composite
def _altered_yaml(draw: st.DrawFn, content: bytes) -> bytes:
    return yaml.safe_dump(draw(_altered_tree(yaml.safe_load(content)))).encode("utf-8", "replace")


@st.composite
def _altered_table(draw: st.DrawFn, content: bytes) -> bytes:
    rows = list(csv.reader(io.StringIO(content.decode())))
    for _ in range(draw(st.integers(1, _MOST_CHANGES))):
        _change_table(draw, rows)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _change_table(draw: st.DrawFn, rows: list[list[str]]) -> None:
    what = draw(
        st.sampled_from(
            ["cell", "cell", "column", "constant", "without", "row", "double", "ragged", "none"]
        )
    )
    row = draw(st.integers(0, max(len(rows) - 1, 0)))
    column = draw(st.integers(0, max(max(map(len, rows), default=1) - 1, 0)))
    value = draw(st.sampled_from(CELLS))
    if what == "none" or not rows:
        del rows[1:]
    elif what == "row":
        del rows[row]
    elif what == "double":
        rows.insert(row, list(rows[row]))
    elif what == "ragged":
        rows[row].append(value)
    elif what == "cell":
        rows[row][column : column + 1] = [value]
    else:
        _change_column(rows, column, value, what)


def _change_column(rows: list[list[str]], column: int, value: str, what: str) -> None:
    for number, row in enumerate(rows):
        if what == "without":
            del row[column : column + 1]
        elif what == "constant" and number:
            row[column : column + 1] = [rows[1][column] if len(rows[1]) > column else value]
        elif number:
            row[column : column + 1] = [value]


@st.composite
def _altered_arrays(draw: st.DrawFn, content: bytes) -> bytes:
    with np.load(io.BytesIO(content)) as stored:
        arrays = {name: stored[name] for name in stored.files}
    for _ in range(draw(st.integers(1, _MOST_CHANGES))):
        if arrays:
            name = draw(st.sampled_from(sorted(arrays)))
            _change_array(draw, arrays, name)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _change_array(draw: st.DrawFn, arrays: dict[str, np.ndarray], name: str) -> None:
    array = arrays[name]
    what = draw(
        st.sampled_from(
            [
                "gone",
                "nan",
                "inf",
                "type",
                "flat",
                "empty",
                "more",
                "scalar",
                "text",
                "large",
                "other",
            ]
        )
    )
    if what == "gone":
        del arrays[name]
    elif what in ("nan", "inf"):
        arrays[name] = np.full(array.shape, np.nan if what == "nan" else -np.inf, np.float32)
    elif what == "type":
        kind = draw(
            st.sampled_from(
                [np.int8, np.int64, np.float64, np.complex64, bool, "datetime64[s]", "U3"]
            )
        )
        arrays[name] = np.zeros(array.shape, kind)
    elif what == "large":
        arrays[name] = np.full(array.shape, 1e38, np.float32)
    elif what == "other":
        arrays["other"] = array
    else:
        shapes = {
            "flat": array.ravel(),
            "empty": array.ravel()[:0],
            "more": array[None],
            "scalar": np.float32(1),
            "text": "x",
        }
        arrays[name] = np.array(shapes[what])


_ALTERED = {
    ".json": _altered_json,
    "done": _altered_json,
    ".yaml": _altered_yaml,
    ".csv": _altered_table,
    ".npz": _altered_arrays,
}
