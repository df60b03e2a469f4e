"""Numbers of voxels that are there on request."""

import pytest

from tfuq.measures.catalogue import MEASURES, OF_VOXELS, is_ranked, ranked_at
from tfuq.measures.catalogue.aggregations import (
    AGGREGATIONS,
    OF_IMAGE_VOXELS,
    OF_MAPS,
    OF_STRUCTURE_VOXELS,
    column_of,
)


def test_every_map_has_each_kind_of_the_image_and_about_structures():
    for measure in OF_VOXELS:
        for kind in OF_MAPS:
            of_image = MEASURES[column_of(kind, measure.name, is_of_image=True)]
            about = MEASURES[column_of(kind, measure.name, is_of_image=False)]
            assert (of_image.levels, about.levels) == (("image",), ("structure",))
            assert of_image.bounds(3) == about.bounds(3) == measure.bounds(3)
            assert measure.title in of_image.title


@pytest.mark.parametrize(
    ("measures", "level"), [(OF_IMAGE_VOXELS, "image"), (OF_STRUCTURE_VOXELS, "structure")]
)
def test_they_rank_where_they_were_asked_for_alone(measures, level):
    for measure in measures:
        assert is_ranked(measure.name, level)
        assert measure.name not in ranked_at(level)


def test_what_is_learned_is_of_no_map():
    assert set(AGGREGATIONS) - set(OF_MAPS) == {"learned"}
    assert MEASURES["learned_dice"].orientation == "more certain"
