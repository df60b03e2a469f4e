"""Tables of shift: known answers, and severities as they are written."""

from functools import partial

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from tfuq.data.perturbations import PERTURBATIONS, parse_severities
from tfuq.errors import ConfigError
from tfuq.scoring.shift import Severity, shift_rows
from tfuq.scoring.shift_correlation import correlation_rows

NOISE, ROTATION = PERTURBATIONS["noise"], PERTURBATIONS["rotation"]


def test_severities_are_lists_and_ranges():
    assert parse_severities("0,0.1, .25,1", NOISE) == [0.0, 0.1, 0.25, 1.0]
    assert parse_severities("1,0,1,-0", NOISE) == [0.0, 1.0]
    assert parse_severities("0:1:5", NOISE) == [0.0, 0.25, 0.5, 0.75, 1.0]
    angles = parse_severities("-90:90:40", ROTATION)
    assert len(angles) == 40
    np.testing.assert_allclose(angles, np.linspace(-90, 90, 40), rtol=1e-5)
    assert parse_severities("0:0.2:3,5", NOISE) == [0.0, 0.1, 0.2, 5.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "is empty"), (",", "is empty"), ("a,1", "'a' is not a number"), ("nan", "not a number"), ("inf", "not a number"),
     ("1:2", "neither a number nor"), ("0:1:1", "whole number from 2"), ("0:1:2.5", "whole number from 2"),
     ("0:1:1e9", "whole number from 2"), ("-0.1", "from 0 to 100"), ("0:101:3", "from 0 to 100")],
)  # fmt: skip
def test_bad_severities_are_refused(text, words):
    with pytest.raises(ConfigError, match=words):
        parse_severities(text, NOISE)


def severity(at: float, entropy, dice: float, pairwise) -> Severity:
    measures = {"predictive_entropy": np.array(entropy), "pairwise_dice": np.array(pairwise)}
    scores, aurc = {"dice": dice, "ece": None}, {"predictive_entropy": dice / 10}
    return Severity(
        method="ensemble",
        samples=5,
        severity=at,
        cases=len(entropy),
        scores=scores,
        aurc=aurc,
        measures=measures,
    )


def test_rows_and_correlations_are_those_of_scipy_and_sklearn():
    rng = np.random.default_rng(0)
    at = [-2.0, -1.0, 0.0, 1.0, 3.0]
    entropies = [rng.random(12) + abs(x) / 3 for x in at]
    quality = [0.7, 0.85, 0.9, 0.86, 0.5]
    certainties = [1 - values / 3 for values in entropies]
    measured = [
        severity(*values) for values in zip(at, entropies, quality, certainties, strict=True)
    ]
    rows = shift_rows(measured)
    assert {row["samples"] for row in rows} == {5}
    assert [row["severity"] for row in rows] == at
    assert rows[0]["predictive_entropy"] == pytest.approx(entropies[0].mean())
    expected = roc_auc_score([0] * 12 + [1] * 12, np.concatenate([entropies[2], entropies[4]]))
    assert rows[4]["ood_auroc_predictive_entropy"] == pytest.approx(expected)
    assert rows[4]["ood_auroc_pairwise_dice"] == pytest.approx(
        expected
    )  # less certain counts as more uncertain
    assert rows[2]["ood_auroc_predictive_entropy"] is None
    low, high = (rows[3][f"ood_auroc_predictive_entropy_{end}"] for end in ("lower", "upper"))
    assert low < rows[3]["ood_auroc_predictive_entropy"] < high
    assert rows[4]["aurc_predictive_entropy"] == pytest.approx(0.05)
    found = {row["quantity"]: row for row in correlation_rows(rows, measured)}
    assert not any(name.endswith("_p") for row in found.values() for name in row)
    assert set(found) == {"dice", "ece", "predictive_entropy", "pairwise_dice"}
    assert found["dice"]["spearman"] == pytest.approx(stats.spearmanr(np.abs(at), quality)[0])
    means = [values.mean() for values in entropies]
    assert found["predictive_entropy"]["pearson"] == pytest.approx(
        stats.pearsonr(np.abs(at), means)[0]
    )
    assert found["pairwise_dice"]["pearson"] == pytest.approx(
        -found["predictive_entropy"]["pearson"]
    )
    assert found["ece"]["spearman"] is None
    assert found["ece"]["severities"] == 0
    assert found["dice"]["spearman_lower"] is None  # what each case has of it is not known
    rng, resampled = np.random.default_rng(0), []
    for _ in range(1000):
        chosen = rng.integers(0, 12, 12)
        resampled.append(
            stats.pearsonr(np.abs(at), [values[chosen].mean() for values in entropies])[0]
        )
    found = found["predictive_entropy"]
    assert [found["pearson_lower"], found["pearson_upper"]] == pytest.approx(
        np.percentile(resampled, [2.5, 97.5])
    )


def test_means_of_different_sample_sizes_compare():
    measures = {
        "image_mutual_information": np.array([0.2, 0.4]),
        "image_standard_deviation": np.array([0.1, 0.3]),
    }
    of_samples = partial(Severity, severity=0.0, cases=2, scores={}, aurc={}, measures=measures)
    rows = shift_rows([of_samples(method=f"T{t}", samples=t) for t in (1, 3, 30)])
    assert [row["image_mutual_information"] for row in rows] == pytest.approx(
        [0.3, 0.3 * 3 / 2, 0.3 * 30 / 29]
    )
    assert [row["image_standard_deviation"] for row in rows] == pytest.approx(
        [0.2, 0.2 * 1.5**0.5, 0.2 * (30 / 29) ** 0.5]
    )


def test_cases_without_a_measure_are_left_out():
    nothing = [np.nan, np.nan, np.nan]
    rows = shift_rows(
        [
            severity(0.0, [1.0, np.nan, 2.0], 0.9, nothing),
            severity(1.0, [3.0, 4.0, np.nan], 0.8, nothing),
        ]
    )
    assert [row["predictive_entropy"] for row in rows] == [1.5, 3.5]
    assert rows[1]["ood_auroc_predictive_entropy"] == 1.0
    assert rows[1]["pairwise_dice"] is None
    assert rows[1]["ood_auroc_pairwise_dice"] is None
