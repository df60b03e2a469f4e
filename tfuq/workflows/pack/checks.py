"""Which runs may become models: those that may be shared, are small, and lose nothing by it."""

from __future__ import annotations

import re
from pathlib import Path

from tfuq.data.layouts import PHANTOM_LAYOUTS
from tfuq.errors import RunError
from tfuq.runs import Run
from tfuq.runs.models import Card, Packed, Score, size_of

MOST_BYTES = 5_000_000  # of a model
MOST_LOSS = 0.002  # of the quality, as a share of it
# Licences of data that allow to share what is made of the data. "-NC" and "-ND" do not.
_SHARED = re.compile(r"(CC0|CC BY(-SA)?|MIT|Apache|BSD|public domain)(?![\w-])", re.IGNORECASE)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
_SHARED_ALIKE = "CC BY-SA"


def require_name(name: str) -> None:
    """Refuse a name that is not easily typed, or names another folder.

    Args:
        name: The name of a model.

    Raises:
        RunError: It is such a name.
    """
    if not _NAME.fullmatch(name):
        raise RunError(
            f"model name '{name:.80}': give small letters, digits and hyphens, the first a letter, "
            "as in hippocampus"
        )


def require_sharing(run: Run, card: Card) -> None:
    """Refuse a run that must not be shared, or that cannot say which scans it takes.

    Args:
        run: The run.
        card: The card of the model.

    Raises:
        RunError: The licence of the data does not allow it, or asks for another licence of the
            model; the data is a phantom; or the run is by an earlier version.
    """
    data = run.config.data
    licence = data.licence or ""
    if not _SHARED.match(licence):
        raise RunError(
            f"{run.path}: data.licence '{licence}' does not allow a model of the data to be "
            "shared; allowed are CC0, CC BY, CC BY-SA, MIT, Apache, BSD and public domain"
        )
    if licence.startswith(_SHARED_ALIKE) and card.licence != licence:
        raise RunError(
            f"{run.path}: the data's licence {licence} asks for the same licence of the model, and "
            f"the card has '{card.licence}'; write licence: {licence} there"
        )
    if data.layout in PHANTOM_LAYOUTS:
        raise RunError(
            f"{run.path}: its data is a phantom, so a model of it is of no use; pack a run of real "
            "data"
        )
    if run.appearance is None:
        raise RunError(
            f"{run.path}: does not say what its training images look like, as it is by an earlier "
            "version; train it again"
        )


def require_quality(run: Run, test: Score, earlier: Packed | None) -> None:
    """Refuse a model that half precision has made worse, or that replaces a better one.

    Args:
        run: The run.
        test: Its score before and after packing.
        earlier: What was measured of the model that would be replaced; None without one.

    Raises:
        RunError: It is worse, by more than `MOST_LOSS`.
    """
    if _is_worse(test, test.value, test.value_before):
        raise RunError(
            f"{run.path}: {test.metric} is {test.value_before:.4f} with the run's weights and "
            f"{test.value:.4f} with half precision, worse by more than {MOST_LOSS:.1%}; pack "
            "another run"
        )
    if earlier is None or earlier.test.metric != test.metric:
        return
    if _is_worse(test, test.value, earlier.test.value):
        raise RunError(
            f"{run.path}: {test.metric} {test.value:.4f} is worse than {earlier.test.value:.4f} of "
            "the model that it would replace; pack a better run, or remove that model first"
        )


def _is_worse(test: Score, value: float, than: float) -> bool:
    loss = value - than
    if test.better == "higher":
        loss = than - value
    return loss > MOST_LOSS * abs(than)


def require_small(run: Run, folder: Path) -> None:
    """Refuse a model that is too large to be shipped.

    Args:
        run: The run.
        folder: The folder of the model.

    Raises:
        RunError: It is larger than `MOST_BYTES`.
    """
    size = size_of(folder)
    if size > MOST_BYTES:
        raise RunError(
            f"{run.path}: takes {size / 1e6:.1f} MB as a model, and {MOST_BYTES / 1e6:g} MB is the "
            "most; train fewer members, or a network with fewer filters"
        )
