"""What one output must be, and what a request asks for."""

import math

import numpy as np
import pytest

from tests.conftest import task_settings
from tests.support.replies import SAMPLES, make_export
from tfuq.serving.expectation import Asked, Output, numbers, of_classes


@pytest.fixture
def asked(tmp_path):
    """``asked(signature, **inputs)``: a request for 7 images to a classifier of ten digits."""
    config = task_settings("classification", tmp_path)
    export = make_export(tmp_path / "model", config)
    image = np.zeros((7, 28, 30, 1), np.float32)
    return lambda signature, **inputs: Asked(
        export=export, config=config, signature=signature, inputs={"image": image, **inputs}
    )


@pytest.mark.parametrize(
    ("output", "size", "most_bytes"),
    [
        (numbers((2, 3, 5), (0.0, 1.0)), 30, 120),
        (Output(np.uint8, (4, 2)), 8, 8),
        (Output(np.float32, ()), 1, 4),
        (Output(np.float32, (0, 9)), 0, 0),
        (Output(object, (3,), texts=("a", "é€")), 3, 15),  # 2 and 3 bytes in UTF-8
    ],
)
def test_elements_and_bytes_are_counted(output, size, most_bytes):
    assert (output.size, output.most_bytes) == (size, most_bytes)


@pytest.mark.parametrize(
    ("signature", "number", "samples"),
    [
        ("serving_default", 3, 3),
        ("serving_default", 0, 1),
        ("serving_default", -9, 1),
        ("prepared", SAMPLES + 99, SAMPLES),
        ("deterministic", 3, 1),
        ("images_only", None, SAMPLES),
    ],
)
def test_samples_are_those_that_the_graph_takes(asked, signature, number, samples):
    inputs = {} if number is None else {"num_samples": np.array(number)}
    assert asked(signature, **inputs).samples == samples


def test_a_request_has_images_and_classes(asked):
    request = asked("prepared")
    assert (request.images, request.space, request.classes) == (7, (28, 30), 10)


def test_measures_of_classes_are_bounded_by_their_number(asked):
    """Of K classes no entropy is above log K, and no vote is below one in K."""
    outputs = of_classes(asked("prepared"), (7,))
    assert outputs["probability"].shape == (7, 10)
    assert outputs["probability"].adds_to_one
    assert outputs["predictive_entropy"].bounds == (0.0, pytest.approx(math.log(10)))
    assert outputs["variation_ratio"].bounds == (0.0, pytest.approx(0.9))
    assert outputs["standard_deviation"].bounds == (0.0, 0.5)
    assert {output.shape for name, output in outputs.items() if name != "probability"} == {(7,)}
