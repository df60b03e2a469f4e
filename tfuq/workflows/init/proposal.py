"""The configuration that a folder suggests, as commented YAML."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from tfuq import config as configuration
from tfuq.config import DataConfig
from tfuq.config.text import write_flow
from tfuq.data.layouts import cases_of
from tfuq.workflows.commented import section_lines
from tfuq.workflows.init.found import FINDERS, Found
from tfuq.workflows.init.known import known_set
from tfuq.workflows.init.roles import segmentation_of as segmentation_of  # it enters itself
from tfuq.workflows.init.survey import require_folder, survey
from tfuq.workflows.plan import planned_text, untried_settings

_SPLIT = "without data.split, 70 % of the cases train, 10 % validate and 20 % test"
_DEFAULT_TASK = "segmentation"  # of files that nothing describes

_GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
)


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
    title = name or _title_of(Path(root).name)
    text_of_data = _text_of_data(title, found, root)
    settings = untried_settings(text_of_data, labelled or cases)
    text = planned_text(text_of_data, settings, [])
    configuration.parse(text, source="the proposed configuration")
    lines = _lines(found, len(cases), len(labelled))
    return Proposal(name=title, text=text, lines=lines, remarks=found.remarks)


def _title_of(name: str) -> str:
    """The name of a configuration for a folder: its ASCII letters, digits, dots and dashes.

    Other letters lose their marks, and those of German are written as two.
    """
    composed = unicodedata.normalize("NFC", name).translate(_GERMAN)
    plain = unicodedata.normalize("NFKD", composed)
    unmarked = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^A-Za-z0-9._-]+", "-", unmarked).strip("-._") or "own"


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


def _text_of_data(name: str, found: Found, root: str) -> str:
    lines = [f"name: {name}", f"task: {found.task}", "method: mc-dropout", "data:"]
    data = {"layout": found.data["layout"], "root": root}
    data |= {key: value for key, value in found.data.items() if key != "layout"}
    lines += section_lines(data, found.reasons)
    lines.append(f"  # {_SPLIT}")
    return "\n".join(lines) + "\n"
