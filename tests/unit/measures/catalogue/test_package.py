"""The catalogue has every measure that scores and predictions have, and what failures are ranked by."""

import csv

import pytest

from tfuq.data.json_csv import is_text
from tfuq.measures import catalogue
from tfuq.measures.catalogue import MEASURES, is_ranked, maps_of, ranked_at, unit_of_all
from tfuq.report.shift import QUANTITIES
from tfuq.scoring.metrics import METRICS

# Numbers that say neither how good nor how certain a prediction is.
OTHERS = {
    "volume_reference_mm3",
    "area_reference_px2",
    "detection_frequency",
    "false_positive",
    "lesion",
    "relative_activation",
    "voxels",
}
TABLES = ("cases.csv", "structures.csv", "components.csv")
PREDICTIONS_MAPS = (
    "predictive_entropy",
    "expected_entropy",
    "mutual_information",
    "variation_ratio",
    "standard_deviation",
)


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_each_column_of_the_scores_is_a_score_or_a_measure(scored_tasks, task):
    for folder in scored_tasks[task]:
        for name in TABLES:
            path = folder / name
            if path.is_file():
                with path.open(newline="", encoding="utf-8") as file:
                    columns = next(csv.reader(file))
                numbers = {column for column in columns if not is_text(column)}
                assert numbers - METRICS.keys() - MEASURES.keys() <= OTHERS


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_each_measure_that_failures_are_ranked_by_has_an_orientation(scored_tasks, task):
    for folder in scored_tasks[task]:
        with (folder / "failure.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert rows
        for row in rows:
            assert MEASURES[row["measure"]].orientation is not None
            assert row["level"].split(" ")[0] in ("case", *MEASURES[row["measure"]].levels)


def test_no_measure_is_a_score():
    assert not MEASURES.keys() & METRICS.keys()


def test_those_that_are_higher_where_more_certain_are_four():
    certain = {name for name, measure in MEASURES.items() if measure.orientation == "more certain"}
    assert certain == {"pairwise_dice", "max_activation", "maximum_probability", "learned_dice"}


@pytest.mark.parametrize(("samples", "expected"), [(1, PREDICTIONS_MAPS[:1]), (2, PREDICTIONS_MAPS), (30, PREDICTIONS_MAPS)])  # fmt: skip
def test_maps_that_a_number_of_samples_has(samples, expected):
    assert maps_of(samples) == expected


def test_structures_are_ranked_by_what_failures_were_always_ranked_by():
    assert ranked_at("structure") == (
        "pairwise_dice",
        "coefficient_of_variation",
        "volume_dispersion",
        "labelled_uncertainty",
        "mean_entropy",
        "mean_mutual_information",
        "boundary_entropy",
        "boundary_mutual_information",
    )


@pytest.mark.parametrize(
    ("name", "level"),
    [("volume_mm3", "structure"), ("dice", "structure"), ("pairwise_dice", "voxel")],
)
def test_a_size_a_score_and_a_measure_of_something_else_rank_nothing(name, level):
    assert not is_ranked(name, level)


def test_a_summand_that_is_biased_is_a_measure_with_the_bias_of_a_variance():
    summands = [measure.biased_summand for measure in MEASURES.values() if measure.biased_summand]
    assert {MEASURES[name].bias for name in summands} == {"variance"}


def test_all_names_in_the_catalogue_are_different():
    groups = [getattr(catalogue, name) for name in catalogue.__all__ if name.startswith("OF_")]
    names = {measure.name for group in groups for measure in group}
    assert names <= MEASURES.keys()
    for name, measure in MEASURES.items():
        assert name == measure.name


@pytest.mark.parametrize(
    ("name", "unit"),
    [("variance", "pixel²"), ("predictive_entropy", "nat"), ("aleatoric_variance", None)],
)
def test_a_name_of_measures_in_several_units_has_none(name, unit):
    assert unit_of_all(name) == unit


def test_each_quantity_of_a_figure_is_a_score_or_a_measure():
    assert QUANTITIES.keys() <= METRICS.keys() | MEASURES.keys()
