"""What a review reads of segmentations: each case's table, its label and one map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tfuq.calibration.observed import Part, part_of
from tfuq.calibration.quality_kinds import DICE
from tfuq.data.ownership import digest_of
from tfuq.data.readers import read, read_label_file
from tfuq.data.readers.suffixes import is_plain_image
from tfuq.runs.results import STRUCTURES
from tfuq.scoring.evaluation.stored_maps import require_map
from tfuq.scoring.evaluation.structures import read_structures
from tfuq.scoring.rows import Row
from tfuq.workflows.review.places import Place, uncertain_place
from tfuq.workflows.review.tasks.base import REVIEWED, PartPlace, Reviewed


@REVIEWED.register("segmentation")
class ReviewedVolumes(Reviewed):
    """See `Reviewed`."""

    quality = DICE

    def key(self, case: str) -> str:
        """The digest of the case's table."""
        return digest_of(self.folder / case / STRUCTURES)

    def parts(self, case: str) -> Sequence[Part]:
        """The structures as wholes."""
        structures = self.config.data.structures
        classes = self.config.data.classes[1:]
        parts = []
        for row in read_structures(self.folder / case / STRUCTURES, structures):
            if row["component"] == "all":
                name = row["class"]
                parts.append(part_of(name, row, "structure", counts=name in classes))
        return parts

    def places(self, case: str, parts: Iterable[Part]) -> Mapping[str, PartPlace]:
        """The place by mutual information, or by predictive entropy of a single sample."""
        label = read_label_file(self.folder / case / "label.nii.gz").array
        name = "predictive_entropy"
        clause = "the network is least sure at its"
        if self.manifest.samples > 1:
            name = "mutual_information"
            clause = "samples disagree most at its"
        path = self.folder / case / f"{name}.nii.gz"
        require_map(path)
        uncertainty = read(path)
        is_picture = is_plain_image(Path(self.manifest.cases[case].images[0]))
        places = {}
        for part in parts:
            mask = _mask(label, self.config.data.structures[part.name])
            place = uncertain_place(uncertainty, mask, is_picture=is_picture)
            where = f"{clause} {place.words}"
            if not mask.any():
                where = "it is absent from the label"
            columns = _columns(place, is_picture=is_picture)
            places[part.name] = PartPlace(columns=columns, words=where)
        return places


def _mask(label: np.ndarray, classes: Iterable[int]) -> np.ndarray:
    """Where a label is one of some classes.

    ``np.isin`` would bring a large label, as files have it, into another order of its axes first,
    which takes seconds.
    """
    mask = np.zeros_like(label, bool)
    for number in classes:
        mask |= label == number
    return mask


def _columns(place: Place, *, is_picture: bool) -> Row:
    """Scanner coordinates in mm (RAS), and the voxel's index; of a picture, its row and column."""
    first, second, third = place.voxel
    if is_picture:
        return {"place_row": first, "place_column": second}
    columns: Row = {}
    for axis, value in zip("xyz", place.mm, strict=True):
        columns[f"place_{axis}_mm_ras"] = value
    return columns | {"place_i": first, "place_j": second, "place_k": third}
