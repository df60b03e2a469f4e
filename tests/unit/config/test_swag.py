"""The method swag in a configuration."""

import pytest

from tests.conftest import settings
from tfuq.config import fold_overrides, parse
from tfuq.config.swag import check_swag, deviations_held, first_epoch_taken, iterates_taken


def test_weights_are_taken_in_the_late_epochs(tmp_path):
    config = settings(
        tmp_path, "swag", training={"epochs": 9}, swag={"start": 0.5, "per_epoch": 2, "rank": 5}
    )
    check_swag(config)
    assert (first_epoch_taken(config), iterates_taken(config), deviations_held(config)) == (
        4,
        10,
        5,
    )
    assert iterates_taken(config, steps=1) == 5


def test_its_members_are_gaussians_of_their_own(tmp_path):
    config = settings(tmp_path, "swag", swag={"members": 3})
    assert config.members == 3
    folds = parse(config.dump(), fold_overrides("swag", 4))
    assert (folds.method, folds.members, folds.has_folds) == ("swag", 4, True)


CYCLES = {"schedule": "cyclical", "cycle": {"epochs": 1}, "epochs": 2}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"swag": {"per_epoch": 1}}, "takes weights 1 time.* set swag.per_epoch to 2"),
        ({"network": {"normalization": "batch"}}, "set network.normalization: group"),
        ({"network": {"upsampling": "transposed"}}, "set network.upsampling: nearest"),
        ({"training": {"ema": 0.9}}, "set training.ema: null"),
        ({"training": {"early_stopping_epochs": 2}}, "leave it out"),
        (
            {
                "training": CYCLES,
                "swag": {"members": 2},
                "ensemble": {"diversity": "snapshots"},
            },
            "set ensemble.diversity: seeds",
        ),
    ],
)
def test_what_does_not_go_with_it_is_refused(tmp_path, changes, words):
    with pytest.raises(ValueError, match=words):
        settings(tmp_path, "swag", **changes)
    settings(tmp_path, "ensemble", **changes)
