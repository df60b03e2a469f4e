"""What ``tfuq calibrate`` makes and a run keeps: scaling of probabilities, conformal thresholds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tfuq.calibration.review import ReviewRules
from tfuq.config import MEAN, TASKS, Config, method_options
from tfuq.data.cases import Case
from tfuq.data.json_csv import parse_json, read_content
from tfuq.data.writers import write_json
from tfuq.errors import DataError, RunError
from tfuq.runs import Run, open_run
from tfuq.runs.models import is_shipped
from tfuq.runs.results import Manifest

_AGAIN = "calibrate again with --overwrite"
Sizes = dict[str, dict[str, float | None]]  # by kind of promise
Factor = Annotated[float, Field(ge=-1e6, le=1e6)]  # on a logarithm of a probability, or beside it
LogRatio = Annotated[float, Field(ge=-100, le=100)]  # of two volumes
Threshold = Annotated[float, Field(ge=0, le=2)]  # of a probability; 2 is one that none reaches
Alpha = Annotated[float, Field(gt=0, lt=1)]
Radius = Annotated[float, Field(ge=0, le=1e9)]
CaseCount = Annotated[int, Field(ge=1, le=10**9)]


@dataclass(kw_only=True)
class Scaling:
    """softmax(w ⊙ log p + b) of each sample.

    Attributes:
        kind: a name of `tfuq.calibration.scaling.FITS`.
        weights: w, ``[K]``.
        bias: b, ``[K]``.
        nll_before: negative log-likelihood (nat) of the items before scaling.
        nll_after: negative log-likelihood (nat) of the items after scaling.
        items: how many it was fitted on.
        absent: the classes that none of the items is of.
    """

    kind: str
    weights: list[Factor]
    bias: list[Factor]
    nll_before: float
    nll_after: float
    items: int
    absent: list[Annotated[int, Field(ge=0, le=1000)]] = field(default_factory=list)

    def is_of(self, classes: int) -> bool:
        """Whether it is of so many classes."""
        if not len(self.weights) == len(self.bias) == classes:
            return False
        return all(index < classes for index in self.absent)


@dataclass(kw_only=True)
class Conformal:
    """Thresholds of `tfuq.calibration.conformal`, as far as the task has them.

    Attributes:
        alpha: 1 − the promise.
        sets: q̂ by rule.
        bounds: ``lower`` and ``upper`` probability by class.
        volumes: q̂ by class; empty where the volumes of too few calibration cases are known, as
            voxels of the others are to be ignored.
        radii: by landmark, in units of the predicted spread plus one (mm, or pixels).
        radii_cases: how many cases each radius is of.
        sizes: how much the promises say of the calibration cases (see `tfuq.scoring.sizes`), by
            rule, class or landmark and kind of promise.
    """

    alpha: Alpha
    sets: dict[Literal["lac", "aps", "raps"], float] = field(default_factory=dict)
    bounds: dict[str, dict[Literal["lower", "upper"], Threshold]] = field(default_factory=dict)
    volumes: dict[str, LogRatio] = field(default_factory=dict)
    radii: dict[str, Radius] = field(default_factory=dict)
    radii_cases: dict[str, CaseCount] = field(default_factory=dict)
    sizes: dict[str, Sizes] = field(default_factory=dict)


@dataclass(kw_only=True)
class Calibration:
    """A calibration of a method.

    It holds for the samples that it was made of, and for other cases than its own.

    Attributes:
        draws: how the samples were made.
        source: which cases it was made of.
        cases: their files by id, with the row where one file holds many images.
        scaling: None of a task without classes.
        conformal: thresholds.
        review: when to refer a case, and what is expected of it; None of calibrations by earlier
            versions, and where nobody said what a bad case is.
        caveat: why it may hold less than it promises, see `selection_caveat`; None of one that has
            no such reason.
        digest: of the bytes that it was read from; None of one that was not read.
    """

    draws: Manifest
    source: str
    cases: dict[str, list[str]]
    scaling: Scaling | None
    conformal: Conformal
    review: ReviewRules | None = None
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
            config: the run's.
            path: where the calibration lies, for messages.

        Raises:
            RunError: it does not have every threshold that the run needs, or has others.
        """
        classes = config.data.classes
        structures = []
        if TASKS[config.task].has_volumes:
            structures = classes[1:]
        conformal = self.conformal
        _require_names(path, "bounds", conformal.bounds, structures)
        if conformal.volumes:
            _require_names(path, "volumes", conformal.volumes, structures)
        _require_names(path, "radii", conformal.radii, config.data.landmarks)
        if self.review is not None and not self.review.is_consistent():
            raise RunError(f"{path}: its review does not fit together; {_AGAIN}")
        if any(len(bounds) < 2 for bounds in conformal.bounds.values()):
            raise RunError(f"{path}: a class has no lower or no upper bound; {_AGAIN}")
        scaling = self.scaling
        count = len(classes)
        if scaling and not scaling.is_of(count):
            raise RunError(f"{path}: its scaling is not of the run's {count} classes; {_AGAIN}")

    def holds(self, case: Case) -> bool:
        """Whether a case, or a file of it, was calibrated on."""
        calibrated: set[str] = set()
        calibrated.update(*self.cases.values())
        return not calibrated.isdisjoint(files_of(case))

    def refuse_overlap(self, cases: Iterable[Case]) -> None:
        """Refuse to promise anything for cases that the promise was made of.

        Raises:
            DataError: a case is among the calibration's.
        """
        for case in cases:
            if self.holds(case):
                raise DataError(
                    f"case '{case.id}': is a calibration case, for which a calibration promises "
                    "nothing; leave it out, or calibrate on others"
                )


def _require_names(
    path: Path,
    noun: str,
    table: Collection[str],
    names: Collection[str],
) -> None:
    if set(table) != set(names):
        raise RunError(f"{path}: its {noun} are not of the run's {len(names)} names; {_AGAIN}")


def files_of(case: Case) -> list[str]:
    """A case's images, however they are named, told apart by row."""
    row = ""
    if case.row is not None:
        row = f"#{case.row}"
    return [os.path.realpath(path) + row for path in case.images]


def selection_caveat(run: Run, cases: Collection[str]) -> str | None:
    """What to say of calibration cases that chose the best epoch, or were predicted out of fold.

    A network fits the cases that it was chosen on better than new ones. So the two are not
    exchangeable, as promises need. A case out of fold is unseen, but one member predicted it, and
    new cases are predicted by all.

    Args:
        run: that was calibrated.
        cases: ids of the calibration cases.

    Returns:
        None where there is nothing to say.

    References:
        Vovk 2015, Cross-conformal predictors. Barber et al. 2021, Predictive inference with the
        jackknife+: sets that ask the member of each fold hold with 1 − 2α.
    """
    if set(cases) & {case_id for fold in run.folds for case_id in fold}:
        return (
            "calibrated out of fold (cross-conformal): each case was predicted by the one member "
            "that had not seen it, and new cases are predicted by all: expect promises to hold "
            "about as often as they say; proven is 1 - 2 alpha, for sets that ask every member, "
            "and nothing for their mean; cases of data.split.calibration give the full promise"
        )
    chosen_on = set(run.split["validation"]) & set(cases)
    if not chosen_on:
        return None
    return (
        f"{len(chosen_on)} of {len(cases)} calibration cases are validation cases, "
        "which chose the best epoch: new cases may fit less well, "
        "and promises hold less often; calibrate on cases that nothing was chosen on, "
        "as by --cases calibration or test:0.5"
    )


def calibration_path(run: Run, method: str) -> Path:
    """Where a run keeps a method's calibration."""
    return _path_in(run.path, method)


def _path_in(run: Path, method: str) -> Path:
    return run / "calibrations" / f"{method}.json"


def load_calibration(path: Path) -> Calibration:
    """A calibration, with the digest of the very bytes that were read.

    The digest tells it from another one.

    Raises:
        RunError: missing or damaged.
    """
    content = read_content(path, _AGAIN)
    calibration = parse_json(content, path, Calibration, _AGAIN)
    calibration.digest = hashlib.sha256(content).hexdigest()
    return calibration


def has_calibration(path: Path) -> bool:
    """Whether there is a calibration.

    Args:
        path: as `calibration_path` has it.

    Raises:
        RunError: a folder is in its place.
    """
    if path.is_dir():
        raise RunError(f"{path}: is a folder where a calibration belongs; move it away")
    return path.is_file()


def draw_options(run: Run, draws: Manifest) -> str:
    """The options of a command that draws the same samples of a run.

    Args:
        run: that is drawn from.
        draws: how the samples are made.
    """
    options = f"{method_options(draws.method)} --samples {draws.samples} --seed {draws.seed}"
    if draws.precision != run.config.prediction.precision:
        options += f" --precision {draws.precision}"
    if draws.skip_empty != run.config.prediction.skip_empty:
        options += f" --skip-empty {draws.skip_empty}"
    if draws.combine != run.config.prediction.combine:
        options += f" --combine {draws.combine}"
    return options


def how_to_calibrate(run: Run, draws: Manifest, *options: str) -> str:
    """What to do for a calibration of samples.

    Nothing is written into a model that comes with tfuq. Of samples that are combined otherwise
    than by their mean there is no calibration.

    Args:
        run: that is drawn from.
        draws: how the samples are made.
        options: further ones of ``tfuq calibrate``.
    """
    if draws.combine != MEAN:
        return f"predict with --combine {MEAN}, as a calibration is of the mean of samples"
    if is_shipped(run.path):
        return "copy the model, and calibrate the copy on cases of your own (docs/models.md)"
    words = ["run tfuq calibrate", str(run.path), draw_options(run, draws), *options]
    if run.split["test"] and not run.split.get("calibration"):
        words.append("--cases test:0.5")  # by default, it takes those set aside for it
    return " ".join(words)


def read_calibration(run: Run, draws: Manifest) -> Calibration:
    """The run's calibration of the samples that are about to be made.

    Args:
        run: that was calibrated.
        draws: how the samples will be made.

    Raises:
        RunError: there is none, it is damaged, or it was made of other samples or classes.
    """
    path = calibration_path(run, draws.method)
    command = how_to_calibrate(run, draws)
    if not has_calibration(path):
        raise RunError(f"{run.path}: is not calibrated for {draws.method}; {command}")
    calibration = load_calibration(path)
    calibration.require_fit(run.config, path)
    calibrated = calibration.draws
    if not calibrated.same_draws(draws):
        remedy = f"draw alike, or {how_to_calibrate(run, draws, '--overwrite')}"
        if calibrated.definitions < draws.definitions:
            # A version that listed no files left none to overwrite.
            remedy = f"move it away, and {command}"
        raise RunError(f"{path}: was made of {calibrated.described_against(draws)}; {remedy}")
    return calibration


def calibration_of(manifest: Manifest) -> Calibration | None:
    """The calibration that predictions were made with; None without one.

    Raises:
        RunError: the run has another one since.
    """
    if manifest.calibration is None:
        return None
    path = _path_in(Path(manifest.run), manifest.method)
    calibration = None
    if has_calibration(path):
        calibration = load_calibration(path)
    if calibration is None or calibration.digest != manifest.calibration:
        problem = "is not the calibration that these predictions were made with"
        raise RunError(f"{path}: {problem}; predict again with --overwrite")
    run = open_run(Path(manifest.run))
    calibration.require_fit(run.config, path)
    if not calibration.caveat:  # older ones do not say it
        calibration.caveat = selection_caveat(run, calibration.cases)
    return calibration
