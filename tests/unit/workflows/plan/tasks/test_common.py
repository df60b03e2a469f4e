"""What tasks share."""

import numpy as np
import pytest

from tests.support.plans import fingerprint
from tfuq.workflows.plan.geometry import levels_of
from tfuq.workflows.plan.settings import Settings
from tfuq.workflows.plan.sizing import Size
from tfuq.workflows.plan.tasks.common import picture_sides, put_network


@pytest.mark.parametrize(("elements", "sides"), [(7500, [100, 75]), (1e6, [200, 150])])
def test_a_picture_is_made_smaller_in_its_own_shape_and_never_larger(elements, sides):
    found = fingerprint(shape=(200, 150, 1), is_picture=True)
    assert picture_sides(found, Size(width=8, elements=elements, batch=1)).tolist() == sides


def test_filters_double_up_to_the_most():
    levels = levels_of(np.array([64, 64, 64]), np.ones(3))
    settings = Settings()
    put_network(settings, Size(width=32, elements=1, batch=1), [64] * 3, levels, 320)
    network = settings.sections["network"]
    assert network["widths"] == [32, 64, 128, 256, 320]
    assert network["level_dropout"] == {4: 0.1, 5: 0.3}
    assert (network["upsample_dropout"], network["spatial_dropout"]) == (0.2, True)
    assert network["blocks"] == [1, 2, 2, 2, 2]


def test_kernels_and_strides_are_written_where_axes_differ():
    levels = levels_of(np.array([64, 64, 16]), np.array([1.0, 1.0, 4.0]))
    settings = Settings()
    put_network(settings, Size(width=8, elements=1, batch=1), [64, 64, 16], levels, 320)
    assert settings.sections["network"]["strides"][0] == [2, 2, 1]
    assert settings.sections["network"]["kernels"][0] == [3, 3, 1]
