"""Where scores and doses go, and the predictions that they are of."""

from pathlib import Path

import pytest

from tfuq.scoring.evaluation.outputs import default_output, dose_output, predictions_of


@pytest.mark.parametrize(
    ("predictions", "scores", "doses"),
    [
        ("run/predictions/vi", "run/scores/vi", "run/doses/vi"),
        ("elsewhere", "elsewhere/scores", "elsewhere/doses"),
    ],
)
def test_scores_lie_beside_predictions(predictions, scores, doses, tmp_path):
    folder = tmp_path / predictions
    assert default_output(folder) == tmp_path / scores
    assert dose_output(folder) == tmp_path / doses
    assert predictions_of(default_output(folder)) == Path(folder).resolve()
