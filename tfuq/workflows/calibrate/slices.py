"""Cases of a calibration in slices, which several processes sample."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pydantic

from tfuq.calibration.observed import Observed
from tfuq.data.archives import read_arrays
from tfuq.data.cases import Case
from tfuq.data.events import Observer
from tfuq.data.json_csv import parse_json
from tfuq.data.sets.cache_keys import case_identity
from tfuq.data.writers import write_bytes
from tfuq.errors import RunError
from tfuq.execution import Executor, PartDoneError
from tfuq.execution.slices import Slice, SlicedWork
from tfuq.prediction import Request, out_of_fold
from tfuq.runs import Run, open_run
from tfuq.workflows.calibrate.fit import TASK_FITS, Choices, Fit

_SLICES = ".slices"
_COUNT = 16  # slices of the cases: each costs the time to load the networks
_OBSERVED = "observed"  # array of the JSON of the observed cases
_REMEDY = "remove it, and run the same tfuq calibrate again"
_log = logging.getLogger(__name__)
_OBSERVED_CASES = pydantic.TypeAdapter(list[Observed])


@dataclass(frozen=True, kw_only=True)
class Gathering:
    """What a calibration is gathered for.

    Attributes:
        run: its folder.
        request: what to sample.
        choices: of the calibration.
    """

    run: Path
    request: Request
    choices: Choices

    @property
    def slices(self) -> str:
        """The name of the folder of slices, which are those of one member out of fold."""
        if self.request.member is None:
            return _SLICES
        return f"{_SLICES}-{self.request.member}"

    def fit(self, run: Run) -> Fit:
        """The fit of the run's task, without a case."""
        return TASK_FITS[run.config.task](run, self.request, self.choices)


def gather(
    fit: Fit,
    gathering: Gathering,
    cases: Sequence[Case],
    folder: Path,
    executor: Executor,
    observer: Observer,
) -> None:
    """Gather cases into a fit, where the executor has it.

    What a stopped call has left is not done again.

    Args:
        fit: without a case.
        gathering: what it is gathered for.
        cases: with references.
        folder: of calibrations, which the caller holds.
        executor: where cases are sampled.
        observer: is notified of each `CasesSampled`.

    Raises:
        PartDoneError: the cases that are this call's are sampled, and others are not its own.
        TfuqError: a case cannot be sampled, or a file of a slice is damaged.
    """
    work = SlicedWork(
        function=gather_slice,
        arguments=(gathering,),
        folder=folder / gathering.slices,
        suffix=".npz",
        described=_described(fit),
    )
    if executor.slices == 1 and not work.is_begun:
        _sample(fit, cases, observer)
        return

    def take(part: Slice) -> None:
        if part.path.is_file():
            _read_into(fit, part.path)
        else:
            _sample(fit, part.cases, observer)

    work.run(work.cut(cases, _size(fit, len(cases)), case_identity), executor, observer, take)


def _size(fit: Fit, cases: int) -> int:
    """How many cases a slice has.

    They are whole batches: the last bits of an image depend on its place in its batch.
    """
    batch = fit.predictor.cases_at_once
    batches = -(-cases // (_COUNT * batch))
    return batches * batch


def gather_out_of_fold(
    fit: Fit,
    gathering: Gathering,
    run: Run,
    folder: Path,
    executor: Executor,
    observer: Observer,
) -> None:
    """Gather the training cases into a fit, each as the member sees it that left it out.

    Args:
        fit: without a case.
        gathering: what it is gathered for.
        run: whose members have folds.
        folder: as of `gather`.
        executor: as of `gather`.
        observer: as of `gather`.

    Raises:
        PartDoneError: as `gather`, of all members.
        TfuqError: as `gather` and `tfuq.prediction.out_of_fold.out_of_fold`.
    """
    done: PartDoneError | None = None
    for request, cases in out_of_fold(run, gathering.request):
        of_member = replace(gathering, request=request)
        part = of_member.fit(run)
        try:
            gather(part, of_member, cases, folder, executor, observer)
        except PartDoneError as error:  # of this member; the others have their part, too
            done = error
        else:
            fit.take_in(part)
    if done is not None:
        raise done


def _described(fit: Fit) -> Any:
    """How samples are drawn, and the networks that draw them."""
    return asdict(fit.predictor.manifest())


def _sample(fit: Fit, cases: Sequence[Case], observer: Observer) -> None:
    for sampled in fit.gather(list(cases)):
        _log.info("drawn %s", sampled.description)
        observer.notify(sampled)


def gather_slice(
    gathering: Gathering, cases: Sequence[Case], path: Path, *, observer: Observer
) -> None:
    """Gather cases, and write what was gathered to a file.

    Args:
        gathering: what they are gathered for.
        cases: with references.
        path: of the file.
        observer: is notified of each `CasesSampled`.
    """
    fit = gathering.fit(open_run(gathering.run))
    _sample(fit, cases, observer)
    observed = _OBSERVED_CASES.dump_json(fit.observed)
    arrays: dict[str, Any] = fit.stored()
    arrays[_OBSERVED] = np.frombuffer(observed, np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


def _read_into(fit: Fit, path: Path) -> None:
    """Add what a file of a slice has to a fit."""
    arrays = read_arrays(path, path, _REMEDY)
    try:
        observed = arrays.pop(_OBSERVED).tobytes()
        fit.add_stored(arrays)
    except (KeyError, ValueError) as error:
        raise RunError(f"{path}: is no slice of a calibration ({error}); {_REMEDY}") from error
    fit.observed += parse_json(observed, path, list[Observed], _REMEDY)
