"""YAML with a comment where a value has a reason."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from tfuq.config.text import write_flow

_LONGEST_LINE = 100


def section_lines(values: Mapping[str, Any], reasons: Mapping[str, str]) -> list[str]:
    """The lines of a section's keys.

    Args:
        values: The section.
        reasons: Of some of its keys.
    """
    lines: list[str] = []
    for key, value in values.items():
        line = f"  {key}: {write_flow(value)}"
        reason = reasons.get(key)
        if reason:
            lines += _commented(line, reason)
        else:
            lines.append(line)
    return lines


def sections_lines(
    sections: Mapping[str, Mapping[str, Any]], reasons: Mapping[str, str]
) -> list[str]:
    """The lines of sections that are not empty.

    Args:
        sections: By name.
        reasons: By ``section.key``.
    """
    lines = []
    for name, values in sections.items():
        if not values:
            continue
        prefix = f"{name}."
        of_section = {
            key.removeprefix(prefix): reason
            for key, reason in reasons.items()
            if key.startswith(prefix)
        }
        lines.append(f"{name}:")
        lines += section_lines(values, of_section)
    return lines


def _commented(line: str, reason: str) -> list[str]:
    """The line with its comment behind it, or above it where the line would be long."""
    joined = f"{line}  # {reason}"
    if len(joined) <= _LONGEST_LINE:
        return [joined]
    indent = "  # "
    above = textwrap.wrap(reason, _LONGEST_LINE, initial_indent=indent, subsequent_indent=indent)
    return [*above, line]
