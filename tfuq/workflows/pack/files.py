"""The files of a model: those of its run, with weights of half precision."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfuq import runs
from tfuq.config import Config
from tfuq.data.writers import write_json
from tfuq.errors import RunError
from tfuq.networks.weights import load_arrays, save_arrays
from tfuq.runs import Run
from tfuq.runs.weights import weights_digest

STORED_AS = "stored as float16, computed in float32"


def without_places(config: Config) -> Config:
    """The configuration without folders of the machine that trained it.

    The data set keeps the name of its folder. What weights started from is gone, and
    which of them stayed so.

    Args:
        config: The run's.
    """
    tree = config.model_dump()
    tree["data"]["root"] = Path(config.data.root).name
    tree["data"]["additional"] = []
    tree["data"]["split"]["file"] = None
    tree["training"]["initial_weights"] = None
    tree["training"]["frozen"] = []
    tree["variational"]["warm_start"] = None
    return Config.model_validate(tree)


def write_run(run: Run, folder: Path, config: Config) -> int:
    """Write the files that prediction needs of a run, with weights of half precision.

    Args:
        run: The run.
        folder: Where to write them.
        config: The configuration to write.

    Returns:
        The number of weights.

    Raises:
        RunError: A member has not finished training, or a weight is too large.
    """
    finished = run.finished_members
    if len(finished) < config.members:
        raise RunError(
            f"{run.path}: {len(finished)} of {config.members} members have finished training; "
            f"run tfuq train {run.path / 'config.yaml'} --run {run.path} --resume"
        )
    parameters = 0
    for index in finished:
        parameters += _write_member(run.member(index), folder / "members" / str(index))
    runs.create(folder, config, run.split, run.facts, run.folds)
    return parameters


def _write_member(member: Path, folder: Path) -> int:
    path = member / "weights.npz"
    arrays = load_arrays(path, weights_digest(member))
    halved = {}
    for name, array in arrays.items():
        largest = np.abs(array).max(initial=0)
        if largest > np.finfo(np.float16).max:
            raise RunError(
                f"{path}: '{name}' has the number {largest:.3g}, and float16 holds numbers up to "
                f"{np.finfo(np.float16).max:g}; pack another run"
            )
        halved[name] = array.astype(np.float16)
    digest = save_arrays(folder / "weights.npz", halved)
    write_json(folder / "done", {"digest": digest})
    return sum(array.size for array in arrays.values())
