"""Scalars of each epoch for TensorBoard, a folder per member. TensorFlow writes them; TensorBoard is needed to look only."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from tfuq.config import TASK_RULES
from tfuq.data.ownership import note

SCALARS = ("loss", "data_loss", "kl", "val_loss", *(f"val_{rules.quality}" for rules in TASK_RULES.values()), "learning_rate")


class TensorBoardLog:
    """A listener to training steps that writes ``folder/<member>/events.out.tfevents.*``."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._writers: dict[int, tf.summary.SummaryWriter] = {}
        self._earlier: dict[int, set[Path]] = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for writer in self._writers.values():
            writer.close()

    def __call__(self, member: int, epoch: int, step: int, logs: dict) -> None:
        """Write an epoch's row; single steps are passed over."""
        if "epoch" not in logs:
            return
        if member not in self._writers:
            self._earlier[member] = self._events(member)
            self._writers[member] = tf.summary.create_file_writer(str(self._folder / str(member)))
        with self._writers[member].as_default(step=logs["epoch"]):
            for name in SCALARS:
                if name in logs:
                    # tf.summary.scalar would do the same, but exists only where TensorBoard is installed.
                    tf.summary.write(name, tf.constant(logs[name], tf.float32), metadata=_as_scalar())
        self._writers[member].flush()
        for path in self._events(member) - self._earlier[member]:
            note(path)

    def _events(self, member: int) -> set[Path]:
        return set((self._folder / str(member)).glob("events.out.tfevents.*"))


def _as_scalar() -> tf.compat.v1.SummaryMetadata:
    plugin = tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
    return tf.compat.v1.SummaryMetadata(plugin_data=plugin, data_class=1)  # DATA_CLASS_SCALAR
