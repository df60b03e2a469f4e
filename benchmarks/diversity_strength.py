"""What the strength of a penalty does to members that are trained together, and a prior to anchored ones.

TFUQ_DATA=../shared/data python benchmarks/diversity_strength.py [--seeds 3] [--members 5] [--images 1000] [--epochs 10]

MNIST by the network of configs/mnist.yaml, trained on a few images so that there is something not to know. Each row is
a kind of ensemble.diversity at a strength, over training seeds: mean and half of the 95 % interval (Student's t). Rows
of one seed see the same images from the same initial weights, so differences between rows are paired.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from scipy import stats

CELLS = (
    ("seeds", None),
    ("anchored", 10.0),
    ("anchored", 1.0),
    ("anchored", 0.2),
    ("negative-correlation", 0.5),
    ("negative-correlation", 2.0),
    ("negative-correlation", 8.0),
    ("repulsive", None),
    ("repulsive", 0.03),
    ("repulsive", 0.3),
    ("repulsive", 3.0),
)
COLUMNS = ("member error %", "error %", "NLL", "member NLL", "disagreement %", "MI")
_LEAST = 1e-7


def probabilities(run, images: np.ndarray) -> np.ndarray:
    """Of every member for images: ``[M, n, K]``."""
    import tensorflow as tf

    from tfuq.networks.weights import assign_arrays, load_arrays
    from tfuq.sampling.members import build_member

    network = build_member(run.config, channels=1, sources=())
    seed = tf.zeros([2], tf.int32)
    members = []
    for member in run.finished_members:
        assign_arrays(network, load_arrays(run.member(member) / "weights.npz"))
        logits = [
            network([images[start : start + 500], seed]) for start in range(0, len(images), 500)
        ]
        members.append(tf.nn.softmax(tf.concat(logits, 0)).numpy().astype(float))
    return np.array(members)


def figures(p: np.ndarray, y: np.ndarray) -> list[float]:
    """The columns of one run, from ``p [M, n, K]`` and the classes ``y [n]``."""
    from tfuq.scoring.diversity import pairwise_disagreement

    mean = p.mean(0)
    chosen = np.arange(len(y))
    entropy = -(mean * np.log(np.maximum(mean, _LEAST))).sum(-1).mean()
    expected = -(p * np.log(np.maximum(p, _LEAST))).sum(-1).mean()
    pairs = pairwise_disagreement(p)[np.triu_indices(len(p), 1)]
    return [
        100 * float((p.argmax(-1) != y).mean()),
        100 * float((mean.argmax(-1) != y).mean()),
        float(-np.log(np.maximum(mean[chosen, y], _LEAST)).mean()),
        float(-np.log(np.maximum(p[:, chosen, y], _LEAST)).mean()),
        100 * float(pairs.mean()),
        float(entropy - expected),
    ]


def trained(
    kind: str, strength: float | None, seed: int, arguments: argparse.Namespace, folder: Path
):
    """A run of a cell."""
    from tfuq import config as configuration
    from tfuq.training import train

    overrides = [
        "method=ensemble",
        f"data.split.train={arguments.images}",
        "data.split.validation=500",
        f"data.split.test={arguments.test}",
        "augmentation.rotation_degrees=0",
        "augmentation.scale=0",
        "augmentation.shift=0",
        "training.batch_size=64",
        f"training.epochs={arguments.epochs}",
        f"training.seed={seed}",
        f"ensemble.members={arguments.members}",
        f"ensemble.diversity={kind}",
    ]
    if strength is not None:
        key = "prior_scale" if kind == "anchored" else "strength"
        overrides.append(f"ensemble.{key}={strength}")
    return train(configuration.load("mnist", overrides), folder)


def row(kind: str, strength: float | None, values: np.ndarray) -> str:
    """A row of the table, of the figures ``[seeds, columns]``."""
    texts = [kind, "–" if strength is None else f"{strength:g}"]
    seeds = len(values)
    for column in values.T:
        text = f"{column.mean():.4g}"
        if seeds > 1:
            half = stats.t.ppf(0.975, seeds - 1) * column.std(ddof=1) / np.sqrt(seeds)
            text += f" ± {half:.2g}"
        texts.append(text)
    return f"| {' | '.join(texts)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--members", type=int, default=5)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    from tfuq.tasks import task_of
    from tfuq.training import prepare

    print(f"| diversity | strength or prior | {' | '.join(COLUMNS)} |")
    print("|" + "---|" * (2 + len(COLUMNS)), flush=True)
    test = None
    for kind, strength in CELLS:
        values = []
        for seed in range(arguments.seeds):
            with tempfile.TemporaryDirectory() as folder:
                run = trained(kind, strength, seed, arguments, Path(folder) / "run")
                if test is None:
                    material = prepare(run.config, "cpu:1")
                    [test] = task_of(run.config).validation(
                        run.config, material.parts["test"], material.training, material.statistics
                    )
                values.append(figures(probabilities(run, test.images), test.targets))
        print(row(kind, strength, np.array(values)), flush=True)


if __name__ == "__main__":
    main()
