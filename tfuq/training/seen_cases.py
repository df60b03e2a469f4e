"""Cases that a run holds out, and that the run whose weights it starts from was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tfuq import runs
from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.errors import TfuqError
from tfuq.runs import Run

_HELD_OUT = ("test", "calibration")


def remarks_on_seen_cases(config: Config, parts: Mapping[str, Sequence[Case]]) -> list[str]:
    """What to tell of cases whose scores would be too good, a line for each part of the split.

    Cases are the same where the layout, the name of the data set's folder and the id are.

    Args:
        config: Of the run that begins.
        parts: Its cases by part of the split.
    """
    source = _source(config)
    if source is None:
        return []
    seen = set(source.split["train"])
    held_out = list(_HELD_OUT)
    if config.has_folds:
        held_out.insert(0, "train")
    remarks = []
    for part in held_out:
        ids = [case.id for case in parts.get(part, ())]
        shared = [name for name in ids if name in seen]
        if shared:
            remarks.append(_remark(part, shared, len(ids), source))
    return remarks


def _source(config: Config) -> Run | None:
    """The run to start from, where it has cases of the same data set."""
    path = config.training.initial_weights or config.variational.warm_start
    if path is None:
        return None
    with suppress(TfuqError):  # where it is no run, its weights are refused with what to do
        run = runs.open_run(Path(path))
        if _data_set(run.config) == _data_set(config):
            return run
    return None


def _data_set(config: Config) -> tuple[str, str]:
    return config.data.layout, Path(config.data.root).name


def _remark(part: str, shared: Sequence[str], count: int, source: Run) -> str:
    return (
        f"{source.path}: was trained on {len(shared)} of the {count} {part} cases, such as "
        f"{shared[0]}, so that scores of these promise too much; name other cases in data.split, "
        "or a run that has not seen them"
    )
