"""How measures tell two sets apart, against sklearn."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tfuq.data.writers import write_csv
from tfuq.scoring.evaluation.ood import out_of_distribution


def write_predictions(folder, entropies, **more):
    rows = []
    for number, entropy in enumerate(entropies):
        p = {"probability_0": 0.5, "probability_1": 0.5}
        rows.append({"case": f"c{number}", **p, "predictive_entropy": entropy, **more})
    write_csv(folder / "predictions.csv", rows)
    return folder


def test_the_uncertain_are_those_from_elsewhere(tmp_path):
    rng = np.random.default_rng(0)
    inside, outside = rng.random(30).round(2), (rng.random(20) + 0.4).round(2)
    found = out_of_distribution(
        write_predictions(tmp_path / "a", inside),
        write_predictions(tmp_path / "b", outside),
        ["0", "1"],
    )
    row = found["predictive_entropy"]
    expected = roc_auc_score(np.repeat([0, 1], [30, 20]), np.concatenate([inside, outside]))
    assert row["auroc"] == pytest.approx(expected)
    assert row["auroc_lower"] < expected < row["auroc_upper"]


def test_a_measure_that_one_of_them_lacks_has_no_row(tmp_path):
    """One was predicted with a single sample."""
    both = write_predictions(tmp_path / "a", [0.1, 0.2], variation_ratio=0.1)
    one = write_predictions(tmp_path / "b", [0.3, 0.4])
    assert list(out_of_distribution(both, one, ["0", "1"])) == ["predictive_entropy"]
