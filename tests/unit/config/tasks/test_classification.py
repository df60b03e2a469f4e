"""Classification: what a configuration of it must hold."""

import pytest

from tests.conftest import task_settings
from tests.support.refusals import assert_config_refused
from tfuq.config.tasks import classification
from tfuq.config.tasks.rules import TASKS


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("data.regions={odd: ['1', '3']}", ["data.regions serves segmentation alone"]),
        ("data.pixel_mm=0.5", ["remove it, as classes have no lengths"]),
        ("training.loss.name=soft-dice", ["takes cross-entropy, weighted-cross-entropy"]),
        ("training.monitor=dice", ["it takes loss, accuracy"]),
    ],
)
def test_what_does_not_serve_classes_of_images_is_refused(override, words):
    assert_config_refused(override, *words, source="digits")


def test_an_image_has_no_parts_and_is_not_named_as_it_is_read():
    rules = classification.TASKS["classification"]
    assert rules is TASKS["classification"]
    assert list(rules.parts(task_settings("classification", "nowhere"))) == []
    assert not rules.names_cases
