"""Correlations with a perturbation's severity, against scipy."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tfuq.scoring.shift import Severity
from tfuq.scoring.shift_correlation import correlation_rows, is_quantity


def row(severity, method="vi", **values):
    return {"method": method, "samples": 5, "severity": severity, "cases": 3, **values}


def test_severities_to_either_side_of_none_count_by_their_size():
    values = [0.9, 0.5, 0.7, 0.2]
    severities = [0.0, -2.0, 1.0, 3.0]
    rows = [row(at, dice=value) for at, value in zip(severities, values, strict=True)]
    (found,) = correlation_rows(rows)
    sizes = np.abs(severities)
    assert found["spearman"] == pytest.approx(stats.spearmanr(sizes, values)[0])
    assert found["pearson"] == pytest.approx(stats.pearsonr(sizes, values)[0])
    assert (found["quantity"], found["method"], found["severities"]) == ("dice", "vi", 4)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([0.9, 0.5], id="two severities"),
        pytest.param([0.9, None, 0.7], id="two that have it"),
        pytest.param([0.5, 0.5, 0.5], id="a constant"),
    ],
)
def test_what_is_not_defined_is_none(values):
    (found,) = correlation_rows([row(at, dice=value) for at, value in enumerate(values)])
    assert (found["spearman"], found["pearson"]) == (None, None)
    assert found["severities"] == sum(value is not None for value in values)


def test_methods_have_rows_of_their_own():
    rows = [
        row(at, method, dice=sign * at)
        for method, sign in (("vi", 1), ("hybrid", -1))
        for at in range(4)
    ]
    assert [(found["method"], found["pearson"]) for found in correlation_rows(rows)] == [
        ("vi", pytest.approx(1.0)),
        ("hybrid", pytest.approx(-1.0)),
    ]


def test_a_quantity_of_other_cases_at_one_severity_has_no_interval():
    measured = []
    for at in range(4):
        one = Severity(
            method="vi",
            samples=5,
            severity=float(at),
            cases=6,
            scores={},
            aurc={},
            measures={"predictive_entropy": np.arange(6.0) + at},
        )
        measured.append(one)
    rows = [row(at, predictive_entropy=2.5 + at) for at in range(4)]
    (whole,) = correlation_rows(rows, measured)
    assert whole["pearson_lower"] == pytest.approx(1.0)
    measured[2] = replace(measured[2], measures={})
    (partly,) = correlation_rows(rows, measured)
    assert partly["pearson"] == pytest.approx(1.0)
    assert partly["pearson_lower"] is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dice", True),
        ("pairwise_dice", True),
        ("severity", False),
        ("aurc_variance", False),
        ("ood_auroc_x", False),
    ],
)
def test_columns_made_of_both_are_no_quantities(name, expected):
    assert is_quantity(name) == expected
