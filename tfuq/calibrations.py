"""What ``tfuq calibrate`` finds and a run keeps: how a method's probabilities are scaled, and conformal thresholds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.stored import parse_json, read_content
from tfuq.data.writers import write_json
from tfuq.errors import DataError, RunError
from tfuq.results import Manifest
from tfuq.runs import Run, open_run

_AGAIN = "calibrate again with --overwrite"
Sizes = dict[str, dict[str, float | None]]  # by kind of promise
Factor = Annotated[float, Field(ge=-1e6, le=1e6)]  # on a logarithm of a probability, or beside it
LogRatio = Annotated[float, Field(ge=-100, le=100)]  # of two volumes
Threshold = Annotated[float, Field(ge=0, le=2)]  # of a probability; 2 is one that none reaches


@dataclass
class Scaling:
    """softmax(w ⊙ log p + b) of each sample, with the likelihoods (nat) before and after on the ``items`` it was fitted on."""

    kind: str
    weights: list[Factor]
    bias: list[Factor]
    nll_before: float
    nll_after: float
    items: int


@dataclass
class Conformal:
    """Thresholds of `tfuq.scoring.conformal`, as far as the task has them.

    ``sets``: q̂ by rule. ``bounds``: ``lower`` and ``upper`` probability by class. ``volumes``: q̂ by class. ``radii``: by landmark,
    in units of the predicted spread plus one (mm, or pixels), each from as many cases as ``radii_cases`` says. ``sizes``: how much
    they say of the calibration cases (see `tfuq.scoring.sizes`), by rule, class or landmark and kind of promise.
    """

    alpha: Annotated[float, Field(gt=0, lt=1)]
    sets: dict[Literal["lac", "aps", "raps"], float] = field(default_factory=dict)
    bounds: dict[str, dict[Literal["lower", "upper"], Threshold]] = field(default_factory=dict)
    volumes: dict[str, LogRatio] = field(default_factory=dict)
    radii: dict[str, Annotated[float, Field(ge=0, le=1e9)]] = field(default_factory=dict)
    radii_cases: dict[str, Annotated[int, Field(ge=1, le=10**9)]] = field(default_factory=dict)
    sizes: dict[str, Sizes] = field(default_factory=dict)


@dataclass
class Calibration:
    """A calibration holds for the draws that it was made of, and for other cases than its own (``source`` says which).

    ``caveat``: why it may hold less than it promises, see `selection_caveat`; None of one that has no such reason. ``digest``:
    of the bytes that it was read from; None of one that was not read.
    """

    draws: Manifest
    source: str
    cases: dict[str, list[str]]  # files, with the row where one holds many images, by id
    scaling: Scaling | None
    conformal: Conformal
    caveat: str | None = None
    digest: str | None = None

    def write(self, path: Path) -> None:
        """Write it, whole or not at all."""
        content = asdict(self)
        del content["digest"]
        write_json(path, content)

    def require_fit(self, config: Config, path: Path) -> None:
        """Refuse thresholds of other classes or landmarks than the run's.

        Args:
            config: The run's.
            path: Where the calibration lies, for messages.

        Raises:
            RunError: it does not have every threshold that the run needs, or has others.
        """
        found, classes = self.conformal, config.data.classes
        structures = classes[1:] if config.task == "segmentation" else []
        for what, table, names in (
            ("bounds", found.bounds, structures),
            ("volumes", found.volumes, structures),
            ("radii", found.radii, config.data.landmarks),
        ):
            if set(table) != set(names):
                raise RunError(f"{path}: its {what} are not of the run's {len(names)} names; {_AGAIN}")
        if any(len(bounds) < 2 for bounds in found.bounds.values()):
            raise RunError(f"{path}: a class has no lower or no upper bound; {_AGAIN}")
        scaling = self.scaling
        if scaling and not len(scaling.weights) == len(scaling.bias) == len(classes):
            raise RunError(f"{path}: its scaling is not of the run's {len(classes)} classes; {_AGAIN}")

    def holds(self, case: Case) -> bool:
        """Whether a case, or a file of it, was calibrated on."""
        return bool(set(files_of(case)) & {file for files in self.cases.values() for file in files})

    def refuse_overlap(self, cases: Iterable[Case]) -> None:
        """Refuse to promise anything for cases that the promise was made of.

        Raises:
            DataError: a case is among the calibration's.
        """
        own = next((case for case in cases if self.holds(case)), None)
        if own:
            raise DataError(
                f"case '{own.id}': is a calibration case, for which a calibration promises nothing; leave it out, or calibrate on others"
            )


def files_of(case: Case) -> list[str]:
    """A case's images, however they are named, told apart by row."""
    row = "" if case.row is None else f"#{case.row}"
    return [os.path.realpath(path) + row for path in case.images]


def selection_caveat(run: Run, cases: Collection[str]) -> str | None:
    """What to say of calibration cases (ids) that chose the best epoch, as the validation cases did; None where none has.

    A network fits the cases that it was chosen on better than new ones, so the two are not exchangeable, as promises need.
    """
    chosen_on = set(run.split["validation"]) & set(cases)
    if not chosen_on:
        return None
    return (
        f"{len(chosen_on)} of {len(cases)} calibration cases are validation cases, which chose the best epoch: new cases may fit less well, "
        "and promises hold less often; calibrate on cases that nothing was chosen on, as by --cases calibration or test:0.5"
    )


def calibration_path(run: Run, method: str) -> Path:
    """Where a run keeps a method's calibration."""
    return run.path / "calibrations" / f"{method}.json"


def load_calibration(path: Path) -> Calibration:
    """A calibration, with the digest of the very bytes that were read, which tells it from another.

    Raises:
        RunError: missing or damaged.
    """
    content = read_content(path, _AGAIN)
    found = parse_json(content, path, Calibration, _AGAIN)
    found.digest = hashlib.sha256(content).hexdigest()
    return found


def read_calibration(run: Run, draws: Manifest) -> Calibration:
    """The run's calibration of the draws that are about to be made.

    Raises:
        RunError: there is none, it is damaged, or it was made of other draws or classes.
    """
    path = calibration_path(run, draws.method)
    how = f"--method {draws.method} --samples {draws.samples} --seed {draws.seed}"
    if not path.is_file():
        raise RunError(f"{run.path}: is not calibrated for {draws.method}; run tfuq calibrate {run.path} {how}")
    found = load_calibration(path)
    found.require_fit(run.config, path)
    if not found.draws.same_draws(draws):
        remedy = f"draw alike, or run tfuq calibrate {run.path} {how} --overwrite"
        if found.draws.definitions < draws.definitions:  # a version that listed no files left none to overwrite
            remedy = f"move it away, and run tfuq calibrate {run.path} {how}"
        raise RunError(f"{path}: was made of {found.draws.described_beside(draws)}; {remedy}")
    return found


def calibration_of(manifest: Manifest) -> Calibration | None:
    """The calibration that predictions were made with; None without one.

    Raises:
        RunError: the run has another one since.
    """
    if manifest.calibration is None:
        return None
    path = Path(manifest.run) / "calibrations" / f"{manifest.method}.json"
    found = load_calibration(path) if path.is_file() else None
    if found is None or found.digest != manifest.calibration:
        raise RunError(f"{path}: is not the calibration that these predictions were made with; predict again with --overwrite")
    run = open_run(Path(manifest.run))
    found.require_fit(run.config, path)
    found.caveat = found.caveat or selection_caveat(run, found.cases)  # older ones do not say it
    return found
