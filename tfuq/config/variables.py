"""Environment variables that a configuration may name: ``${NAME}``, in keys that name files."""

from __future__ import annotations

import os
import re
from typing import Any

from tfuq.errors import ConfigError

_VARIABLE = re.compile(r"\$\{(\w+)\}")
# Keys that may name environment variables: section and key.
_PATHS = (
    ("data", "root"),
    ("data", "table"),
    ("variational", "warm_start"),
    ("training", "initial_weights"),
)
_DATA_VARIABLE = "TFUQ_DATA"
DEFAULT_DATA_ROOT = "../shared/data"


def expand(tree: dict[str, Any], source: str) -> None:
    """Replace ``${NAME}`` by the environment variable in the keys that name files.

    Elsewhere it is refused: what a configuration says is copied into runs and reports, where the
    value of a variable that somebody else's file names does not belong.
    """
    for section, key in _keys_with_variables(tree):
        if (section, key) not in _PATHS:
            raise ConfigError(_refused_variable(section, key, source))
        text = tree[section][key]
        tree[section][key] = _VARIABLE.sub(
            lambda match: _value_of(match[1], source),
            text,
        )


def _refused_variable(section: str, key: str, source: str) -> str:
    allowed = ", ".join(".".join(path) for path in _PATHS)
    full_key = key
    if section:
        full_key = f"{section}.{key}"
    return (
        f"{source}: {full_key}: takes no environment variable; "
        f"write the value itself, as only {allowed} take one"
    )


def _keys_with_variables(tree: dict[str, Any]) -> list[tuple[str, str]]:
    """Section and key of each text with a variable.

    A text deeper than a key counts as that key's. A text without a section has the section "".
    """
    keys = []
    for section, content in tree.items():
        if not isinstance(content, dict):
            if _has_variable(content):
                keys.append(("", str(section)))
            continue
        for key, value in content.items():
            if _has_variable(value):
                keys.append((section, key))
    return keys


def _has_variable(tree: Any) -> bool:
    if isinstance(tree, dict):
        return _has_variable([*tree.keys(), *tree.values()])
    if isinstance(tree, list):
        return any(_has_variable(item) for item in tree)
    return isinstance(tree, str) and bool(_VARIABLE.search(tree))


def _value_of(name: str, source: str) -> str:
    """The value of an environment variable; ``TFUQ_DATA`` has a default."""
    value = os.environ.get(name)
    if value is None and name == _DATA_VARIABLE:
        return DEFAULT_DATA_ROOT
    if value is None:
        raise ConfigError(
            f"{source}: environment variable {name} is not set; set it or write the path itself"
        )
    return value
