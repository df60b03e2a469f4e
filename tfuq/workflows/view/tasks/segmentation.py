"""The page of segmentations: scans, labels, maps and samples as NIfTI."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nibabel
import numpy as np

from tfuq.data.cases import read_case_label
from tfuq.data.preprocessing import PADDING
from tfuq.data.readers import read
from tfuq.data.readers.suffixes import is_plain_image
from tfuq.data.volume import Volume
from tfuq.measures.catalogue import MEMBER_VARIANCES, OF_VOXELS, names_of
from tfuq.measures.sample_masks import STORED, StoredSamples, read_samples
from tfuq.scoring.rows import Row
from tfuq.workflows.view.images import LastRead
from tfuq.workflows.view.nifti import every, nifti_bytes
from tfuq.workflows.view.ranking import Ranked, described_measure
from tfuq.workflows.view.targets import Target
from tfuq.workflows.view.tasks.base import VIEWED, Content, Json, Viewed, chosen, whole_number

_REFERENCE = "reference"
_MAPS = (*names_of(OF_VOXELS), *MEMBER_VARIANCES)
_PROBABILITY = "probability"
_MOST_STEP = 16
_MOST_VOXELS = 2**40
_RGB = 3
_OF_CLASSES = ("label", "sample", _REFERENCE)  # layers
_MAJORITY = "majority of raters"


@VIEWED.register("segmentation")
class ViewedVolumes(Viewed):
    """See `Viewed`."""

    kind = "volume"

    def __init__(self, target: Target, ranked: Ranked) -> None:
        """Open the predictions; arguments as in `Viewed`."""
        super().__init__(target, ranked)
        self._samples = LastRead(self._read_samples, most=1)
        self._layers = {
            "scan": self._scan,
            "label": self._label,
            "map": self._map,
            _PROBABILITY: self._probability,
            "sample": self._sample,
            _REFERENCE: self._reference,
        }

    @property
    def structures(self) -> list[str]:
        """The structures, regions among them."""
        return list(self.config.data.structures)

    def detail(self, case: str) -> Json:
        """The layers of a case."""
        return {
            "channels": self._channels(case),
            "isPicture": self._is_picture(case),
            "classes": self.config.data.classes,
            "maps": [described_measure(name) for name in self._maps(case)],
            "probabilities": self._probabilities(case),
            "samples": self._sample_count(case),
            "references": self._references(case),
            "measures": self.measures(case),
        }

    def content(self, case: str, query: Mapping[str, str]) -> Content:
        """A layer; of many voxels, every second or so if the page asks for ``most`` voxels."""
        name = chosen(query, "layer", list(self._layers))
        volume = self._layers[name](case, query)
        step = whole_number(query, "step", _MOST_STEP)
        if not step:
            step = _step(volume, whole_number(query, "most", _MOST_VOXELS))
        body = nifti_bytes(every(volume, step), is_label=name in _OF_CLASSES)
        return Content(body=body, type="application/octet-stream", step=step)

    def places(self, case: str) -> list[Json]:
        """In millimetres; of a picture in its pixels, as its NIfTI places them."""
        affine = None
        if self._is_picture(case):
            affine = self.images.image(case).affine
        placed = []
        for name, place in self.source.places(case, self.source.parts(case)).items():
            mm, at = _position(place.columns, affine)
            placed.append({"name": name, "words": place.words, "mm": mm, "at": at})
        return placed

    def _folder(self, case: str) -> Path:
        return self.target.predictions / case

    def _is_picture(self, case: str) -> bool:
        return is_plain_image(Path(self.target.manifest.cases[case].images[0]))

    def _channels(self, case: str) -> list[str]:
        names = self.target.run.channel_names
        count = self.target.run.facts["channels"]
        if self._is_picture(case) and count == _RGB:
            return ["picture"]
        if len(names) == count and not all(map(str.isdecimal, names)):
            return names
        if count == 1:
            return ["scan"]
        return [f"channel {number}" for number in range(count)]

    def _maps(self, case: str) -> list[str]:
        return [name for name in _MAPS if (self._folder(case) / f"{name}.nii.gz").is_file()]

    def _probabilities(self, case: str) -> list[str]:
        if not (self._folder(case) / f"{_PROBABILITY}.nii.gz").is_file():
            return []
        return self.config.data.classes[1:]

    def _sample_count(self, case: str) -> int:
        if not (self._folder(case) / STORED).is_file():
            return 0
        return int(self._samples(case).packed.shape[1])

    def _read_samples(self, case: str) -> StoredSamples:
        return read_samples(self._folder(case), len(self.config.data.classes))

    def _references(self, case: str) -> list[str]:
        """The label, or the raters and what most of them say."""
        known = self.images.case(case)
        if known.raters:
            return [*known.raters, _MAJORITY]
        if known.label is None:
            return []
        return [_REFERENCE]

    def _scan(self, case: str, query: Mapping[str, str]) -> Volume:
        image = self.images.image(case)
        if self._channels(case) == ["picture"]:
            return image
        channel = whole_number(query, "number", image.array.shape[-1] - 1)
        return image.with_array(image.array[..., channel])

    def _label(self, case: str, query: Mapping[str, str]) -> Volume:
        return read(self._folder(case) / "label.nii.gz")

    def _map(self, case: str, query: Mapping[str, str]) -> Volume:
        name = chosen(query, "name", self._maps(case))
        return _scalar(read(self._folder(case) / f"{name}.nii.gz"), 0)

    def _probability(self, case: str, query: Mapping[str, str]) -> Volume:
        name = chosen(query, "name", self._probabilities(case))
        volume = read(self._folder(case) / f"{_PROBABILITY}.nii.gz")
        return _scalar(volume, self.config.data.classes.index(name))

    def _sample(self, case: str, query: Mapping[str, str]) -> Volume:
        """The classes of one sample, on the network's grid."""
        number = whole_number(query, "number", self._sample_count(case) - 1)
        stored = self._samples(case)
        one = StoredSamples(stored.packed[:, number : number + 1], stored.slice_axis, stored.grid)
        label = np.zeros(stored.grid.shape, np.uint8)
        for k in range(1, len(self.config.data.classes)):
            label[next(one.of_classes([k]).unpacked())] = k
        return stored.grid.with_array(label)

    def _reference(self, case: str, query: Mapping[str, str]) -> Volume:
        name = chosen(query, "name", self._references(case))
        known = self.images.case(case)
        if name in known.raters:
            known = known.by(name)
        data = self.config.data
        image = self.images.image(case)
        label = read_case_label(known, image, len(data.classes), data.label_values)
        return label.with_array(np.where(label.array == PADDING, 0, label.array))


def _position(columns: Row, picture: np.ndarray | None) -> tuple[list[float], str]:
    """A place in millimetres, and in words.

    Args:
        columns: of the table of a review.
        picture: the affine of a picture, whose places are pixels; None of a scan.
    """
    if picture is None:
        mm = [float(columns[f"place_{axis}_mm_ras"]) for axis in "xyz"]
        return mm, ", ".join(f"{value:.1f}" for value in mm) + " mm"
    row = columns["place_row"]
    column = columns["place_column"]
    placed = nibabel.affines.apply_affine(picture, (row, column, 0))
    return list(map(float, placed)), f"row {row}, column {column}"


def _scalar(volume: Volume, channel: int) -> Volume:
    if volume.array.ndim == 3:
        return volume
    return volume.with_array(volume.array[..., channel])


def _step(volume: Volume, most: int) -> int:
    """The smallest step that leaves at most so many voxels; 1 where ``most`` is 0."""
    step = 1
    while most and step < _MOST_STEP and every(volume, step).array.size > most:
        step += 1
    return step
