"""What scores are: bounds, and which scores and measures a task has."""

import numpy as np
import pytest

from tfuq.scoring.metrics import LEVELS, MEASURES, METRICS, highest, metrics_of


def test_every_metric_is_of_a_task():
    tasks = ("segmentation", "classification", "landmarks")
    assert {name for task in tasks for name in metrics_of(task)} == set(METRICS)
    assert metrics_of("landmarks") == ["radial_error_mm", "radial_error_px"]
    assert "dice" not in metrics_of("classification")
    assert "nll" in metrics_of("classification")
    assert "nll" in metrics_of("segmentation")


@pytest.mark.parametrize("classes", [2, 5])
def test_the_highest_value_of_a_measure_is_that_of_the_least_certain_samples(classes):
    """Samples that all differ have the largest ratio, those of 0 and 1 the largest deviation."""
    uniform = np.full(classes, 1 / classes)
    entropy = -(uniform * np.log(uniform)).sum()
    expected = dict.fromkeys(MEASURES, entropy)
    expected["variation_ratio"] = 1 - uniform.max()
    expected["standard_deviation"] = np.std([0.0, 1.0])
    assert {name: highest(name, classes) for name in MEASURES} == pytest.approx(expected)


def test_scores_that_change_with_the_number_of_samples_alone():
    assert {name for name, metric in METRICS.items() if metric.depends_on_samples} == {
        "ged",
        "volumes_covered",
    }
    assert LEVELS == ("case", "structure", "component", "landmark")
