"""How a prediction combines its samples."""

from dataclasses import replace

import pytest

from tests.support.drawn import make_finished_run
from tfuq.data.writers import write_csv
from tfuq.errors import RunError
from tfuq.measures.reducers.combined import LogitMean, MajorityShare
from tfuq.prediction import request_of
from tfuq.prediction.combination import (
    combination_reducers,
    member_weights,
    require_combination,
)
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.weighted_mean import WeightedMean

POSTERIOR = Posterior([None, None])


@pytest.fixture
def run(balls, tmp_path):
    """A hybrid of two members; the second is better after its first epoch than at the end."""
    run = make_finished_run(tmp_path / "run", "segmentation", balls)
    for member, nlls in enumerate([(0.4, 0.2), (0.1, 0.3)]):
        rows = []
        for epoch, nll in enumerate(nlls, start=1):
            rows.append({"epoch": epoch, "loss": 1.0, "val_loss": nll / 2, "val_nll": nll})
        write_csv(run.member(member) / "history.csv", rows)
    return run


def asked(run, combine, **more):
    return replace(request_of(run.config, "hybrid", 4, 0, combine=combine), **more)


def test_a_member_weighs_one_over_the_nll_of_the_epoch_that_it_keeps(run):
    assert member_weights(run, [0, 1]) == pytest.approx([1 / 3, 2 / 3])
    assert member_weights(run, [1]) == [1.0]


def test_a_member_with_overrides_keeps_the_epoch_of_its_own_figure(run):
    """By Dice, the second member keeps its last epoch: their NLL there is 0.2 and 0.3."""
    overrides = [{}, {"training.monitor": "dice"}]
    ensemble = run.config.ensemble.model_copy(
        update={"diversity": "overrides", "overrides": overrides}
    )
    config = run.config.model_copy(update={"ensemble": ensemble})
    path = run.member(1) / "history.csv"
    path.write_text(
        "epoch,loss,val_loss,val_nll,val_dice\n1,1.0,0.05,0.1,0.5\n2,1.0,0.15,0.3,0.6\n"
    )
    assert member_weights(replace(run, config=config), [0, 1]) == pytest.approx([0.6, 0.4])


@pytest.mark.parametrize(
    ("combine", "kinds"),
    [
        ("mean", []),
        ("staple", []),
        ("logits", [LogitMean]),
        ("majority", [MajorityShare]),
        ("weighted", [WeightedMean]),
    ],
)
def test_reducers_are_those_of_the_combination(run, combine, kinds):
    reducers = combination_reducers(run, asked(run, combine), POSTERIOR, [0, 1])
    assert [type(reducer) for reducer in reducers] == kinds


@pytest.mark.parametrize(
    ("combine", "more", "members", "samples", "words"),
    [
        ("majority", {}, [0], 1, "hybrid draws one"),
        ("staple", {}, [0], 1, "hybrid draws one"),
        ("weighted", {}, [0], 4, "hybrid draws from one here"),
        ("logits", {"is_calibrated": True}, [0, 1], 4, "a calibration is of their mean"),
    ],
)
def test_what_makes_no_sense_is_refused(run, combine, more, members, samples, words):
    with pytest.raises(RunError, match=f"--combine {combine}: .*{words}; pass --combine mean"):
        require_combination(run, asked(run, combine, **more), members, samples)
    require_combination(run, asked(run, "mean", **more), members, samples)


@pytest.mark.parametrize("rows", [None, [], [{"epoch": 1, "loss": 1.0, "val_loss": 0.5}]])
def test_a_history_that_does_not_say_the_nll_is_refused(run, rows):
    path = run.member(1) / "history.csv"
    path.unlink()
    if rows is not None:
        path.write_text("epoch,loss,val_loss\n" + "1,1.0,0.5\n" * len(rows))
    with pytest.raises(RunError, match=r"does not say val_nll.*; pass --combine mean"):
        member_weights(run, [0, 1])
