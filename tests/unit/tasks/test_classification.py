"""Classification: a class for every image."""

import numpy as np
import pytest

from tests.conftest import task_settings
from tests.support.reducing import reduce_all
from tfuq.tasks import NETWORK_TASKS
from tfuq.tasks.classification import Classification


def test_quality_is_the_share_of_images_whose_class_is_right():
    sample = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.2, 0.2, 0.6], [0.4, 0.4, 0.2]])
    quality = Classification().quality(None, sample, np.array([1, 2, 2, 0]))
    assert quality == 0.75  # the first of equal classes is chosen
    binary = Classification().quality(None, np.array([[0.2], [0.9]]), np.array([0, 0]))
    assert binary == 0.5


def test_a_prediction_has_votes_beside_the_measures():
    config = task_settings("classification", "nowhere")
    task = NETWORK_TASKS["classification"]
    samples = np.random.default_rng(0).dirichlet(np.ones(10), (5, 3))
    found = task.finish(reduce_all(samples, task.reducers(config)))
    np.testing.assert_allclose(found["probability"], samples.mean(0), atol=1e-6)
    for n in range(3):
        votes = np.bincount(samples[:, n].argmax(-1), minlength=10) / 5
        np.testing.assert_allclose(found["votes"][n], votes, atol=1e-6)
        assert float(found["variation_ratio"][n]) == pytest.approx(1 - votes.max())
