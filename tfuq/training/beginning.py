"""Whether a run may go on: what it trains with is what it began with."""

from __future__ import annotations

from tfuq.data.cases import read_case_orientation
from tfuq.errors import RunError
from tfuq.runs import Run
from tfuq.tasks import FIRST_DEFINITION, task_of
from tfuq.training.material import Material, facts


def require_same_beginning(run: Run, material: Material) -> None:
    """Refuse to go on with a run whose examples, loss or scans differ from when it began.

    Args:
        run: The run.
        material: What it would be trained with now.

    Raises:
        RunError: The data changed, or another version of tfuq computed something otherwise.
    """
    _require_same_terms(run, material)
    _require_same_divergence(run, material)
    _require_same_warmup(run)
    _require_same_loss(run)
    _require_same_orientation(run, material)


def _require_same_terms(run: Run, material: Material) -> None:
    """Refuse to go on with a run whose loss was a mean over other terms when it began.

    Raises:
        RunError: The training examples differ, or an earlier version counted padding, or missing
            landmarks.
    """
    terms = material.training.terms
    first_terms = run.facts.get("likelihood_terms", terms)
    if first_terms != terms:
        unit = task_of(run.config).unit(run.config)
        raise RunError(
            f"{run.path}: began with {first_terms:,} {unit}s to learn from and now has {terms:,}, "
            "as its data changed or an earlier version of tfuq counted padding; "
            "pass --overwrite to train it anew"
        )


def _require_same_divergence(run: Run, material: Material) -> None:
    """Refuse to go on with a variational run whose KL scale was another when it began.

    Raises:
        RunError: An earlier version gave the KL divergence another share of the loss.
    """
    present = facts(run.config, material)
    for name in ("kl_scale", "code_kl_scale"):
        now = present[name]
        first = run.facts.get(name, now)
        if first != now:
            raise RunError(
                f"{run.path}: began with a {name} of {first} and now has {now}, as an earlier "
                "version of tfuq gave the KL divergence another share of the loss; "
                "pass --overwrite to train it anew"
            )


def _require_same_warmup(run: Run) -> None:
    """Refuse to go on with a run whose widths were held for other epochs when it began.

    Raises:
        RunError: An earlier version of tfuq held them for none unless it was asked to.
    """
    now = run.config.width_warmup_epochs
    first = run.facts.get("width_warmup_epochs", run.config.variational.width_warmup_epochs or 0)
    if first != now:
        raise RunError(
            f"{run.path}: began with a variational.width_warmup_epochs of {first} and now has "
            f"{now}, as an earlier version of tfuq inferred widths from the first epoch on; "
            "pass --overwrite to train it anew"
        )


def _require_same_loss(run: Run) -> None:
    """Refuse to go on with a run whose loss was defined otherwise when it began.

    Raises:
        RunError: Another version of tfuq defined the task's loss otherwise.
    """
    now = task_of(run.config).loss_definition(run.config)
    first = run.facts.get("loss_definition", FIRST_DEFINITION)
    if first != now:
        raise RunError(
            f"{run.path}: began with definition {first} of its loss and now has definition {now}, "
            "as another version of tfuq computed the loss otherwise; "
            "pass --overwrite to train it anew, or another --run"
        )


def _require_same_orientation(run: Run, material: Material) -> None:
    """Refuse to go on with a run that saw scans in another orientation when it began.

    Raises:
        RunError: The training cases lie otherwise now; or they differ in orientation, and an
            earlier version took each as it lay.
    """
    if "orientation" in run.facts:
        is_same = run.orientation == material.orientation
    else:
        names = {material.orientation}
        if material.orientation:
            names |= set(map(read_case_orientation, material.parts["train"]))
        is_same = len(names) == 1
    if not is_same:
        raise RunError(
            f"{run.path}: began with scans in another orientation than {material.orientation}, as "
            "its data changed or an earlier version of tfuq took each scan as it lay; "
            "pass --overwrite to train it anew"
        )
