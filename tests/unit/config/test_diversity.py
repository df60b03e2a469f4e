"""What kinds of diversity ask of the rest of a configuration."""

import pytest

from tests.conftest import settings, task_settings
from tfuq.config.diversity import check_diversity

FOLDS = {"diversity": "folds"}


def test_seeds_ask_for_nothing(tmp_path):
    config = settings(tmp_path, "deterministic")
    check_diversity(config)


@pytest.mark.parametrize(
    ("method", "changes", "words"),
    [
        ("mc-dropout", {}, "needs two members or more, and method mc-dropout has 1"),
        ("ensemble", {"training": {"early_stopping_epochs": 2}}, "keeps each fold unseen"),
        ("ensemble", {"data": {"split": {"fold": 0}}}, "takes one fold"),
    ],
)
def test_what_does_not_go_with_folds_is_refused(tmp_path, method, changes, words):
    with pytest.raises(ValueError, match=words):
        settings(tmp_path, method, ensemble=FOLDS, **changes)


CYCLES = {"schedule": "cyclical", "cycle": {"epochs": 2}}


@pytest.mark.parametrize(
    ("method", "changes", "words"),
    [
        ("ensemble", {"training": {"epochs": 4}}, "set training.schedule: cyclical"),
        ("ensemble", {"training": {"epochs": 5, **CYCLES}}, "set training.epochs: 4"),
        ("ensemble", {"training": {"epochs": 2, **CYCLES}}, "2 members of 2 whole cycles"),
        (
            "ensemble",
            {"training": {"epochs": 4, **CYCLES, "early_stopping_epochs": 1}},
            "trains all cycles to their ends",
        ),
        (
            "vi",
            {
                "training": {"epochs": 4, **CYCLES},
                "variational": {"members": 2, "width_warmup_epochs": 2},
            },
            "holds the widths of the first snapshot, of epoch 2",
        ),
        (
            "ensemble",
            {
                "training": {"epochs": 4, **CYCLES},
                "ensemble": {"diversity": "snapshots", "subset": "bootstrap"},
            },
            "one training for all; remove one of both",
        ),
    ],
)
def test_what_does_not_go_with_snapshots_is_refused(tmp_path, method, changes, words):
    sections = {"ensemble": {"diversity": "snapshots"}} | changes
    with pytest.raises(ValueError, match=words):
        settings(tmp_path, method, **sections)


def test_too_few_cycles_are_one_fault_of_a_method_without_widths(tmp_path):
    """Five members of two epochs each do not end within two epochs."""
    ensemble = {"diversity": "snapshots", "members": 5}
    training = {"epochs": 2, **CYCLES}
    with pytest.raises(ValueError, match="5 members of 5 whole cycles") as refusal:
        settings(tmp_path, "ensemble", ensemble=ensemble, training=training)
    assert "width_warmup_epochs" not in str(refusal.value)


def test_snapshots_of_any_last_cycles_are_taken(tmp_path):
    for epochs in (4, 6):
        training = {"epochs": epochs, **CYCLES}
        config = settings(
            tmp_path, "hybrid", training=training, ensemble={"diversity": "snapshots"}
        )
        assert config.keeps_last_epoch


@pytest.mark.parametrize("kind", ["anchored", "negative-correlation", "repulsive"])
@pytest.mark.parametrize(
    ("method", "changes", "words"),
    [
        ("mc-dropout", {}, "needs two members or more"),
        ("vi", {"variational": {"members": 2}}, "serves methods with point weights"),
    ],
)
def test_members_with_priors_and_members_together_are_ensembles(
    tmp_path, kind, method, changes, words
):
    settings(tmp_path, "hybrid", ensemble={"diversity": kind})
    with pytest.raises(ValueError, match=words):
        settings(tmp_path, method, ensemble={"diversity": kind}, **changes)


def test_anchors_and_weight_decay_are_two_priors(tmp_path):
    with pytest.raises(ValueError, match=r"remove training\.weight_decay"):
        settings(
            tmp_path,
            "ensemble",
            ensemble={"diversity": "anchored"},
            training={"weight_decay": 0.1},
        )


@pytest.mark.parametrize("kind", ["negative-correlation", "repulsive"])
@pytest.mark.parametrize("changes", [{"subset": 0.5}, {"adversarial_epsilon": 0.1}])
def test_members_together_have_the_same_examples(tmp_path, kind, changes):
    key = next(iter(changes))
    with pytest.raises(ValueError, match=rf"remove ensemble\.{key}"):
        settings(tmp_path, "ensemble", ensemble={"diversity": kind, **changes})


@pytest.mark.parametrize("kind", ["negative-correlation", "repulsive"])
def test_heatmaps_that_are_no_distributions_are_refused(tmp_path, kind):
    def landmarks(loss):
        return task_settings(
            "landmarks",
            tmp_path,
            "ensemble",
            ensemble={"diversity": kind},
            training={"loss": {"name": loss}},
        )

    landmarks("heatmap-cross-entropy")
    with pytest.raises(ValueError, match="heatmaps of heatmap-mse are none"):
        landmarks("heatmap-mse")
