"""Training and sampling in a configuration."""

import pytest

from tests.support.refusals import assert_config_refused
from tfuq.config.learning import TrainingConfig


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("training.epochs=three", ["training.epochs", "'three'", "integer"]),
        ("training.epochs=0", ["training.epochs", "greater than 0", "0"]),
        ("training.epochs=2.5", ["training.epochs", "integer", "2.5"]),
        ("training.learning_rate=.inf", ["training.learning_rate", "finite"]),
        ("training.schedule=cosine_restarts", ["training.schedule", "'cyclical+plateau'"]),
        ("training.cache=ram", ["training.cache", "'memory', 'disk' or 'none'"]),
        ("training.cycle={epochs: 2}", ["cycle does not serve the schedule constant"]),
        ("training.plateau={factor: 0.5}", ["plateau does not serve the schedule constant"]),
        ("latent.backbone=bayesian", ["latent.backbone", "'point' or 'variational'"]),
        ("training.frozen=encoder*", ["training.frozen", "list"]),
        ("training.frozen=['']", ["training.frozen", "at least 1 character"]),
        ("latent.size=0", ["latent.size", "greater than 0"]),
        ("latent.encoder_widths=[]", ["latent.encoder_widths", "at least 1"]),
        ("training.loss.heatmap_sigma=0.1", ["heatmap_sigma", "greater than or equal to 0.5"]),
        ("prediction.samples=0", ["prediction.samples", "greater than or equal to 1"]),
        ("prediction.skip_empty=0.6", ["prediction.skip_empty", "from 0 to 0.5 (value: 0.6)"]),
        ("prediction.skip_empty=false", ["prediction.skip_empty", "'never'", "value: False"]),
        ("prediction.overlap=0.95", ["prediction.overlap", "less than or equal to 0.9"]),
    ],
)
def test_bad_values_are_refused_by_name(override, words):
    assert_config_refused(override, *words)


@pytest.mark.parametrize(
    ("schedule", "is_cyclical", "has_plateaus"),
    [
        ("constant", False, False),
        ("cosine", False, False),
        ("cyclical", True, False),
        ("plateau", False, True),
        ("cyclical+plateau", True, True),
    ],
)
def test_a_schedule_is_of_two_parts(schedule, is_cyclical, has_plateaus):
    training = TrainingConfig(schedule=schedule)
    assert (training.is_cyclical, training.has_plateaus) == (is_cyclical, has_plateaus)


def test_a_part_of_the_schedule_may_be_set_where_it_is_used():
    cycle = {"epochs": 3, "lowest": 0.5}
    assert TrainingConfig(schedule="cyclical", cycle=cycle).cycle.epochs == 3
    with pytest.raises(ValueError, match="plateau does not serve the schedule cyclical"):
        TrainingConfig(schedule="cyclical", plateau={"epochs": 3})


@pytest.mark.parametrize(
    ("written", "cache"), [(True, "memory"), (False, "none"), ("disk", "disk"), ("none", "none")]
)
def test_runs_of_earlier_versions_say_whether_cases_are_cached(written, cache):
    assert TrainingConfig(cache=written).cache == cache
