"""What is gathered of a segmentation, from case to case."""

from __future__ import annotations

from dataclasses import dataclass, field

from tfuq.data.cases import Case
from tfuq.scoring.calibration import Bins
from tfuq.scoring.evaluation.diversity import Diversity
from tfuq.scoring.rows import Row


@dataclass(kw_only=True)
class Gathered:
    """What is gathered from case to case.

    Attributes:
        cases: rows of ``cases.csv``.
        structures: rows of ``structures.csv``.
        components: rows of ``components.csv``.
        raters: rows of ``raters.csv``.
        diversity: of the members.
        bins: voxels by confidence, of each case.
        before: calibration before scaling, of each case.
        bounds: what conformal bounds missed.
        empty: cases of which no reference has a structure.
        averaged: how many cases have two raters, over which scores are means.
    """

    cases: list[Row] = field(default_factory=list)
    structures: list[Row] = field(default_factory=list)
    components: list[Row] = field(default_factory=list)
    raters: list[Row] = field(default_factory=list)
    diversity: Diversity = field(default_factory=lambda: Diversity("dice"))
    bins: list[Bins] = field(default_factory=list)
    before: list[Row] = field(default_factory=list)
    bounds: list[Row] = field(default_factory=list)
    empty: list[Case] = field(default_factory=list)
    averaged: int = 0
