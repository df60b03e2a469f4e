"""The images of cases, read one at a time and kept for the next request."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from tfuq.data.cases import Case, read_case_image
from tfuq.data.volume import Volume
from tfuq.workflows.review.predicted import PredictedCases
from tfuq.workflows.view.targets import Target

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
_KEPT = 2  # the case that is looked at, and the next


class LastRead(Generic[K, T]):
    """The last values of a function that reads files; one thread reads at a time."""

    def __init__(self, read: Callable[[K], T], most: int = _KEPT) -> None:
        """Keep nothing yet.

        Args:
            read: makes a value for a key.
            most: how many values are kept.
        """
        self._read = read
        self._most = most
        self._values: OrderedDict[K, T] = OrderedDict()
        self._lock = threading.Lock()  # of the values
        self._reading = threading.Lock()

    def __call__(self, key: K) -> T:
        """The value of a key, read if it is not kept.

        Args:
            key: of the value.
        """
        with self._lock:
            if key in self._values:
                return self._last(key)
        with self._reading:  # what is kept does not wait for this
            if key not in self._values:
                self._make_room()
                value = self._read(key)
                with self._lock:
                    self._values[key] = value
            return self._last(key)

    def _last(self, key: K) -> T:
        self._values.move_to_end(key)
        return self._values[key]

    def _make_room(self) -> None:
        with self._lock:
            while len(self._values) >= self._most:
                self._values.popitem(last=False)


class Images:
    """The images of the predicted cases, as tfuq reads them."""

    def __init__(self, target: Target) -> None:
        """List the cases.

        Args:
            target: what is looked at.
        """
        self._cases = PredictedCases(target.run, target.manifest)
        self._read = LastRead(self._image)

    def _image(self, case_id: str) -> Volume:
        return read_case_image(self.case(case_id))

    def case(self, case_id: str) -> Case:
        """The case with its files."""
        return self._cases.case(case_id)

    def image(self, case_id: str) -> Volume:
        """The image ``[X, Y, Z, C]``.

        Raises:
            DataError: it cannot be read.
        """
        return self._read(case_id)
