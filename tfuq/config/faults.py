"""What is wrong with a configuration, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pydantic

from tfuq.config.section import FaultsError, Section
from tfuq.errors import nearest


def explain(error: pydantic.ValidationError, schema: type[Section]) -> str:
    """All faults in one line, each with its key, value, and what is allowed.

    Args:
        error: What a section was refused for.
        schema: The section.
    """
    faults = _faults_of(error, schema)
    if len(faults) == 1:
        return faults[0]
    numbered = [f"({number}) {fault}" for number, fault in enumerate(faults, start=1)]
    return f"{len(faults)} faults: {'; '.join(numbered)}"


def _faults_of(error: pydantic.ValidationError, schema: type[Section]) -> list[str]:
    """A text for each fault.

    A value that fits none of several types has a fault for each. Those inside the value tell most,
    as the type about them fits; else that of the first type is told.
    """
    problems = error.errors()
    keys = [_key_of(problem["loc"]) for problem in problems]
    faults: list[str] = []
    explained: set[str] = set()
    for problem, key in zip(problems, keys, strict=True):
        has_faults_inside = any(other.startswith(f"{key}.") for other in keys)
        if has_faults_inside or key in explained:
            continue
        explained.add(key)
        faults.extend(_texts_of(problem, key, schema))
    return faults


def _texts_of(problem: Mapping[str, Any], key: str, schema: type[Section]) -> list[str]:
    """What is wrong with a value, with the nearest known key where its key is unknown."""
    if problem["type"] == "extra_forbidden":
        return [_unknown_key(problem["loc"], schema)]
    if problem["type"] == "missing":
        return [f"key '{key}' is missing and has no default"]
    cause = problem.get("ctx", {}).get("error")
    if isinstance(cause, FaultsError):
        return [f"{key}: {message}" for message in cause.messages]
    message = problem["msg"].removeprefix("Value error, ")
    value = problem["input"]
    if isinstance(value, (dict, pydantic.BaseModel)):
        return [f"{key}: {message}"]
    return [f"{key}: {message} (value: {value!r:.80})"]


def _unknown_key(location: Sequence[int | str], schema: type[Section]) -> str:
    *section, unknown = location
    known_keys = _known_keys(schema, section)
    hint = "; remove it"
    if known_keys:
        hint = nearest(str(unknown), known_keys)
    key = ".".join([*_names(section), str(unknown)])
    return f"unknown key '{key}'{hint}"


def _key_of(location: Sequence[int | str]) -> str:
    """The key at a location of pydantic's; of the whole, ``configuration``."""
    return ".".join(_names(location)) or "configuration"


def _names(location: Sequence[int | str]) -> list[str]:
    """The names at a location of pydantic's, without those of types that it adds."""
    return [str(name) for name in location if not _is_union_branch(name)]


def _is_union_branch(name: int | str) -> bool:
    """Whether a name in a location of pydantic's is that of a type in a union."""
    if not isinstance(name, str):
        return False
    kind = name.removeprefix("constrained-")  # such as a number that is above 0
    return kind in ("int", "str", "float", "bool") or "[" in name


def _known_keys(schema: type[Section], section: Sequence[int | str]) -> list[str]:
    model: Any = schema
    for name in section:
        fields = getattr(model, "model_fields", {})
        if name in fields:
            model = fields[name].annotation
    return list(getattr(model, "model_fields", {}))
