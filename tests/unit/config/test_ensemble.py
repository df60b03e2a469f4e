"""The members of a run in a configuration."""

import pytest

from tests.conftest import settings
from tests.support.refusals import assert_config_refused
from tfuq.config import load, parse
from tfuq.config.ensemble import EnsembleConfig


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("ensemble.subset=1.0", ["ensemble.subset"]),
        ("ensemble.diversity=fold", ["ensemble.diversity", "'folds'", "value: 'fold'"]),
        ("ensemble={diversity: folds, subset: 0.5}", ["subset 0.5", "remove one of both"]),
        ("ensemble.prior_scale=0.1", ["prior_scale serves diversity anchored", "remove it"]),
        ("ensemble={diversity: anchored, prior_scale: 0}", ["ensemble.prior_scale"]),
        ("ensemble.strength=1.0", ["strength serves diversity negative-correlation and repulsive"]),
        ("ensemble={diversity: repulsive, strength: -1}", ["ensemble.strength"]),
    ],
)
def test_bad_values_are_refused_by_name(override, words):
    assert_config_refused(override, *words)


def test_folds_of_earlier_versions_are_the_folds_of_this_one(balls):
    now = EnsembleConfig(diversity="folds")
    assert EnsembleConfig.model_validate({"subset": "folds"}) == now
    text = settings(balls, "hybrid").dump()
    config = parse(text, ("ensemble.subset=folds",))
    assert config.has_folds
    assert config.ensemble.subset == "none"
    assert parse(config.dump()) == config
    assert parse(text.replace("subset: none", "subset: folds")) == config


def test_members_differ_by_their_seeds_where_nothing_is_said():
    ensemble = load("hippocampus").ensemble
    assert (ensemble.diversity, ensemble.subset) == ("seeds", "none")
