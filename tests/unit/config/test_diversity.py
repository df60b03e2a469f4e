"""What kinds of diversity ask of the rest of a configuration."""

import pytest

from tests.conftest import settings
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
