"""Calibration of a segmentation: bounds and intervals of volumes that hold the reference."""

import numpy as np
import pytest

from tests.support.drawn import drawn_of_label, make_finished_run, padded_label
from tfuq.calibration import conformal
from tfuq.data.cases import read_label
from tfuq.data.events import CasesSampled
from tfuq.data.preprocessing import PADDING
from tfuq.prediction.cases import known_cases
from tfuq.workflows.calibrate.segmentation import SegmentationFit


@pytest.fixture
def fit_of_ball(balls, tmp_path, fit_of):
    """A ball whose samples all are the reference, with a probability of 0.8."""
    run = make_finished_run(tmp_path / "run", "segmentation", balls)
    label = padded_label(run, "ball_000")
    drawn = drawn_of_label(label, 3)

    def draw(images, samples):
        places = fit._samples.reducer.places.numpy()
        picked = drawn["probability"].reshape(-1, 3)[places]
        return drawn | {"picked": np.repeat(picked[None, None], samples, 1)}

    fit = fit_of(run, draw)
    return fit, label, known_cases(run, ["ball_000"])


@pytest.fixture
def gathered(fit_of_ball):
    """The fit after the ball, and the reference."""
    fit, label, cases = fit_of_ball
    sampled = CasesSampled(done=1, total=1, description="ball_000")
    assert list(fit.gather(cases)) == [sampled]
    assert isinstance(fit, SegmentationFit)
    return fit, label


def observed_dice(fit):
    (case,) = fit.observed
    return {part.name: part.quality for part in case.parts}


def test_a_review_learns_the_dice_of_each_structure(gathered):
    fit, _ = gathered
    assert observed_dice(fit) == {"ball": 1.0, "core": 1.0}
    rules = fit.review()
    assert (rules.quality, rules.measure, rules.referral.bad) == ("dice", "pairwise_dice", 0)


def test_voxels_to_ignore_count_for_no_dice(fit_of_ball, monkeypatch):
    """Half of what is predicted lies where the reference is not known."""
    fit, _, cases = fit_of_ball

    def half_known(config, case, image):
        label = read_label(config, case, image)
        array = label.array.astype(np.int32)
        array[: array.shape[0] // 2] = PADDING
        return label.with_array(array)

    monkeypatch.setattr("tfuq.workflows.calibrate.segmentation.read_label", half_known)
    assert len(list(fit.gather(cases))) == 1
    assert observed_dice(fit) == {"ball": 1.0, "core": 1.0}


def test_bounds_leave_nothing_out_and_take_nothing_in(gathered):
    """At α = 0.5 of one case (1·loss + 1)/2 ≤ 0.5 leaves no loss; between 0.1 and 0.8 there is none."""
    fit, _ = gathered
    for bounds in fit.thresholds().bounds.values():
        assert 0.1 < bounds["lower"] <= 0.8
        assert 0.1 < bounds["upper"] <= 0.8


def test_the_volume_is_that_of_the_samples(gathered):
    """So the score of the only case is that of a volume inside of an interval of no width."""
    fit, label = gathered
    volumes = fit.thresholds().volumes
    assert volumes == {"ball": pytest.approx(0.0, abs=1e-6), "core": pytest.approx(0.0, abs=1e-6)}
    assert float(conformal.volume_scores(9.0, 9.0, 9.0, 1.0)) == 0
    assert (label > 0).any()


def test_sizes_are_of_the_reference_and_the_image(gathered):
    fit, label = gathered
    sizes = fit.thresholds().sizes["ball"]
    assert sizes["upper"]["to_reference"] == pytest.approx(1.0)
    assert sizes["lower"]["to_reference"] == pytest.approx(1.0)
    assert sizes["upper"]["image_share"] == pytest.approx((label == 1).sum() / (18 * 17 * 15))


def test_the_scaling_is_fitted_on_voxels_of_the_scan_alone(gathered):
    fit, _ = gathered
    scaling = fit.scaling()
    assert scaling.items == 18 * 17 * 15  # fewer than may be picked
    assert scaling.nll_before == pytest.approx(-np.log(0.8), rel=1e-5)
