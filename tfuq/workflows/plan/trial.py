"""A few real steps of a training, in a process of their own: what they take."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tfuq.config import Config, SplitConfig, parse
from tfuq.data.readers.quiet import quiet_stderr
from tfuq.errors import TfuqError

# Nothing of an earlier trial is in the memory of a new process.
_PROCESSES = multiprocessing.get_context("spawn")
_KILLED = -9  # as the system does where memory ends; Windows has no such code


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a training was seen to take.

    Attributes:
        memory: Bytes of the device at most: of the GPU, or of the whole process.
        start: Seconds until the second step: reading a case, building, compiling.
        reading: Seconds to read and preprocess a case.
        step: Seconds of a step.
        validation: Seconds to validate a case.
        examples: Of each training case.
        is_on_gpu: Whether a GPU trained.
    """

    memory: int
    start: float
    reading: float
    step: float
    validation: float
    examples: float
    is_on_gpu: bool

    @property
    def device(self) -> str:
        """What trained, in words."""
        return "one GPU" if self.is_on_gpu else "the CPU"


def attempt(config: Config, training: Sequence[str], validation: Sequence[str]) -> Trial | None:
    """Try a configuration on a few cases.

    Args:
        config: The configuration.
        training: Ids of the cases to train on.
        validation: Ids of the cases to validate on.

    Returns:
        What it takes; None where there is not memory enough.

    Raises:
        TfuqError: As training refuses the configuration or its data.
    """
    text = _text_of_few(config, training, validation)
    receiver, sender = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_serve, args=(text, sender), daemon=True)
    process.start()
    sender.close()
    try:
        found: Trial | Exception | None = receiver.recv()
    except EOFError:
        found = None
    process.join()
    if process.exitcode not in (0, _KILLED):
        raise RuntimeError(f"the trial of a network ended with the code {process.exitcode}")
    if isinstance(found, Exception):
        raise found
    return found


def _text_of_few(config: Config, training: Sequence[str], validation: Sequence[str]) -> str:
    """The configuration of some of the cases, which are not kept on a disk."""
    split = SplitConfig(train=list(training), validation=list(validation), test=[])
    data = config.data.model_copy(update={"split": split})
    learning = config.training.model_copy(update={"cache": "memory"})
    return config.model_copy(update={"data": data, "training": learning}).dump()


def _serve(text: str, sender: Connection) -> None:
    """Send what a configuration takes, or why training refuses it."""
    with quiet_stderr():  # TensorFlow writes there, and faults are sent
        sender.send(_outcome(text))


def _outcome(text: str) -> Trial | Exception | None:
    try:
        from tfuq.workflows.plan.measuring import measure  # imports TensorFlow

        config = parse(text, source="the plan", is_expanded=False)
        return measure(config, Path("plan"))
    except TfuqError as error:
        return error
    except MemoryError:
        return None
    except Exception as error:
        return RuntimeError(f"the trial of a network failed: {type(error).__name__}: {error}")
