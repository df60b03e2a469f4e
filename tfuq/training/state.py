"""The state of a member's training, which lies in its folder between epochs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import tf_keras

from tfuq.data.json_csv import parse_json
from tfuq.errors import RunError
from tfuq.networks.weights import (
    Arrays,
    assign_arrays,
    assign_numbered,
    model_arrays,
    parse_arrays,
    require_fit,
)
from tfuq.training.collecting import NOTHING, Collector
from tfuq.training.progress import Progress
from tfuq.training.supervision import predicting

STATE = "state.npz"
_REMEDY = "delete it to train the member from its start"


@dataclass(kw_only=True)
class MemberState:
    """All that a training needs to go on.

    Attributes:
        model: The network that is trained, with the weights after the last epoch.
        optimizer: Its optimizer.
        best: The weights of the best epoch, of the network that predicts, by the names of
            variables.
        progress: How far the training has come.
        collector: What it gathers on the way.
    """

    model: tf_keras.Model
    optimizer: tf_keras.optimizers.Optimizer
    best: Arrays = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    collector: Collector = NOTHING

    def arrays(self) -> Arrays:
        """The whole state as arrays by name.

        Some variables are means over all workers, which all of them have to compute together.
        """
        arrays = _prefixed("model/", model_arrays(self.model))
        arrays |= _prefixed("best/", self.best)
        for index, variable in enumerate(self.optimizer.variables):
            arrays[f"optimizer/{index}"] = variable.numpy()
        arrays |= _prefixed("collected/", self.collector.arrays())
        progress = json.dumps(asdict(self.progress))
        arrays["progress"] = np.frombuffer(progress.encode(), np.uint8)
        return arrays

    def restore(self, content: bytes, path: Path) -> None:
        """Take up a state that was saved.

        Args:
            content: Of its file.
            path: The file, for messages.

        Raises:
            RunError: It is damaged, of another network, or of an earlier version.
        """
        arrays = parse_arrays(content, path)
        last_variable = len(self.optimizer.variables) - 1
        if f"optimizer/{last_variable}" not in arrays:
            raise RunError(f"{path}: was written by an earlier tfuq; {_REMEDY}")
        progress = arrays.get("progress", np.zeros(0, np.uint8))
        self.progress = parse_json(progress.tobytes(), path, Progress, _REMEDY)
        assign_arrays(self.model, _below(arrays, "model/"), where=str(path))
        self.best = _below(arrays, "best/")
        require_fit(predicting(self.model).weights, self.best, where=str(path))
        self.collector.restore(_below(arrays, "collected/"))
        optimizer_arrays = _below(arrays, "optimizer/")
        assign_numbered(self.optimizer.variables, optimizer_arrays, where=str(path))


def _prefixed(prefix: str, arrays: Mapping[str, np.ndarray]) -> Arrays:
    return {f"{prefix}{name}": array for name, array in arrays.items()}


def _below(arrays: Mapping[str, np.ndarray], prefix: str) -> Arrays:
    """The arrays whose names have the prefix, by their names without it."""
    below = {}
    for name, array in arrays.items():
        if name.startswith(prefix):
            below[name.removeprefix(prefix)] = array
    return below
