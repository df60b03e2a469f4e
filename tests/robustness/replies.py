"""Replies of servers as bytes that are not quite true: parsed, checked and believed, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from tests.conftest import settings, task_settings
from tests.robustness.mutations import damaged
from tests.robustness.targets import Content, Target
from tests.support.fuzzing import outcome
from tests.support.replies import SAMPLES, false_reply, make_export, message, true_reply
from tfuq.config import Config
from tfuq.errors import RunError
from tfuq.serving.expected import Expected, expected_outputs
from tfuq.serving.replies import ReplyError, from_json
from tfuq.serving.transport import GrpcServer

_TASKS = ("segmentation", "classification", "landmarks")


def reply_targets(folder: Path) -> list[Target]:
    """By gRPC and by REST, of every task."""
    return [target for task in _TASKS for target in _of_task(folder / task, task)]


def _of_task(folder: Path, task: str) -> list[Target]:
    config = settings(folder, rank=2) if task == "segmentation" else task_settings(task, folder)
    export = make_export(folder / "model", config)
    shape = (1, *config.network.patch_size, 1)
    true = true_reply(config, shape)
    expected = expected_outputs(
        export, config, "prepared", {"image": np.zeros(shape), "num_samples": SAMPLES}
    )
    rest = json.dumps(
        {"outputs": {name: values.tolist() for name, values in true.items()}}
    ).encode()
    return [_by_grpc(task, config, expected, true), _by_rest(task, expected, rest)]


def _by_grpc(task: str, config: Config, expected: Expected, true: dict[str, np.ndarray]) -> Target:
    server = GrpcServer("localhost:1", "model", 1)

    def damage(place: str, content: bytes) -> st.SearchStrategy[Content]:
        false = st.integers(0, 2**32 - 1).map(
            lambda seed: false_reply(true, np.random.default_rng(seed))
        )
        return st.one_of(false, false, false, damaged("reply", content))

    def check(place: str, content: Content) -> str:
        return outcome(lambda: _believed(lambda: server._outputs(content or b"", expected)))

    return Target(
        f"gRPC reply of {task}", {"reply": message(true).SerializeToString()}, check, 1500, damage
    )


def _by_rest(task: str, expected: Expected, body: bytes) -> Target:
    def check(place: str, content: Content) -> str:
        return outcome(lambda: _believed(lambda: from_json(content or b"", expected)))

    return Target(f"REST reply of {task}", {"reply.json": body}, check, 1500)


def _believed(decode) -> None:
    """Believe a reply as a server's `call` does; what is believed is finite."""
    try:
        outputs = decode()
    except ReplyError as error:
        raise RunError(f"it {error}") from error
    for values in outputs.values():
        assert values.dtype == object or np.isfinite(values).all()
