"""Networks learn where landmarks are."""

import csv

import pytest

from tfuq.networks.heatmap_losses import heatmap_cross_entropy, heatmap_mse

LOSSES = {"heatmap-mse": heatmap_mse, "heatmap-cross-entropy": heatmap_cross_entropy}


@pytest.mark.slow
@pytest.mark.parametrize("name", LOSSES)
def test_networks_learn_where_landmarks_are(name, tfuq, tmp_path):
    changes = (
        f"data.root={tmp_path / 'data'}",
        f"training.loss.name={name}",
        "training.epochs=24",
        "network.level_dropout={}",
    )
    options = [word for change in changes for word in ("-o", change)]
    result = tfuq(
        "train", "cephalogram", "--method", "deterministic", *options, "--run", tmp_path / "run"
    )
    assert result.exit_code == 0, result.output
    with (tmp_path / "run" / "members" / "0" / "history.csv").open() as file:
        errors = [float(row["val_radial_error"]) for row in csv.DictReader(file)]
    assert errors[-1] < errors[0] / 2
