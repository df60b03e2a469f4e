"""Which runs may become models."""

from __future__ import annotations

import pytest

from tests.support.packed import WRITTEN, with_licence
from tfuq.errors import RunError
from tfuq.runs import Run
from tfuq.runs.models import Card, load_card
from tfuq.workflows.pack import checks
from tfuq.workflows.pack.checks import (
    require_name,
    require_quality,
    require_sharing,
    require_small,
)


@pytest.fixture
def run(trained):
    return with_licence(trained("mc-dropout"))


def card(licence: str) -> Card:
    return Card(**{**WRITTEN, "licence": licence})


@pytest.mark.parametrize("name", ["", "../other", "Lungs", "a b", "1st", ".."])
def test_names_that_are_no_names_of_models(name):
    with pytest.raises(RunError, match="give small letters, digits and hyphens"):
        require_name(name)


def test_names_of_models():
    require_name("hippocampus")
    require_name("lungs-2")


@pytest.mark.parametrize("licence", ["CC0", "CC BY 4.0", "MIT copy", "BSD", "public domain"])
def test_licences_that_allow_sharing(run, licence):
    require_sharing(with_licence(run, licence), card("CC BY 4.0"))


@pytest.mark.parametrize(
    "licence", ["CC BY-NC-SA 3.0", "CC BY-ND 4.0", "research use", "none", "MITRE", ""]
)
def test_licences_that_do_not_allow_sharing(run, licence):
    with pytest.raises(RunError, match="does not allow a model of the data to be shared"):
        require_sharing(with_licence(run, licence), card(licence or "none"))


def test_share_alike_asks_for_the_same_licence(run):
    alike = with_licence(run, "CC BY-SA 4.0")
    require_sharing(alike, card("CC BY-SA 4.0"))
    with pytest.raises(RunError, match=r"write licence: CC BY-SA 4.0"):
        require_sharing(alike, card("MIT"))


def test_a_phantom_is_refused(run):
    data = run.config.data.model_copy(update={"layout": "brain-phantom"})
    phantom = Run(run.path, run.config.model_copy(update={"data": data}))
    with pytest.raises(RunError, match="its data is a phantom"):
        require_sharing(phantom, card("CC BY 4.0"))


def test_a_run_that_does_not_know_its_training_images_is_refused(run, monkeypatch):
    monkeypatch.setattr(Run, "appearance", None)
    with pytest.raises(RunError, match="train it again"):
        require_sharing(run, card("CC BY 4.0"))


@pytest.fixture
def packed(model):
    return load_card(model / "card.yaml").packed


def score_of(packed, **changes):
    return packed.test.model_copy(update=changes)


def test_a_model_that_loses_by_half_precision_is_refused(run, packed):
    require_quality(run, score_of(packed, value=0.899, value_before=0.9), None)
    with pytest.raises(RunError, match=r"0\.9000 with the run's weights and 0\.8970"):
        require_quality(run, score_of(packed, value=0.897, value_before=0.9), None)


def test_of_errors_the_larger_is_worse(run, packed):
    error = score_of(packed, metric="radial_error_mm", better="lower", value=1.9, value_before=2.0)
    require_quality(run, error, None)
    with pytest.raises(RunError, match="worse"):
        require_quality(run, error.model_copy(update={"value": 2.1}), None)


def test_a_better_model_is_not_replaced(run, packed):
    earlier = packed.model_copy(update={"test": score_of(packed, value=0.9)})
    require_quality(run, score_of(packed, value=0.91, value_before=0.91), earlier)
    with pytest.raises(RunError, match=r"0\.8000 is worse than 0\.9000 of the model"):
        require_quality(run, score_of(packed, value=0.8, value_before=0.8), earlier)


def test_a_model_of_another_metric_is_no_rival(run, packed):
    accurate = score_of(packed, metric="accuracy", value=0.99)
    earlier = packed.model_copy(update={"test": accurate})
    require_quality(run, score_of(packed, value=0.8, value_before=0.8), earlier)


def test_a_large_model_is_refused(run, model, monkeypatch):
    require_small(run, model)
    monkeypatch.setattr(checks, "MOST_BYTES", 1000)
    with pytest.raises(RunError, match=r"MB as a model, and 0\.001 MB is the most"):
        require_small(run, model)
