"""Volumes predicted one after another: the next is read while the network works on this one.

Meanwhile the last one is written. At most one volume is ahead and one behind, and none where memory
is short.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tfuq.data.budget import MemoryShortageError
from tfuq.data.cases import Case, naming, read_case_image
from tfuq.data.events import CasePredicted, Observer
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.prediction.case_folder import Prediction
from tfuq.prediction.shared import Piece, SharedFolder
from tfuq.prediction.timing import timed

if TYPE_CHECKING:
    from tfuq.prediction.segmentation import VolumePredictor


@dataclass(kw_only=True)
class ReadCase:
    """A case that is read, as the network takes it.

    Attributes:
        case: the case.
        grid: of the image as given.
        prepared: as `Predictor.preprocessed` gives it. Its voxels leave memory when they were
            sampled.
        seconds: by stage.
    """

    case: Case
    grid: Volume
    prepared: Volume
    seconds: dict[str, float] = field(default_factory=dict)


def read_case(predictor: VolumePredictor, case: Case) -> ReadCase:
    """Read a case and prepare it.

    Raises:
        DataError: it cannot be read, or is not what the run was trained with.
    """
    started = time.perf_counter()
    read = _prepared(predictor, read_case_image(case), case)
    read.seconds["read"] = time.perf_counter() - started
    return read


def _prepared(predictor: VolumePredictor, image: Volume, case: Case) -> ReadCase:
    seconds: dict[str, float] = {}
    with timed(seconds, "read"):
        prepared = predictor.preprocessed(case, image)
    return ReadCase(case=case, grid=image.grid, prepared=prepared, seconds=seconds)


@contextmanager
def predict_image(predictor: VolumePredictor, image: Volume, case: Case) -> Iterator[Prediction]:
    """Predict an image that is in memory; its maps can be taken until the block ends.

    Args:
        predictor: The predictor.
        image: The image as given.
        case: Names the image in errors, and has the mask or label where preprocessing needs one.
    """
    with predict_read(predictor, _prepared(predictor, image, case)) as prediction:
        yield prediction


@contextmanager
def predict_read(predictor: VolumePredictor, read: ReadCase) -> Iterator[Prediction]:
    """Predict a case that is read; its maps can be taken until the block ends.

    Args:
        predictor: The predictor.
        read: The case, which keeps no voxels.
    """
    sampling = predictor.sample_channels(read.prepared)
    # No name is left to the voxels, here or in the caller: they leave memory when sampled.
    read.prepared = read.prepared.grid
    with ExitStack() as stack:
        with timed(read.seconds, "network"), naming(read.case):
            channels = stack.enter_context(sampling)
        with timed(read.seconds, "measures"):
            rows = predictor.structures(read.prepared, channels)
        yield Prediction(
            case=read.case.id,
            image=read.grid,
            maps=predictor.maps_on_input(read.grid, read.prepared, channels),
            structures=[read.case.unit.named(row) for row in rows],
            seconds=read.seconds,
            samples=predictor.kept_samples(read.prepared, channels),
            dicom=predictor.dicom_files(read.case),
        )


def predict_case(predictor: VolumePredictor, case: Case, folder: Path) -> dict[str, float]:
    """Read and predict one case, and write its folder.

    Returns:
        Seconds by stage.
    """
    with predict_read(predictor, read_case(predictor, case)) as prediction:
        prediction.write(folder)
    return _rounded(prediction.seconds)


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {stage: round(value, 4) for stage, value in seconds.items()}


def write_volumes(
    predictor: VolumePredictor, pieces: Iterator[Piece], shared: SharedFolder, observer: Observer
) -> None:
    """Predict the cases of pieces and write their folders, see `Predictor.write_cases`.

    Args:
        predictor: predicts them.
        pieces: each has one case, and is claimed when it is asked for.
        shared: the predictions folder.
        observer: is notified of each case in this thread, once it is written.
    """
    # The pools end first: what is being written when an error comes is listed too.
    with ThreadPoolExecutor(1) as reading, ThreadPoolExecutor(1) as writing:
        _Pipeline(predictor, pieces, shared, observer, reading, writing).run()


class _Pipeline:
    """Three stages, one case in each at the most."""

    def __init__(
        self,
        predictor: VolumePredictor,
        pieces: Iterator[Piece],
        shared: SharedFolder,
        observer: Observer,
        reading: ThreadPoolExecutor,
        writing: ThreadPoolExecutor,
    ) -> None:
        self._predictor = predictor
        self._pieces = pieces
        self._shared = shared
        self._observer = observer
        self._reading = reading
        self._writing = writing
        self._next: tuple[Case, Future[ReadCase]] | None = None
        self._last: tuple[Case, Future[dict[str, float]]] | None = None

    def run(self) -> None:
        self._begin_reading()
        while self._next is not None:
            case, reading = self._next
            self._next = None
            with self._failing(case):
                self._predict(case, reading)
            if self._next is None:
                self._begin_reading()
        self._end_writing()

    def _begin_reading(self) -> None:
        piece = next(self._pieces, None)
        if piece is not None:
            (case,) = piece.cases
            self._next = case, self._reading.submit(read_case, self._predictor, case)

    def _predict(self, case: Case, reading: Future[ReadCase]) -> None:
        try:
            read = reading.result()
        except MemoryShortageError:
            self._end_writing()
            read = read_case(self._predictor, case)  # it may fit once nothing else is in memory
        has_room = self._predictor.has_room_for_two(read.prepared)
        if has_room:
            self._begin_reading()
        else:
            self._end_writing()
        with ExitStack() as stack:
            prediction = stack.enter_context(predict_read(self._predictor, read))
            self._end_writing()
            writing = self._writing.submit(self._write, case, prediction, stack.pop_all())
            self._last = case, writing
        if not has_room:
            self._end_writing()

    def _write(self, case: Case, prediction: Prediction, stack: ExitStack) -> dict[str, float]:
        with stack:
            prediction.write(self._shared.folder / case.id)
            seconds = _rounded(prediction.seconds)
            self._shared.finish(case, seconds)
        return seconds

    def _end_writing(self) -> None:
        """Wait until the last case is written, and tell of it."""
        if self._last is None:
            return
        case, writing = self._last
        self._last = None
        with self._failing(case):
            seconds = writing.result()
            self._await_reading()
            self._observer.notify(CasePredicted(case=case.id, seconds=dict(seconds)))

    def _await_reading(self) -> None:
        """Wait until the next case is read, as readers hide what is written to the terminal."""
        if self._next is not None:
            _, reading = self._next
            reading.exception()

    @contextmanager
    def _failing(self, case: Case) -> Iterator[None]:
        """List the case as failed where it cannot be predicted, and go on."""
        try:
            yield
        except DataError as error:
            self._shared.fail(case, error)
