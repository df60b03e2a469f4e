"""Examples of classification: an image and the number of its class."""

import numpy as np
import pytest
from PIL import Image

from tests.conftest import task_settings
from tests.support.data_files import write_picture
from tfuq.data.cases import Case
from tfuq.data.layouts import cases_of, list_cases
from tfuq.data.sets.classification import ClassificationSet, class_of, load_examples
from tfuq.data.sets.dataset import make_preprocessor
from tfuq.errors import DataError


def test_a_class_that_is_not_declared_is_named(tmp_path):
    write_picture(tmp_path / "cat" / "1.png")
    (case,) = list_cases("image-folders", tmp_path)
    config = task_settings("classification", tmp_path, data={"classes": ["dog", "bird"]})
    with pytest.raises(
        DataError, match="case 'cat-1': class 'cat' is not among the declared dog, bird; add it"
    ):
        class_of(config, case)


@pytest.mark.parametrize(("truth", "number"), [("7", 7), (7, 7), (0, 0), ("0", 0)])
def test_a_class_is_told_by_name_or_number(truth, number):
    config = task_settings("classification", "nowhere")
    assert class_of(config, Case("a", (), truth=truth)) == number


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        (None, "case 'a' has no class"),
        ({}, "case 'a' has no class"),
        (10, "class '10' is not among the declared 0, 1"),
        (-1, "class '-1' is not among"),
        ("ten", "class 'ten' is not among"),
    ],
)
def test_what_is_no_class_is_refused(truth, words):
    config = task_settings("classification", "nowhere")
    with pytest.raises(DataError, match=words):
        class_of(config, Case("a", (), truth=truth))


def test_an_example_is_the_image_z_scored_at_the_networks_size(tmp_path):
    write_picture(tmp_path / "cat" / "1.png", size=(28, 28))
    data = {"layout": "image-folders", "classes": ["dog", "cat"]}
    config = task_settings("classification", tmp_path, data=data)
    (case,) = list_cases("image-folders", tmp_path)
    examples = load_examples(config, make_preprocessor(config), case)
    pixels = np.asarray(Image.open(tmp_path / "cat" / "1.png"), float)
    expected = (pixels - pixels.mean()) / pixels.std()
    np.testing.assert_allclose(examples.images[0, :, :, 0], expected, atol=1e-5)
    assert examples.targets.tolist() == [1]
    assert examples.targets.dtype == np.int32


def test_weights_make_every_class_count_alike(digits):
    config = task_settings("classification", digits)
    cases = cases_of(config.data)[:30]
    training = ClassificationSet(config, cases, None)
    counts = np.bincount([case.truth for case in cases], minlength=10)
    expected = 30 / (10 * np.maximum(counts, 1))
    np.testing.assert_allclose(training.class_weights, expected)
    assert (training.terms, training.terms_per_example, training.channels) == (30, 1, 1)


def test_the_image_moves_and_its_class_stays(digits):
    config = task_settings("classification", digits, augmentation={"shift": 0.2})
    cases = cases_of(config.data)[:3]
    training = ClassificationSet(config, cases, None)
    one, first = training.example(2, np.random.default_rng(0))
    two, second = training.example(2, np.random.default_rng(1))
    assert first == second == cases[2].truth
    assert one.shape == (28, 28, 1)
    assert not np.array_equal(one, two)
