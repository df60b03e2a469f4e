"""What figures are plotted from."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from tfuq.report.scored import ScoredFolder
from tfuq.scoring.evaluation import Scores


def test_what_figures_are_plotted_from_is_named_and_stays():
    scores = Scores(cases=[], summary={})
    scored = ScoredFolder(path=Path("p"), run=None, reference=None, scores=scores)
    assert scored.scores is scores
    with pytest.raises(FrozenInstanceError):
        scored.path = Path("q")
    with pytest.raises(TypeError):
        ScoredFolder(Path("p"), None, None, scores)
