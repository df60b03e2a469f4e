"""Scalars of each epoch for TensorBoard, a folder per member; TensorBoard is needed to look only."""

from __future__ import annotations

import itertools
import os
import socket
import time
from pathlib import Path
from typing import BinaryIO

import tensorflow as tf

from tfuq.config import TASKS
from tfuq.data import disk
from tfuq.data.ownership import begin_log, note
from tfuq.data.records import record
from tfuq.data.writers import make_folder, writing

SCALARS = ("loss", "data_loss", "kl", "val_loss", *(f"val_{TASKS[name].quality}" for name in TASKS), "learning_rate")


class TensorBoardLog:
    """A listener to training steps that writes ``folder/<member>/events.out.tfevents.*``."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._files: dict[int, tuple[Path, BinaryIO]] = {}

    def __enter__(self):
        return self

    def __exit__(self, error: type[BaseException] | None, *_):
        for path, file in self._files.values():
            file.close()
            if error is None:  # else the file is as that of a process that was killed
                with writing(path):
                    note(path)

    def __call__(self, member: int, epoch: int, step: int, logs: dict) -> None:
        """Write an epoch's row; single steps are passed over."""
        if "epoch" not in logs:
            return
        if member not in self._files:
            with writing(self._folder):
                self._files[member] = self._opened(member)
        path, file = self._files[member]
        events = [_event(logs["epoch"], name, logs[name]) for name in SCALARS if name in logs]
        with writing(path):
            disk.write(file, b"".join(events))

    def _opened(self, member: int) -> tuple[Path, BinaryIO]:
        """A new file, which begins with the version of its format."""
        folder = self._folder / str(member)
        make_folder(folder)
        began = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}"
        path = next(path for n in itertools.count() if not os.path.lexists(path := folder / f"{began}.{n}.v2"))
        begin_log(path)
        file = disk.open_log(path)
        disk.write(file, _record(tf.compat.v1.Event(file_version="brain.Event:2")))
        return path, file


def _event(step: int, name: str, value: float) -> bytes:
    tensor = tf.make_tensor_proto(value, tf.float32)
    summary = tf.compat.v1.Summary(value=[tf.compat.v1.Summary.Value(tag=name, tensor=tensor, metadata=_as_scalar())])
    return _record(tf.compat.v1.Event(step=step, summary=summary))


def _record(event: tf.compat.v1.Event) -> bytes:
    event.wall_time = time.time()
    return record(event.SerializeToString())


def _as_scalar() -> tf.compat.v1.SummaryMetadata:
    plugin = tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
    return tf.compat.v1.SummaryMetadata(plugin_data=plugin, data_class=1)  # DATA_CLASS_SCALAR
