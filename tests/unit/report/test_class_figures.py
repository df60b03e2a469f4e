"""Which figures predictions of classes have."""

import numpy as np

from tests.support.figures import titles
from tests.support.scored import scored_folder
from tfuq.report.class_figures import classification_figures


def test_predictions_without_votes_are_ordered_by_entropy(scored_tasks):
    scored = scored_folder(scored_tasks["classification"][0])
    figures = dict(classification_figures(scored))
    assert list(figures) == ["extremes", "rejection", "confusion"]
    cells = [int(text.get_text()) for text in figures["confusion"].axes[0].texts]
    assert cells == np.ravel(scored.scores.summary["confusion"]).tolist()
    wrong = [row for row in scored.scores.cases if not row["accuracy"]]
    first = min(wrong, key=lambda row: row["predictive_entropy"])
    expected = f"truth {first['truth']}, predicted {first['label']}"
    assert titles(figures["extremes"])[0].split("\n")[1] == expected
