"""The plan of a classification."""

from tests.conftest import task_settings
from tests.support.plans import fingerprint
from tfuq.workflows.plan.sizing import Size
from tfuq.workflows.plan.tasks.classification import PLANNERS


def test_a_small_picture_is_seen_as_it_is(tmp_path):
    found = fingerprint(shape=(30, 40, 1), is_picture=True)
    config = task_settings("classification", tmp_path)
    draft = PLANNERS["classification"].draft(config, found, Size(width=16, elements=9216, batch=32))
    network = draft.sections["network"]
    assert (network["name"], network["patch_size"]) == ("resnet", [40, 32])
    assert network["widths"] == [16, 32, 64]


def test_a_large_picture_is_made_smaller(tmp_path):
    found = fingerprint(shape=(2000, 1000, 1), is_picture=True)
    config = task_settings("classification", tmp_path)
    draft = PLANNERS["classification"].draft(config, found, Size(width=16, elements=9216, batch=32))
    assert draft.sections["network"]["patch_size"] == [68, 136]
    assert draft.sections["preprocessing"]["anti_aliasing"]
