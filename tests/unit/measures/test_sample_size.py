"""What a small number of samples does to measures, and the estimates that it does not bias, by simulation."""

import numpy as np
import pytest

from tfuq.measures.landmark import landmark_measures
from tfuq.measures.sample_size import unbiased

REPEATS, MANY = 20_000, 400


def entropy(p):
    return -(p * np.log(p)).sum(-1)


def information(p):
    """Mutual information of samples ``[…, T, K]``."""
    return entropy(p.mean(-2)) - entropy(p).mean(-1)


def jackknife(p):
    """T·MI − (T − 1)·mean of MI without one sample."""
    samples = p.shape[-2]
    without = [information(np.delete(p, t, axis=-2)) for t in range(samples)]
    return samples * information(p) - (samples - 1) * np.mean(without, 0)


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.parametrize("spread", [0.2, 1.0])
@pytest.mark.parametrize("samples", [2, 3, 5, 20])
def test_mutual_information(samples, spread):
    """The plain one is 1/T too small; what is left of it is as little as the jackknife leaves, at three samples or more."""
    rng, mean = np.random.default_rng(0), np.array([1.0, 0.0, -1.0])
    many = (
        information(softmax(mean + spread * rng.normal(size=(500, MANY, 3)))).mean()
        * MANY
        / (MANY - 1)
    )
    p = softmax(mean + spread * rng.normal(size=(REPEATS, samples, 3)))
    plain = information(p).mean()
    corrected = unbiased({"image_mutual_information": plain}, samples)["image_mutual_information"]
    assert plain / many == pytest.approx(1 - 1 / samples, abs=0.03)
    assert corrected == pytest.approx(many, rel=0.04)
    if samples == 5:
        assert jackknife(p).mean() == pytest.approx(corrected, rel=0.03)


@pytest.mark.parametrize("samples", [2, 3, 10])
def test_variances_and_their_roots(samples):
    rng = np.random.default_rng(samples)
    points = rng.normal(0, [2, 1], (4000, samples, 2))
    rows = [landmark_measures(p, np.ones(samples), None, np.ones((samples, 2))) for p in points]
    means = {
        name: float(np.mean([row[name] for row in rows]))
        for name in ("variance", "total_variance", "aleatoric_variance")
    }
    assert means["variance"] == pytest.approx(5 * (1 - 1 / samples), rel=0.04)
    found = unbiased(means, samples)
    assert found["variance"] == pytest.approx(5, rel=0.04)
    assert found["total_variance"] == pytest.approx(7, rel=0.04)
    assert found["aleatoric_variance"] == means["aleatoric_variance"] == 2
    values = rng.normal(100, 8, samples)
    plain = {
        "volume_std_mm3": values.std(),
        "volume_dispersion": values.var() / 101,
        "coefficient_of_variation": values.std() / 100,
    }
    found = unbiased(plain, samples)
    assert found["volume_std_mm3"] == pytest.approx(values.std(ddof=1))
    assert found["volume_dispersion"] == pytest.approx(values.var(ddof=1) / 101)
    assert found["coefficient_of_variation"] == pytest.approx(values.std(ddof=1) / 100)
    areas = unbiased({"area_std_px2": values.std(), "area_std_mm2": values.std()}, samples)
    assert set(np.round(list(areas.values()), 9)) == {round(values.std(ddof=1), 9)}


@pytest.mark.parametrize("samples", [2, 5])
def test_mean_radial_spread_of_normal_samples(samples):
    rng = np.random.default_rng(1)
    points = rng.normal(size=(6000, samples, 2))
    spread = np.mean(
        [landmark_measures(p, np.ones(samples), None)["mean_radial_spread"] for p in points]
    )
    expected = np.sqrt(np.pi / 2)  # mean distance from the true centre
    assert unbiased({"mean_radial_spread": spread}, samples)["mean_radial_spread"] == pytest.approx(
        expected, rel=0.015
    )


def test_what_has_no_bias_stays():
    plain = {
        "pairwise_dice": 0.7,
        "expected_entropy": 0.2,
        "predictive_entropy": 0.3,
        "max_activation": None,
        "variance": None,
    }
    assert unbiased(plain, 3) == plain
    assert unbiased({"variance": 0.0, "mutual_information": 0.1}, 1) == {
        "variance": 0.0,
        "mutual_information": 0.1,
    }
