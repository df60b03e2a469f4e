"""Examples of classification: an image and the number of its class."""

import pytest

from tests.conftest import task_settings
from tests.support.data_files import write_picture
from tfuq.data.layouts import list_cases
from tfuq.data.sets.classification import class_of
from tfuq.errors import DataError


def test_a_class_that_is_not_declared_is_named(tmp_path):
    write_picture(tmp_path / "cat" / "1.png")
    (case,) = list_cases("image-folders", tmp_path)
    config = task_settings("classification", tmp_path, data={"classes": ["dog", "bird"]})
    with pytest.raises(
        DataError, match="case 'cat-1': class 'cat' is not among the declared dog, bird; add it"
    ):
        class_of(config, case)
