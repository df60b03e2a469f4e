"""One number of the voxels of an image, or about a structure: what ``tfuq score --aggregate`` adds.

Each is made of every map of uncertainty. ``image_quantile_mutual_information`` is of all voxels of
an image, and ``quantile_mutual_information`` of those of a structure and around it.

References:
    Jungo et al. 2020, Analyzing the quality and challenges of uncertainty estimations for brain
        tumor segmentation (uncertainty weighted by the distance from the boundary).
    Kahl et al. 2024, ValUES (numbers of an image).
    Papadopoulos et al. 2002, and `tfuq.calibration.quality` (what a regression expects).
"""

from __future__ import annotations

from dataclasses import replace

from tfuq.measures.catalogue.distributions import OF_VOXELS
from tfuq.measures.measure import Measure

QUANTILE = "quantile"
TOP = "top"
INTERIOR = "interior"
LEARNED = "learned"
OF_MAPS = (QUANTILE, TOP, INTERIOR)  # the kinds that are made of each map
AGGREGATIONS = (*OF_MAPS, LEARNED)
_SYMBOLS = {QUANTILE: "Q₉₅", TOP: "mean of the top 5 % of", INTERIOR: "mean off boundaries of"}
_TITLES = {
    QUANTILE: "95th percentile of {}",
    TOP: "mean of the highest 5 % of {}",
    INTERIOR: "mean {} away from boundaries",
}
LEARNED_DICE = Measure(
    name="learned_dice",
    symbol="D̂",
    title="Dice that a regression expects",
    unit="1",
    levels=("structure",),
    low=0.0,
    high=1.0,
    orientation="more certain",
    bias="unknown",
    is_on_request=True,
)


def column_of(kind: str, measure: str, *, is_of_image: bool) -> str:
    """The column of a number.

    Args:
        kind: one of `OF_MAPS`.
        measure: the map's name.
        is_of_image: whether it is of all voxels.
    """
    name = f"{kind}_{measure}"
    if is_of_image:
        return f"image_{name}"
    return name


def _aggregated(measure: Measure, kind: str, *, is_of_image: bool) -> Measure:
    of = " of the image"
    if not is_of_image:
        of = " about a structure"
    return replace(
        measure,
        name=column_of(kind, measure.name, is_of_image=is_of_image),
        symbol=f"{_SYMBOLS[kind]} {measure.symbol}",
        title=_TITLES[kind].format(measure.title) + of,
        levels=("image",) if is_of_image else ("structure",),
        bias=measure.bias and "unknown",
        is_on_request=True,
        source="Jungo et al. 2020" if kind == INTERIOR else "Kahl et al. 2024",
    )


def _all(*, is_of_image: bool) -> tuple[Measure, ...]:
    measures = []
    for measure in OF_VOXELS:
        for kind in OF_MAPS:
            measures.append(_aggregated(measure, kind, is_of_image=is_of_image))
    return tuple(measures)


OF_IMAGE_VOXELS = _all(is_of_image=True)
OF_STRUCTURE_VOXELS = (*_all(is_of_image=False), LEARNED_DICE)
