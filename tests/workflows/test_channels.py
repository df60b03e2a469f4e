"""Images of several channels: check, train, predict what a folder holds, score, however files hold them."""

import json
import shutil

import numpy as np
import pytest

from tests.conftest import assert_refused
from tests.support.channels import (
    NAMES,
    channel_settings,
    disc_channels,
    write_colours,
    write_four_axes,
    write_named,
    write_named_case,
    write_numbered,
    write_numbered_case,
    write_series,
    write_series_case,
)
from tests.support.data_files import write_nifti_file
from tfuq.data.readers import read

WAYS = {
    "named": (write_named, "folder", NAMES, list(NAMES)),
    "numbered": (write_numbered, "folder", (), ["0000", "0001", "0002"]),
    "series": (write_series, "folder", NAMES, list(NAMES)),
    "four axes": (write_four_axes, "decathlon", (), list(NAMES)),
    "colours": (write_colours, "folder", (), None),
}


def checked_and_trained(tfuq, folder, way):
    """The run of a data set, which has passed its check."""
    write, layout, channels, names = WAYS[way]
    root = write(folder / "set")
    (folder / "own.yaml").write_text(channel_settings(root, layout, channels))
    checked = tfuq("data", "check", folder / "own.yaml")
    assert checked.exit_code == 0, checked.output
    trained = tfuq("train", folder / "own.yaml", "--run", folder / "run")
    assert trained.exit_code == 0, trained.output
    facts = json.loads((folder / "run" / "environment.json").read_text())
    assert facts["channels"] == 3
    assert facts["channel_names"] == names
    return folder / "run"


def predicted(tfuq, run, out, *inputs):
    """The label maps of the cases that the inputs hold."""
    given = [word for path in inputs for word in ("--input", path)]
    result = tfuq("predict", run, *given, "--out", out)
    assert result.exit_code == 0, result.output
    return {path.parent.name: read(path).array for path in out.glob("*/label.nii.gz")}


@pytest.mark.slow
def test_a_run_of_named_channels_takes_files_however_they_come(tfuq, tmp_path):
    """A folder per case, files with suffixes, 4-D files: one label map; labels by case score them."""
    run = checked_and_trained(tfuq, tmp_path, "named")
    image, label = disc_channels(77)
    write_named_case(tmp_path / "cases" / "x", image)
    for folder in ("flat", "four", "references"):
        (tmp_path / folder).mkdir()
    for index, name in enumerate(NAMES):
        write_nifti_file(tmp_path / "flat" / f"y_{name}.nii.gz", image[..., index])
    write_nifti_file(tmp_path / "four" / "z.nii.gz", image)
    inputs = [tmp_path / folder for folder in ("cases", "flat", "four")]
    labels = predicted(tfuq, run, tmp_path / "out", *inputs)
    assert sorted(labels) == ["x", "y", "z"]
    np.testing.assert_array_equal(labels["x"], labels["y"])
    np.testing.assert_array_equal(labels["x"], labels["z"])
    for name in labels:
        write_nifti_file(tmp_path / "references" / f"{name}.nii", label)
    scored = tfuq("score", tmp_path / "out", "--reference", tmp_path / "references")
    assert scored.exit_code == 0, scored.output
    swapped = [tmp_path / "flat" / f"y_{name}.nii.gz" for name in reversed(NAMES)]
    (tmp_path / "flat" / "y_T1_IR.nii.gz").rename(tmp_path / "y_T1_IR.nii.gz")
    for command in ("predict", "review"):
        refused = tfuq(command, run, "--input", tmp_path / "flat")
        assert_refused(refused, "case 'y' has no file of channel 'T1_IR'")
    (tmp_path / "y_T1_IR.nii.gz").rename(tmp_path / "flat" / "y_T1_IR.nii.gz")
    for command in ("predict", "review"):
        given = [word for path in swapped for word in ("--input", path)]
        assert_refused(tfuq(command, run, *given), f"where '{NAMES[0]}' is due")


def inputs_of(way, folder):
    """What may be given of one case: a folder."""
    image, _ = disc_channels(77)
    folder.mkdir()
    if way == "colours":
        write_colours(folder / "set")
        shutil.move(folder / "set" / "image" / "3.png", folder / "x.png")
        shutil.rmtree(folder / "set")
    elif way == "named":
        write_named_case(folder / "x", image)
    elif way == "numbered":
        write_numbered_case(folder, "x", image)
    elif way == "series":
        write_series_case(folder, "x_{}", image)
    else:
        write_nifti_file(folder / "x.nii.gz", image)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_check_train_predict_a_folder_and_score(way, tfuq, tmp_path):
    run = checked_and_trained(tfuq, tmp_path, way)
    labels = predicted(tfuq, run, tmp_path / "out", inputs_of(way, tmp_path / "given"))
    assert list(labels) == ["x"]
    (tmp_path / "references").mkdir()
    path = tmp_path / "out" / "x" / "label.nii.gz"
    shutil.copy(path, tmp_path / "references" / "x.nii.gz")
    scored = tfuq("score", tmp_path / "out", "--reference", tmp_path / "references")
    assert scored.exit_code == 0, scored.output
    assert tfuq("predict", run).exit_code == 0
    scored = tfuq("score", run / "predictions" / "mc-dropout")
    assert scored.exit_code == 0, scored.output
