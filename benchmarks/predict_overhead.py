"""Everything around the network in tfuq predict (reading, reducing, measuring, writing) as a share of the network's time.

python benchmarks/predict_overhead.py RUN [METHOD]

Predicts the run's test split at T = 20 and, for each case in turn, times the same draws with nothing kept but the last
sample: that is the network's time.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfuq import runs
from tfuq.data.cases import read_case_image
from tfuq.data.preprocessing import to_examples
from tfuq.data.volume import Volume
from tfuq.measures.reducers import LastSample
from tfuq.prediction import Request, cases_of_test_split, make_predictor, predict_case
from tfuq.prediction.segmentation import VolumePredictor
from tfuq.sampling.sampler import Sampler

SAMPLES = 20


def sample_alone(predictor: VolumePredictor, prepared: Volume) -> None:
    """Take the samples of a case, batch by batch, and make no record of them."""
    padded = predictor.preprocess.padded(prepared)
    examples = to_examples(padded.array, predictor.config.preprocessing.slice_axis)
    seed = tf.constant([predictor.request.seed, 0], tf.int32)
    for start in range(0, len(examples), predictor.batch):
        images = np.ascontiguousarray(examples[start : start + predictor.batch])
        predictor.sampler.sample(images, seed, tf.constant(predictor.samples))


def main() -> None:
    run = runs.open_run(Path(sys.argv[1]))
    request = Request(
        method=sys.argv[2] if len(sys.argv) > 2 else run.config.method,
        samples=SAMPLES,
        seed=0,
        batch=run.config.prediction.batch_size,
    )
    whole, bare = make_predictor(run, request), make_predictor(run, request)
    bare.sampler = Sampler(bare.sampler.posterior, [LastSample()])
    totals, network = [], []
    with tempfile.TemporaryDirectory() as out:
        for number, case in enumerate(cases_of_test_split(run)):
            prepared = bare.preprocessed(case, read_case_image(case))
            started = time.perf_counter()
            sample_alone(bare, prepared)
            middle = time.perf_counter()
            predict_case(whole, case, Path(out, case.id))
            if number:  # the first case compiles both graphs
                network.append(middle - started)
                totals.append(time.perf_counter() - middle)
    around = np.array(totals) - np.array(network)
    print(
        f"{len(totals)} cases, {request.method}, T = {SAMPLES}: {np.mean(totals):.3f} s a case, network {np.mean(network):.3f} s"
    )
    print(f"around the network / network: {around.sum() / np.sum(network):.3f}")


if __name__ == "__main__":
    main()
