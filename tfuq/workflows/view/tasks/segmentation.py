"""The page of segmentations: scans, labels, maps and samples as NIfTI."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nibabel
import numpy as np

from tfuq.data.cases import read_case_label
from tfuq.data.preprocessing import PADDING
from tfuq.data.readers.nifti_blocks import nifti_blocks
from tfuq.data.readers.suffixes import is_plain_image
from tfuq.measures.catalogue import MEMBER_VARIANCES, OF_VOXELS, VARIANCES, names_of
from tfuq.measures.sample_masks import STORED, StoredSamples, read_samples
from tfuq.scoring.rows import Row
from tfuq.workflows.view.images import LastRead
from tfuq.workflows.view.layers import (
    ClassLayer,
    FileLayer,
    HeldLayer,
    Layer,
    layer_of_channel,
    step_of,
)
from tfuq.workflows.view.nifti import nifti_bytes
from tfuq.workflows.view.ranking import Ranked, described_measure
from tfuq.workflows.view.targets import Target
from tfuq.workflows.view.tasks.base import (
    VIEWED,
    VOXELS_AT_FIRST,
    Content,
    Json,
    Viewed,
    chosen,
    whole_number,
)

_REFERENCE = "reference"
_MAPS = (*names_of(OF_VOXELS), *VARIANCES, *MEMBER_VARIANCES)
_PROBABILITY = "probability"
_MOST_VOXELS = 2**40
_RGB = 3
_BOUND = "bound"
_SIDES = {"lower": "inner bound", "upper": "outer bound"}
_OF_CLASSES = ("label", "sample", _REFERENCE, _BOUND)  # layers
_MAJORITY = "majority of raters"


@VIEWED.register("segmentation")
class ViewedVolumes(Viewed):
    """See `Viewed`."""

    kind = "volume"

    def __init__(self, target: Target, ranked: Ranked) -> None:
        """Open the predictions; arguments as in `Viewed`."""
        super().__init__(target, ranked)
        self._samples = LastRead(self._read_samples, most=1)
        self._first_scans = LastRead(self._first_scan)
        self._layers = {
            "scan": self._scan,
            "label": self._label,
            "map": self._map,
            _PROBABILITY: self._probability,
            "sample": self._sample,
            _REFERENCE: self._reference,
            _BOUND: self._bound,
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
            "bounds": [
                {"name": name, "title": title} for name, title in self._bounds(case).items()
            ],
            "measures": self.measures(case),
        }

    def content(self, case: str, query: Mapping[str, str]) -> Content:
        """A layer; of many voxels, every second or so if the page asks for ``most`` voxels."""
        name = chosen(query, "layer", list(self._layers))
        most = whole_number(query, "most", _MOST_VOXELS)
        if name == "scan" and most == VOXELS_AT_FIRST:
            number = whole_number(query, "number", self._channel_count - 1)
            return self._first_scans((case, number))
        return _content(self._layers[name](case, query), most, is_label=name in _OF_CLASSES)

    def prepare(self, case: str) -> None:
        """Read what the page shows first of a case; see `Viewed`."""
        self._first_scans((case, 0))

    def _first_scan(self, key: tuple[str, int]) -> Content:
        """What the page shows first of a channel of a scan."""
        case, number = key
        return _content(self._scan(case, {"number": str(number)}), VOXELS_AT_FIRST, is_label=False)

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
        count = self._channel_count
        if self._is_picture(case) and count == _RGB:
            return ["picture"]
        if len(names) == count and not all(map(str.isdecimal, names)):
            return names
        if count == 1:
            return ["scan"]
        return [f"channel {number}" for number in range(count)]

    @property
    def _channel_count(self) -> int:
        return int(self.target.run.facts["channels"])

    def _maps(self, case: str) -> list[str]:
        return [name for name in _MAPS if (self._folder(case) / f"{name}.nii.gz").is_file()]

    def _probabilities(self, case: str) -> list[str]:
        if not (self._folder(case) / f"{_PROBABILITY}.nii.gz").is_file():
            return []
        return self.config.data.classes[1:]

    def _sample_count(self, case: str) -> int:
        if not (self._folder(case) / STORED).is_file():
            return 0
        return self.target.manifest.samples

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

    def _scan(self, case: str, query: Mapping[str, str]) -> Layer:
        if not self._is_picture(case):
            number = whole_number(query, "number", self._channel_count - 1)
            layer = layer_of_channel(self.images.case(case).images, number)
            if layer is not None:
                return layer
        image = self.images.image(case)
        if self._channels(case) == ["picture"]:
            return HeldLayer(image)
        channel = whole_number(query, "number", image.array.shape[-1] - 1)
        return HeldLayer(image.with_array(image.array[..., channel]))

    def _label(self, case: str, query: Mapping[str, str]) -> Layer:
        return self._stored(case, "label")

    def _map(self, case: str, query: Mapping[str, str]) -> Layer:
        return self._stored(case, chosen(query, "name", self._maps(case)))

    def _probability(self, case: str, query: Mapping[str, str]) -> Layer:
        name = chosen(query, "name", self._probabilities(case))
        return self._stored(case, _PROBABILITY, self.config.data.classes.index(name))

    def _stored(self, case: str, name: str, channel: int = 0) -> Layer:
        """A map of the predictions."""
        return FileLayer(nifti_blocks(self._folder(case) / f"{name}.nii.gz"), channel)

    def _sample(self, case: str, query: Mapping[str, str]) -> Layer:
        """The classes of one sample, on the network's grid."""
        number = whole_number(query, "number", self._sample_count(case) - 1)
        stored = self._samples(case)
        one = StoredSamples(stored.packed[:, number : number + 1], stored.slice_axis, stored.grid)
        label = np.zeros(stored.grid.shape, np.uint8)
        for k in range(1, len(self.config.data.classes)):
            label[next(one.of_classes([k]).unpacked())] = k
        return HeldLayer(stored.grid.with_array(label))

    def _bounds(self, case: str) -> dict[str, str]:
        """The titles of the conformal bounds, by side and class, where a calibration made them."""
        titles = {}
        for side, title in _SIDES.items():
            if (self._folder(case) / f"label_{side}.nii.gz").is_file():
                for name in self.config.data.classes[1:]:
                    titles[f"{side} {name}"] = f"{title} of {name}"
        return titles

    def _bound(self, case: str, query: Mapping[str, str]) -> Layer:
        """A bound as a label of its class; bounds of several classes overlap."""
        side, name = chosen(query, "name", list(self._bounds(case))).split(" ", 1)
        number = self.config.data.classes.index(name)
        return ClassLayer(self._stored(case, f"label_{side}", number - 1), number)

    def _reference(self, case: str, query: Mapping[str, str]) -> Layer:
        name = chosen(query, "name", self._references(case))
        known = self.images.case(case)
        if name in known.raters:
            known = known.by(name)
        data = self.config.data
        image = self.images.image(case)
        label = read_case_label(known, image, len(data.classes), data.label_values)
        known_classes = np.where(label.array == PADDING, 0, label.array)
        return HeldLayer(label.with_array(known_classes))


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


def _content(layer: Layer, most: int, *, is_label: bool) -> Content:
    step = step_of(layer.shape, most)
    body = nifti_bytes(layer.every(step), is_label=is_label)
    return Content(body=body, type="application/octet-stream", step=step)
