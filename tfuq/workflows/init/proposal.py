"""The configuration that a folder suggests, as commented YAML."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfuq import config as configuration
from tfuq.config import DataConfig
from tfuq.config.text import write_flow
from tfuq.data.layouts import cases_of
from tfuq.workflows.init.found import FINDERS, Found
from tfuq.workflows.init.known import known_set
from tfuq.workflows.init.roles import segmentation_of as segmentation_of  # it enters itself
from tfuq.workflows.init.settings import Settings, settings_for
from tfuq.workflows.init.survey import require_folder, survey

_SPLIT = "without data.split, 70 % of the cases train, 10 % validate and 20 % test"
_DEFAULT_TASK = "segmentation"  # of files that nothing describes
_LONGEST_LINE = 100


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A configuration for a folder.

    Attributes:
        name: Of the configuration.
        text: YAML with a comment where a value has a reason.
        lines: What the folder was taken for.
        remarks: What else may be meant, and what is not used.
    """

    name: str
    text: str
    lines: list[str]
    remarks: list[str]


def propose(
    folder: Path, *, name: str | None = None, task: str | None = None, labels: str | None = None
) -> Proposal:
    """Look at a folder and say what its configuration is.

    Args:
        folder: The data.
        name: Of the configuration; None for that of the folder.
        task: What the data are for; None where the folder tells it.
        labels: A word that the paths of labels have; None where the folder tells them.

    Raises:
        DataError: The folder does not tell what its files are, or has none of the task.
    """
    require_folder(folder)
    found = _found(folder, task, labels)
    root = os.path.abspath(folder)
    data = {"root": root, **found.data}
    cases = cases_of(DataConfig.model_validate(data))
    labelled = [case for case in cases if case.has_reference]
    settings = settings_for(found.task, labelled or cases)
    title = name or re.sub(r"[^A-Za-z0-9._-]+", "-", Path(root).name).strip("-._") or "own"
    text = _yaml(title, found, root, settings)
    configuration.parse(text, source="the proposed configuration")
    lines = _lines(found, len(cases), len(labelled))
    return Proposal(name=title, text=text, lines=lines, remarks=found.remarks)


def _found(folder: Path, task: str | None, labels: str | None) -> Found:
    found = None
    if labels is None:
        found = known_set(folder)
    if found is not None and task in (None, found.task):
        return found
    return FINDERS[task or _DEFAULT_TASK](survey(folder), labels)


def _lines(found: Found, cases: int, labelled: int) -> list[str]:
    lines = [f"task: {found.task}", f"cases: {cases}, {labelled} of them with a reference"]
    for key, value in found.data.items():
        reason = found.reasons.get(key)
        line = f"data.{key}: {write_flow(value)}"
        lines.append(f"{line}  ({reason})" if reason else line)
    return lines


def _yaml(name: str, found: Found, root: str, settings: Settings) -> str:
    lines = [f"name: {name}", f"task: {found.task}", "method: mc-dropout", "data:"]
    data = {"layout": found.data["layout"], "root": root}
    data |= {key: value for key, value in found.data.items() if key != "layout"}
    lines += _section(data, found.reasons)
    lines.append(f"  # {_SPLIT}")
    for section, values in settings.sections.items():
        if values:
            lines.append(f"{section}:")
            prefix = f"{section}."
            reasons = {
                key.removeprefix(prefix): reason
                for key, reason in settings.reasons.items()
                if key.startswith(prefix)
            }
            lines += _section(values, reasons)
    return "\n".join(lines) + "\n"


def _section(values: Mapping[str, Any], reasons: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for key, value in values.items():
        line = f"  {key}: {write_flow(value)}"
        reason = reasons.get(key)
        if reason:
            lines += _commented(line, reason)
        else:
            lines.append(line)
    return lines


def _commented(line: str, reason: str) -> Sequence[str]:
    """The line with its comment behind it, or above it where the line would be long."""
    joined = f"{line}  # {reason}"
    if len(joined) <= _LONGEST_LINE:
        return [joined]
    return [f"  # {reason}", line]
