"""Packing: from a trained run to a model, small enough to be shipped, with what was measured."""

from __future__ import annotations

import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tfuq.config import TASKS
from tfuq.data.cases import Case
from tfuq.data.events import SILENT, Observer
from tfuq.data.writers import whole_folder, write_text
from tfuq.prediction import cases_of_test_split, make_predictor, predict, request_of
from tfuq.runs import Run
from tfuq.runs.models import CARD, Model, Packed, Score, checksum_of, load_card, open_model
from tfuq.runs.provenance import tfuq_version
from tfuq.runs.results import MANIFEST, read_manifest
from tfuq.scoring.evaluation import score_folder
from tfuq.workflows.pack.checks import (
    require_name,
    require_quality,
    require_sharing,
    require_small,
)
from tfuq.workflows.pack.files import STORED_AS, without_places, write_run

__all__ = ["pack"]

_KIND = "model"  # of the folder


def pack(
    run: Run, name: str, folder: Path, card: Path | None = None, *, observer: Observer = SILENT
) -> Model:
    """Pack a run as a model, in the place of an earlier model of that name.

    Both the run and the model predict the test split by the run's own method, and are scored.

    Args:
        run: The run, with its data set.
        name: The name of the model.
        folder: The folder of models.
        card: The file of the first part of the card; None for the card of the earlier model.
        observer: Is notified of cases that are predicted and scored.

    Returns:
        The model.

    Raises:
        RunError: The run cannot be shared, is too large, or loses by the packing; or the earlier
            model is better.
        ConfigError: The card cannot be read.
    """
    require_name(name)
    target = folder / name
    earlier = None
    if (target / CARD).is_file():
        earlier = load_card(target / CARD).packed
    written = load_card(card or target / CARD)
    require_sharing(run, written)
    cases = cases_of_test_split(run)
    with tempfile.TemporaryDirectory(prefix="tfuq-") as scratch:
        trial = Run(Path(scratch) / "run", run.config)
        parameters = write_run(run, trial.path, run.config)
        test = _test(run, trial, cases, Path(scratch), _command(name, cases), observer)
    require_quality(run, test, earlier)
    with whole_folder(target, _KIND) as draft:
        write_run(run, draft, without_places(run.config))
        packed = Packed(
            tfuq=tfuq_version(),
            made=datetime.now(timezone.utc).date(),
            training_cases=len(run.split["train"]),
            parameters=parameters,
            stored_as=STORED_AS,
            length=cases[0].unit.length,
            test=test,
            checksum=checksum_of(draft),
        )
        write_text(draft / CARD, written.model_copy(update={"packed": packed}).dump())
        require_small(run, draft)
    return open_model(str(target))


def _command(name: str, cases: list[Case]) -> str:
    """How others come to the score, with the data set at hand."""
    return (
        f"tfuq predict --model {name} SCANS --out test; tfuq score test --reference LABELS; of the "
        f"{len(cases)} test cases that splits.json lists"
    )


def _test(
    run: Run, trial: Run, cases: list[Case], scratch: Path, command: str, observer: Observer
) -> Score:
    """Score a run before and after the packing.

    Args:
        run: The run.
        trial: The same, as it is packed.
        cases: The test cases.
        scratch: A folder for predictions.
        command: How others come to the score.
        observer: Is notified of cases.
    """
    before, _ = _scored(run, cases, scratch / "before", observer)
    after, samples = _scored(trial, cases, scratch / "packed", observer)
    quality = TASKS[run.config.task].quality
    metric = next(name for name in (quality, f"{quality}_mm", f"{quality}_px") if name in after)
    return Score(
        metric=metric,
        unit=after[metric]["unit"],
        better=after[metric]["better"],
        cases=len(cases),
        value=after[metric]["mean"],
        value_before=before[metric]["mean"],
        method=run.config.method,
        samples=samples,
        command=command,
    )


def _scored(
    run: Run, cases: list[Case], folder: Path, observer: Observer
) -> tuple[dict[str, Any], int]:
    """Predict cases and score them; the run's own predictions serve where it has the same.

    Args:
        run: The run.
        cases: The cases.
        folder: Where to predict otherwise.
        observer: Is notified of cases.

    Returns:
        Scores over all structures by metric, and the number of samples T.
    """
    method = run.config.method
    predictor = make_predictor(run, request_of(run.config, method, None, None))
    earlier = run.predictions(method)
    if (earlier / MANIFEST).is_file() and read_manifest(earlier).same_draws(predictor.manifest()):
        folder = earlier  # cases that are complete there are kept
    predict(predictor, cases, folder, observer=observer)
    summary = score_folder(folder, None, observer=observer).summary
    return summary["scores"]["all"], predictor.samples
