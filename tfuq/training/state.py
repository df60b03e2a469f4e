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
        arrays = prefixed("model/", model_arrays(self.model))
        arrays |= prefixed("best/", self.best)
        for index, variable in enumerate(self.optimizer.variables):
            arrays[f"optimizer/{index}"] = variable.numpy()
        arrays |= prefixed("collected/", self.collector.arrays())
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
        self.take_up(parse_arrays(content, path), path)

    def take_up(self, arrays: Mapping[str, np.ndarray], path: Path) -> None:
        """Take up a state from its arrays.

        Args:
            arrays: As `arrays` gives them.
            path: The file that they are of, for messages.

        Raises:
            RunError: As `restore`.
        """
        last_variable = len(self.optimizer.variables) - 1
        if f"optimizer/{last_variable}" not in arrays:
            raise RunError(f"{path}: was written by an earlier tfuq; {_REMEDY}")
        progress = arrays.get("progress", np.zeros(0, np.uint8))
        self.progress = parse_json(progress.tobytes(), path, Progress, _REMEDY)
        assign_arrays(self.model, below(arrays, "model/"), where=str(path))
        self.best = below(arrays, "best/")
        require_fit(predicting(self.model).weights, self.best, where=str(path))
        self.collector.restore(below(arrays, "collected/"))
        optimizer_arrays = below(arrays, "optimizer/")
        assign_numbered(self.optimizer.variables, optimizer_arrays, where=str(path))


def prefixed(prefix: str, arrays: Mapping[str, np.ndarray]) -> Arrays:
    """The arrays by their names with a prefix."""
    return {f"{prefix}{name}": array for name, array in arrays.items()}


def below(arrays: Mapping[str, np.ndarray], prefix: str) -> Arrays:
    """The arrays whose names have the prefix, by their names without it."""
    without = {}
    for name, array in arrays.items():
        if name.startswith(prefix):
            without[name.removeprefix(prefix)] = array
    return without
