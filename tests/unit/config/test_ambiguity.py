"""The sections of the methods whose samples are labels that raters might draw."""

import pytest

from tests.conftest import settings, task_settings
from tfuq.config import OF_LABELS, fold_overrides
from tfuq.config.ambiguity import ProbabilisticConfig, StochasticConfig


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"probabilistic": {"size": 0}}, "probabilistic.size"),
        ({"probabilistic": {"beta": -1.0}}, "probabilistic.beta"),
        ({"probabilistic": {"decoder_widths": []}}, "probabilistic.decoder_widths"),
        ({"stochastic": {"rank": 0}}, "stochastic.rank"),
        ({"stochastic": {"draws": 1}}, "stochastic.draws"),
        ({"stochastic": {"colour": 1}}, "stochastic.colour"),
    ],
)
def test_values_out_of_range_are_refused(tmp_path, changes, words):
    with pytest.raises(ValueError, match=words):
        settings(tmp_path, "mc-dropout", 2, **changes)


@pytest.mark.parametrize("method", OF_LABELS)
@pytest.mark.parametrize("task", ["classification", "landmarks"])
def test_other_tasks_have_no_map_of_labels(tmp_path, method, task):
    with pytest.raises(ValueError, match=f"method {method} serves segmentation"):
        task_settings(task, tmp_path, method)


def test_logits_have_one_distribution(tmp_path):
    network = {"heteroscedastic": True}
    with pytest.raises(ValueError, match=r"network\.heteroscedastic gives logits a variance"):
        settings(tmp_path, "stochastic-segmentation", 2, network=network)
    assert settings(tmp_path, "probabilistic-unet", 2, network=network).network.heteroscedastic


@pytest.mark.parametrize(
    ("method", "section"),
    [("probabilistic-unet", "probabilistic"), ("stochastic-segmentation", "stochastic")],
)
def test_members_are_those_of_the_own_section(tmp_path, method, section):
    assert settings(tmp_path, method, 2).members == 1
    assert settings(tmp_path, method, 2, **{section: {"members": 3}}).members == 3
    assert f"{section}.members=4" in fold_overrides(method, 4)


def test_a_configuration_has_the_papers_sizes(tmp_path):
    """A code of 6 numbers (Kohl et al. 2018) and a rank of 10 (Monteiro et al. 2020)."""
    config = settings(tmp_path, "mc-dropout", 2)
    assert config.probabilistic == ProbabilisticConfig(size=6, beta=1.0)
    assert config.stochastic == StochasticConfig(rank=10)
