"""The graph that is served: what it refuses, how many samples it takes, and what a seed is."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.serving import MOST, served_request
from tfuq.prediction import make_predictor, request_of
from tfuq.serving.description import read_export
from tfuq.serving.graph import ServedNetwork


def test_requests_are_bounded_and_a_seed_is_a_function(digit_model, digit_network):
    version, call = digit_model / "1", digit_network.call
    answer = {
        t: call("serving_default", served_request(version, t))["probability"].tobytes()
        for t in (-5, 1, MOST, 10**9)
    }
    assert answer[-5] == answer[1] != answer[MOST] == answer[10**9]
    assert (
        call("serving_default", served_request(version, MOST, (0, 1)))["probability"].tobytes()
        != answer[MOST]
    )
    by_default = call("images_only", {"image": served_request(version)["image"]})
    export = read_export(version)
    expected = call("serving_default", served_request(version, export.samples, (export.seed, 0)))
    assert by_default["probability"].tobytes() == expected["probability"].tobytes()


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (
            np.ones((2, 28, 28, 3)),
            "takes 1 channel(s) as the last axis; the shape sent is] [2 28 28 3]",
        ),
        (np.full((1, 28, 28, 1), np.nan), "holds NaN or infinite values"),
        (np.full((1, 28, 28, 1), np.inf), "holds NaN or infinite values"),
        (np.ones((0, 28, 28, 1)), "the batch is empty"),
        (np.ones((1, 30, 28, 1)), "must be resampled to [28, 28] pixels"),
        (np.ones((1, 28, 28, 1)), "a channel is constant"),
    ],
)
def test_images_that_no_network_should_see_are_refused_by_the_graph(
    digit_model, digit_network, image, words
):
    with pytest.raises(tf.errors.InvalidArgumentError) as refused:
        digit_network.call("serving_default", served_request(digit_model / "1", image=image))
    assert words in refused.value.message


def test_the_deterministic_signature_draws_nothing(digit_model, digit_network):
    """It is one of the network without dropout, and has no measure that compares samples."""
    image = served_request(digit_model / "1")["image"]
    found = digit_network.call("deterministic", {"image": image})
    assert set(found) == {"label", "probability", "predictive_entropy"}
    one = digit_network.call("serving_default", served_request(digit_model / "1", 1))
    assert found["probability"].tobytes() != one["probability"].tobytes()
    np.testing.assert_allclose(found["probability"].sum(-1), 1, atol=1e-6)


def test_signatures_share_each_variable_once(run_of):
    run = run_of("classification", "vi")
    predictor = make_predictor(run, request_of(run.config, "vi", 9, None))
    network = ServedNetwork(predictor, most=3)
    weights = network.weights()
    assert len({id(variable) for variable in weights}) == len(weights)
    own = sum(variable.shape.num_elements() for variable in predictor.networks[0].weights)
    assert sum(variable.shape.num_elements() for variable in weights) == own + 1  # and T
    assert network.samples == 3  # no more than any request may ask for
    assert set(network.signatures()) == {
        "serving_default",
        "images_only",
        "deterministic",
        "prepared",
    }
