"""The plan of landmarks."""

from tests.conftest import task_settings
from tests.support.plans import fingerprint
from tfuq.workflows.plan.sizing import Size
from tfuq.workflows.plan.tasks.landmarks import PLANNERS


def test_the_network_sees_the_whole_picture_smaller(tmp_path):
    """A picture of 400 columns and 300 rows; 160² pixels of its shape are 139 rows, 185 columns."""
    found = fingerprint(shape=(400, 300, 1), is_picture=True)
    config = task_settings("landmarks", tmp_path)
    draft = PLANNERS["landmarks"].draft(config, found, Size(width=8, elements=160.0**2, batch=4))
    assert draft.sections["network"]["patch_size"] == [160, 192]
    assert draft.sections["training"]["loss"]["name"] == "heatmap-cross-entropy"
    assert draft.sections["training"]["loss"]["heatmap_sigma"] == 2.2
