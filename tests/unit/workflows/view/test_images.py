"""Images of cases are read once."""

from __future__ import annotations

import numpy as np

from tfuq.data.cases import read_case_image
from tfuq.workflows.view.images import Images, LastRead


def test_the_last_values_are_kept():
    read = []
    last = LastRead(lambda key: read.append(key) or key.upper(), most=2)
    assert [last(key) for key in "ababcab"] == list("ABABCAB")
    assert read == ["a", "b", "c", "a", "b"]


def test_images_are_those_that_tfuq_reads(targets):
    target = targets("segmentation")
    images = Images(target)
    case = min(target.manifest.cases)
    image = images.image(case)
    np.testing.assert_array_equal(image.array, read_case_image(images.case(case)).array)
    assert images.image(case) is image
