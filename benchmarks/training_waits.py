"""How much of a training's time is spent in steps and validation.

TFUQ_DATA=../shared/data python benchmarks/training_waits.py [--against CHECKOUT ...] [--steps 2 8 20]

The network of configs/hippocampus.yaml, 20 epochs of few steps each. The first epoch, which traces, is left out. The
rest of the time is waiting for batches, writing the state of each epoch, and what an iterator keeps an epoch waiting
for. With --against, the same is run with the tfuq of another checkout, in turns. Each training is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EPOCHS = 20
HERE = Path(__file__).parents[1]


def train(steps: int, epochs: int, devices: str) -> dict[str, float]:
    """Train in this process; seconds in steps and validation, and in all, after the first epoch."""
    from tfuq import config as configuration
    from tfuq.data.events import EpochEnd
    from tfuq.training import fit, member_training, prepare, validation

    busy = {"seconds": 0.0}

    def timed(call, *arguments):
        started = time.perf_counter()
        result = call(*arguments)
        if isinstance(result, dict):  # of figures: there when they can be read
            for value in result.values():
                float(value)
        busy["seconds"] += time.perf_counter() - started
        return result

    class TimedStep(fit.TrainingStep):
        def __call__(self, *arguments):
            return timed(super().__call__, *arguments)

    validated = validation.Validator.__call__

    def timed_validation(validator, weights):
        return timed(validated, validator, weights)

    class Clock:
        def notify(self, event):
            if isinstance(event, EpochEnd) and event.epoch == 0:
                busy["seconds"] = 0.0
                busy["started"] = time.perf_counter()

    fit.TrainingStep = TimedStep
    validation.Validator.__call__ = timed_validation
    settings = [f"training.epochs={epochs}", f"training.steps_per_epoch={steps}"]
    settings += ["data.split.train=20", "data.split.validation=2"]
    config = configuration.load("hippocampus", settings)
    material = prepare(config, devices)
    with tempfile.TemporaryDirectory() as folder:
        member_training(config, Path(folder) / "0", 0, material).run(Clock())
    return {"busy": busy["seconds"], "wall": time.perf_counter() - busy["started"]}


def in_process(checkout: Path, arguments: argparse.Namespace, steps: int) -> dict[str, float]:
    """Train in a process of its own, with the tfuq of a checkout."""

    command = [sys.executable, __file__, "--child", "--steps", str(steps)]
    command += ["--epochs", str(arguments.epochs), "--devices", arguments.devices]
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    answer = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if answer.returncode:
        sys.exit(answer.stderr[-2000:])
    return json.loads(answer.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, nargs="+", default=[2, 8, 20], help="of an epoch")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--devices", default="cpu:1")
    parser.add_argument("--against", type=Path, nargs="+", default=[], help="other checkouts")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(train(arguments.steps[0], arguments.epochs, arguments.devices)))
        return
    checkouts = [*arguments.against, HERE]
    for steps in arguments.steps:
        for checkout in checkouts:
            seconds = in_process(checkout, arguments, steps)
            epoch = seconds["wall"] / (arguments.epochs - 1)
            share = seconds["busy"] / seconds["wall"]
            print(
                f"{checkout.name}: {steps} steps an epoch of {epoch:.2f} s, "
                f"{share:.3f} of it in steps and validation",
                flush=True,
            )


if __name__ == "__main__":
    main()
