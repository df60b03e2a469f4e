"""All measures of uncertainty: the one place that says what each is.

Tables, figures, the report, failure ranking and the study of shift read it. A measure is entered in
the file of its level.
"""

from __future__ import annotations

from collections.abc import Iterable

from tfuq.measures.catalogue.aggregations import OF_IMAGE_VOXELS, OF_STRUCTURE_VOXELS
from tfuq.measures.catalogue.distributions import (
    IMAGE_MEANS,
    MAXIMUM_PROBABILITY,
    OF_IMAGES,
    OF_MEMBERS,
    OF_VARIANCES,
    OF_VOXELS,
)
from tfuq.measures.catalogue.landmarks import (
    LANDMARKS_IN_MM,
    OF_LANDMARKS,
    OTHERS_OF_LANDMARKS,
)
from tfuq.measures.catalogue.structures import CONFORMAL_VOLUMES, OF_STRUCTURES, SAMPLE_VOLUMES
from tfuq.measures.measure import Level, Measure

__all__ = [
    "IMAGE_MEANS",
    "LANDMARKS_IN_MM",
    "MAXIMUM_PROBABILITY",
    "MEASURES",
    "MEMBER_VARIANCES",
    "OF_IMAGES",
    "OF_IMAGE_VOXELS",
    "OF_LANDMARKS",
    "OF_MEMBERS",
    "OF_STRUCTURES",
    "OF_STRUCTURE_VOXELS",
    "OF_VARIANCES",
    "OF_VOXELS",
    "SAMPLE_VOLUMES",
    "VARIANCES",
    "is_ranked",
    "maps_of",
    "names_of",
    "of_map",
    "ranked_at",
    "unit_of_all",
]

_ALL = (
    *OF_VOXELS,
    *OF_VARIANCES,
    *OF_MEMBERS,
    *OF_IMAGES,
    *OF_IMAGE_VOXELS,
    *OF_STRUCTURES,
    *OF_STRUCTURE_VOXELS,
    *CONFORMAL_VOLUMES,
    *OF_LANDMARKS,
    *OTHERS_OF_LANDMARKS,
)
MEASURES = {measure.name: measure for measure in _ALL}
_OF_MAPS = {measure.name: measure for measure in (*OF_VOXELS, *OF_VARIANCES, *OF_MEMBERS)}


def names_of(measures: Iterable[Measure]) -> tuple[str, ...]:
    """The names of measures, in their order."""
    return tuple(measure.name for measure in measures)


MEMBER_VARIANCES = names_of(OF_MEMBERS)
VARIANCES = names_of(OF_VARIANCES)


def of_map(name: str) -> Measure:
    """The measure that a map shows. Two of landmarks have the names of maps, in another unit.

    Args:
        name: of the map.
    """
    return _OF_MAPS[name]


def unit_of_all(name: str) -> str | None:
    """The unit of a measure; None where its name is of several, each in another unit.

    Args:
        name: of the measure.
    """
    units = {measure.unit for measure in _ALL if measure.name == name}
    return units.pop() if len(units) == 1 else None


def maps_of(samples: int) -> tuple[str, ...]:
    """The names of the maps of uncertainty that T samples have.

    Args:
        samples: T.
    """
    return names_of(measure for measure in OF_VOXELS if measure.least_samples <= samples)


def is_ranked(name: str, level: Level) -> bool:
    """Whether a column is a measure that orders what it is of by certainty.

    Args:
        name: of the column.
        level: what its rows are of.
    """
    measure = MEASURES.get(name)
    return measure is not None and measure.orientation is not None and level in measure.levels


def ranked_at(level: Level) -> tuple[str, ...]:
    """The names of the measures that order what they are of by certainty, asked for or not.

    Args:
        level: what they are of.
    """
    names = [name for name, measure in MEASURES.items() if not measure.is_on_request]
    return tuple(name for name in names if is_ranked(name, level))
