"""What a run keeps of its training."""

import csv

from tfuq.networks.weights import load_arrays


def weights(run, member=0):
    return load_arrays(run.member(member) / "weights.npz")


def history(run, member=0):
    with (run.member(member) / "history.csv").open() as file:
        return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]
