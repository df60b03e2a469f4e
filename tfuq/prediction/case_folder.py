"""A segmented case and the folder that it is written to."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from tfuq.data.volume import Volume
from tfuq.data.writers import whole_folder, write_csv
from tfuq.data.writers.compression import Compressor, compressing
from tfuq.data.writers.nifti import NiftiStream, nifti_stream
from tfuq.measures.sample_masks import STORED, StoredSamples
from tfuq.prediction.dicom import DicomFiles
from tfuq.prediction.on_input import MapChannel
from tfuq.prediction.request import LABEL
from tfuq.prediction.statistics import Row
from tfuq.prediction.timing import timed_items
from tfuq.runs.results import STRUCTURES

CASE = "case of predictions"


def files_of_case(maps: Iterable[str], *, has_samples: bool) -> list[str]:
    """The files of a case's folder, without those of DICOM.

    Args:
        maps: The names of its maps.
        has_samples: Whether the samples are kept.
    """
    names = [f"{name}.nii.gz" for name in maps]
    names.append(STRUCTURES)
    if has_samples:
        names.append(STORED)
    return names


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """One case as predicted.

    Attributes:
        case: The case's id.
        image: The image as given, whose grid the maps are on.
        maps: The maps, one channel after another.
        structures: The rows of ``structures.csv``.
        seconds: Seconds by stage.
        samples: The samples, where they are kept.
        dicom: What is written as DICOM, where it is asked for.
    """

    case: str
    image: Volume
    maps: Iterable[MapChannel]
    structures: list[Row]
    seconds: dict[str, float]
    samples: StoredSamples | None = None
    dicom: DicomFiles | None = None

    def write(self, folder: Path) -> None:
        """Write the case's folder, whole or not at all.

        Maps that are made on the way are compressed while the next are made. How long it takes to
        make them is added to the seconds of ``measures``, and the rest is those of ``write``.
        """
        started = time.perf_counter()
        before = self.seconds.get("measures", 0.0)
        with whole_folder(folder, CASE) as unfinished:
            held = self._write_maps(unfinished)
            rows = [{"case": self.case, **row} for row in self.structures]
            write_csv(unfinished / STRUCTURES, rows)
            if self.samples:
                self.samples.write(unfinished)
            if self.dicom:
                self.dicom.write(unfinished, held)
        making = self.seconds["measures"] - before
        self.seconds["write"] = time.perf_counter() - started - making

    def _write_maps(self, folder: Path) -> dict[str, Volume]:
        """Write a file for each map; give back those that DICOM files are made of."""
        held = {}
        names: set[str] = set()
        if self.dicom:
            names = {LABEL, *self.dicom.maps}
        with compressing() as compressor, ExitStack() as stack:
            files = _MapFiles(folder, self.image, compressor, stack)
            for channel in timed_items(self.maps, self.seconds, "measures"):
                files.add(channel)
                if channel.name in names:
                    held[channel.name] = self.image.with_array(channel.values)
                del channel  # it need not be in memory while the next one is made
        return held


class _MapFiles:
    """The files of maps, several of which may grow in turn."""

    def __init__(
        self, folder: Path, image: Volume, compressor: Compressor, stack: ExitStack
    ) -> None:
        self._folder = folder
        self._image = image
        self._compressor = compressor
        self._stack = stack
        self._streams: dict[str, NiftiStream] = {}

    def add(self, channel: MapChannel) -> None:
        """Add a channel to its file, which begins with the first one."""
        if channel.name not in self._streams:
            self._streams[channel.name] = self._stack.enter_context(self._stream(channel))
        self._streams[channel.name].add(channel.values)

    def _stream(self, channel: MapChannel) -> AbstractContextManager[NiftiStream]:
        return nifti_stream(
            self._folder / f"{channel.name}.nii.gz",
            self._image,
            channel.values.dtype,
            channel.channels,
            self._compressor,
        )
