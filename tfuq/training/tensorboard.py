"""Scalars of each epoch for TensorBoard, a folder per member.

TensorBoard itself is needed to look at them alone.
"""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import tensorflow as tf

from tfuq.config import TASKS
from tfuq.data import disk
from tfuq.data.events import EpochEnd, Event
from tfuq.data.ownership import begin_log, note
from tfuq.data.records import record
from tfuq.data.writers import make_folder, writing

_QUALITIES = tuple(f"val_{TASKS[name].quality}" for name in TASKS)
SCALARS = ("loss", "data_loss", "kl", "penalty", "val_loss", *_QUALITIES, "learning_rate")
_DATA_CLASS_SCALAR = 1


class TensorBoardLog:
    """An observer of training that writes ``folder/<member>/events.out.tfevents.*``."""

    def __init__(self, folder: Path) -> None:
        """Take the folder of the logs; a file is opened with the first epoch of its member."""
        self._folder = folder
        self._files: dict[int, tuple[Path, BinaryIO]] = {}

    def __enter__(self) -> TensorBoardLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for path, file in self._files.values():
            file.close()
            if kind is None:  # else the file is as that of a process that was killed
                with writing(path):
                    note(path)

    def notify(self, event: Event) -> None:
        """Write the figures of an epoch; other events are passed over."""
        if isinstance(event, EpochEnd):
            self._write(event.member, event.figures)

    def _write(self, member: int, figures: Mapping[str, float]) -> None:
        if member not in self._files:
            with writing(self._folder):
                self._files[member] = self._opened(member)
        path, file = self._files[member]
        events = []
        for name in SCALARS:
            if name in figures:
                events.append(_event(int(figures["epoch"]), name, figures[name]))
        with writing(path):
            disk.write(file, b"".join(events))

    def _opened(self, member: int) -> tuple[Path, BinaryIO]:
        """A new file, which begins with the version of its format."""
        folder = self._folder / str(member)
        make_folder(folder)
        path = _unused_path(folder)
        begin_log(path)
        file = disk.open_log(path)
        disk.write(file, _record(tf.compat.v1.Event(file_version="brain.Event:2")))
        return path, file


def _unused_path(folder: Path) -> Path:
    seconds = int(time.time())
    began = f"events.out.tfevents.{seconds:010d}.{socket.gethostname()}.{os.getpid()}"
    paths = (folder / f"{began}.{number}.v2" for number in itertools.count())
    return next(path for path in paths if not os.path.lexists(path))


def _event(step: int, name: str, value: float) -> bytes:
    tensor = tf.make_tensor_proto(value, tf.float32)
    scalar = tf.compat.v1.Summary.Value(tag=name, tensor=tensor, metadata=_as_scalar())
    summary = tf.compat.v1.Summary(value=[scalar])
    return _record(tf.compat.v1.Event(step=step, summary=summary))


def _record(event: tf.compat.v1.Event) -> bytes:
    event.wall_time = time.time()
    return record(event.SerializeToString())


def _as_scalar() -> tf.compat.v1.SummaryMetadata:
    plugin = tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
    return tf.compat.v1.SummaryMetadata(plugin_data=plugin, data_class=_DATA_CLASS_SCALAR)
