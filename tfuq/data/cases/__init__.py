"""A case: the files of one subject, and its image and label read and checked against each other."""

from __future__ import annotations

from tfuq.data.case import UNNAMED_RATER, Case, Part, naming, training_views
from tfuq.data.cases.advice import proposed_values, value_text
from tfuq.data.cases.images import read_case_image, read_case_orientation
from tfuq.data.cases.labels import (
    AVERAGED_RATERS,
    majority,
    read_case_label,
    read_label,
    read_rater_labels,
    scored_references,
    written_values,
)
from tfuq.data.cases.masks import read_mask

__all__ = [
    "AVERAGED_RATERS",
    "UNNAMED_RATER",
    "Case",
    "Part",
    "majority",
    "naming",
    "proposed_values",
    "read_case_image",
    "read_case_label",
    "read_case_orientation",
    "read_label",
    "read_mask",
    "read_rater_labels",
    "scored_references",
    "training_views",
    "value_text",
    "written_values",
]
