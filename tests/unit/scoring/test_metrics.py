"""What scores are: bounds, and which scores and measures a task has."""

from tfuq.measures.catalogue import OF_VOXELS, names_of
from tfuq.scoring.metrics import LEVELS, METRICS, metrics_of


def test_every_metric_is_of_a_task():
    tasks = ("segmentation", "classification", "landmarks")
    assert {name for task in tasks for name in metrics_of(task)} == set(METRICS)
    assert metrics_of("landmarks") == ["radial_error_mm", "radial_error_px"]
    assert "dice" not in metrics_of("classification")
    assert "nll" in metrics_of("classification")
    assert "nll" in metrics_of("segmentation")


def test_every_map_is_scored_by_the_errors_that_it_finds():
    for name in names_of(OF_VOXELS):
        auroc = METRICS[f"auroc_{name}"]
        correlation = METRICS[f"ncc_{name}"]
        assert (auroc.low, auroc.high, auroc.better) == (0, 1, "higher")
        assert (correlation.low, correlation.high, correlation.better) == (-1, 1, "higher")


def test_scores_that_change_with_the_number_of_samples_alone():
    assert {name for name, metric in METRICS.items() if metric.depends_on_samples} == {
        "ged",
        "volumes_covered",
    }
    assert LEVELS == ("case", "structure", "component", "landmark")
