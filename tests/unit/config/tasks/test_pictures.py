"""What the tasks of pictures share."""

import pytest

from tests.conftest import task_settings
from tfuq.config.tasks.pictures import check_pictures

PICTURES = task_settings("classification", "nowhere")


def test_what_the_phantoms_configurations_say_is_allowed():
    check_pictures(PICTURES, pixel_mm_remedy="remove it")
    check_pictures(task_settings("landmarks", "nowhere"), pixel_mm_remedy="remove it")


@pytest.mark.parametrize(
    ("section", "change", "words"),
    [
        ("data", {"regions": {"odd": ["1", "3"]}}, "data.regions serves segmentation alone"),
        ("data", {"pixel_mm": 0.5}, "data.pixel_mm serves segmentation alone.*: do so"),
        ("network", {"patch_size": [28, 28, 28]}, "takes 2D images, .* has 3 entries"),
        ("preprocessing", {"spacing": [1.0, 1.0, 1.0]}, "preprocessing.spacing serves"),
        ("preprocessing", {"slice_axis": 0}, "preprocessing.slice_axis serves"),
        ("preprocessing", {"min_slice_area": 3}, "preprocessing.min_slice_area serves"),
    ],
)
def test_what_volumes_alone_have_is_refused(section, change, words):
    changed = getattr(PICTURES, section).model_copy(update=change)
    config = PICTURES.model_copy(update={section: changed})
    with pytest.raises(ValueError, match=words):
        check_pictures(config, pixel_mm_remedy="do so")
