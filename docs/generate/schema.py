"""The keys of a typed configuration: where each is, what it takes, and its default."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pydantic

_LEAST_AND_MOST = (
    ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"),
    ("minItems", "", "maxItems", ""),
    ("minLength", "", "maxLength", ""),
)
_COUNTED = ("", " entries", " characters")
_REQUIRED = "required"
Schema = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """A key of a configuration.

    Attributes:
        path: As ``-o`` takes it, such as ``training.epochs``.
        type: What it takes.
        range: The values it takes.
        default: As YAML writes it.
    """

    path: str
    type: str
    range: str
    default: str

    @property
    def section(self) -> str:
        """The path without its last part; empty at the top."""
        return self.path.rpartition(".")[0]


def keys_of(model: type[pydantic.BaseModel]) -> list[Key]:
    """Every key of a configuration, in the order of its sections.

    Args:
        model: The typed configuration.
    """
    schema = model.model_json_schema()
    return list(_keys(schema, schema.get("$defs", {}), ""))


def _keys(schema: Schema, named: Schema, prefix: str) -> Iterator[Key]:
    required = schema.get("required", ())
    for name, entry in schema["properties"].items():
        path = f"{prefix}{name}"
        section = _section(entry, named)
        if section is not None and "properties" in section[0]:
            yield from _keys(section[0], named, f"{path}{section[1]}.")
            continue
        default = _REQUIRED
        if name not in required:
            default = _written(entry.get("default"))
        yield Key(path, _type(entry, named), _range(entry, named), default)


def _section(entry: Schema, named: Schema) -> tuple[Schema, str] | None:
    """The section that a key holds, and what a path has between both."""
    if "$ref" in entry:
        return named[entry["$ref"].rpartition("/")[2]], ""
    if "$ref" in entry.get("items", {}):
        return named[entry["items"]["$ref"].rpartition("/")[2]], "[]"
    return None


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _forms(entry: Schema) -> list[Schema]:
    forms = [*entry.get("anyOf", ()), *entry.get("oneOf", ())]
    return forms or [entry]


def _type(entry: Schema, named: Schema) -> str:
    return " or ".join(dict.fromkeys(_type_of_form(form, named) for form in _forms(entry)))


def _type_of_form(form: Schema, named: Schema) -> str:
    if "$ref" in form:
        return "section"
    if "const" in form or "enum" in form:
        return "choice"
    kind = form.get("type", "any value")
    if kind == "array":
        return f"list of {_type(form.get('items', {}), named)}"
    if kind == "object":
        return f"map to {_type(form.get('additionalProperties') or {}, named)}"
    words = {"integer": "whole number", "string": "text", "boolean": "true or false"}
    return words.get(kind, kind)


def _range(entry: Schema, named: Schema) -> str:
    ranges = [_range_of_form(form, named) for form in _forms(entry)]
    return " or ".join(dict.fromkeys(text for text in ranges if text))


def _range_of_form(form: Schema, named: Schema) -> str:
    if "$ref" in form:
        keys = named[form["$ref"].rpartition("/")[2]]["properties"]
        return f"keys {', '.join(keys)}"
    if "const" in form:
        return f"`{form['const']}`"
    if "enum" in form:
        return ", ".join(f"`{value}`" for value in form["enum"])
    bounds = [
        _bounds(form, keys) + counted
        for keys, counted in zip(_LEAST_AND_MOST, _COUNTED, strict=True)
        if _bounds(form, keys)
    ]
    inner = form.get("items") or form.get("additionalProperties")
    if isinstance(inner, dict):
        of_each = _range(inner, named)
        if of_each:
            bounds.append(f"each {of_each}")
    return "; ".join(bounds)


def _bounds(form: Schema, keys: tuple[str, str, str, str]) -> str:
    least, above, most, below = (form.get(key) for key in keys)
    if least is not None and least == most:
        return f"{least:,}"
    parts = (("≥", least), (">", above), ("≤", most), ("<", below))
    return ", ".join(f"{sign} {value:,}" for sign, value in parts if value is not None)
