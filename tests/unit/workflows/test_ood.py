"""A set from elsewhere is told from a run's own predictions by how uncertain they are."""

import numpy as np
import pytest
from PIL import Image

from tests.support.drawn import make_finished_run, make_given_predictor
from tests.support.made import make_run, make_scores
from tfuq.data.writers import write_json
from tfuq.errors import RunError
from tfuq.measures.catalogue import maps_of
from tfuq.prediction import cases_of_test_split, predict
from tfuq.workflows.ood import score_elsewhere


def uncertain(value):
    """A draw of ten equal probabilities whose measures all have a value."""

    def draw(images, samples):
        p = np.full((len(images), 10), 0.1)
        return {"probability": p, "votes": p} | {
            name: np.full(len(images), value) for name in maps_of(2)
        }

    return draw


@pytest.fixture
def predictions(digits, tmp_path):
    """Five digits whose measures are 0.2."""
    run = make_finished_run(tmp_path / "run", "classification", digits)
    predictor = make_given_predictor(run, uncertain(0.2))
    folder = run.predictions("mc-dropout")
    predict(predictor, cases_of_test_split(run)[:5], folder)
    return folder


@pytest.fixture
def elsewhere(tmp_path):
    (tmp_path / "letters").mkdir()
    for name in ("a", "b", "c"):
        pixels = np.random.default_rng(0).integers(0, 255, (28, 28), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "letters" / f"{name}.png")
    return tmp_path / "letters"


@pytest.mark.parametrize(
    ("value", "auroc", "fpr95"), [(0.3, 1.0, 0.0), (0.1, 0.0, 1.0), (0.2, 0.5, 1.0)]
)
def test_cases_from_elsewhere_are_positive(
    predictions, elsewhere, monkeypatch, value, auroc, fpr95
):
    monkeypatch.setattr(
        "tfuq.workflows.ood.make_predictor",
        lambda run, request: make_given_predictor(run, uncertain(value)),
    )
    found = score_elsewhere(predictions, str(elsewhere))
    assert {(row["auroc"], row["fpr95"]) for name, row in found.items() if name in maps_of(2)} == {
        (auroc, fpr95)
    }
    assert (predictions.parent / "mc-dropout-ood-letters" / "predictions.csv").is_file()


def test_a_run_that_draws_otherwise_now_is_refused(predictions, elsewhere, monkeypatch):
    monkeypatch.setattr(
        "tfuq.workflows.ood.make_predictor",
        lambda run, request: make_given_predictor(run, uncertain(0.3)),
    )
    write_json(predictions.parents[1] / "members" / "0" / "done", {"digest": "e" * 64})
    with pytest.raises(RunError, match="draws otherwise now; predict again with --overwrite"):
        score_elsewhere(predictions, str(elsewhere))


def test_other_tasks_are_refused(heads, tmp_path):
    run = make_run(tmp_path / "heads", "landmarks", heads)
    make_scores(run, "hybrid", most=2)
    with pytest.raises(
        RunError, match=r"--ood: .* is a run of landmarks; it serves classification"
    ):
        score_elsewhere(run.predictions("hybrid"), str(tmp_path))
