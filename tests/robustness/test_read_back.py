"""What tfuq reads back of its own files is what it should be, or is refused; no number that is none is kept or passed on."""

import json
import shutil

import numpy as np
import pytest

from tests.conftest import assert_refused, task_settings
from tests.support.editing import edited
from tests.support.made import make_network_run, make_run, make_scores
from tfuq.data.json_csv import numbers, read_json, read_table
from tfuq.data.volume import Volume
from tfuq.data.writers import write_csv, write_json, write_nifti
from tfuq.errors import DataError, RunError
from tfuq.networks.weights import load_arrays, save_arrays
from tfuq.runs import Run
from tfuq.scoring.evaluation.class_table import read_predictions


@pytest.fixture
def digits_run(digits, tmp_path):
    return make_run(tmp_path / "run", "classification", digits)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "1e999", "1" + "0" * 40, "9" * 6000, "[" * 50_000, "\ud800"]
)
def test_json_holds_bounded_numbers_alone(tmp_path, text):
    path = tmp_path / "summary.json"
    path.write_bytes(f'{{"a": {text}}}'.encode("utf-8", "surrogatepass"))
    with pytest.raises(RunError, match=r"summary.json: cannot be read .*; again"):
        read_json(path, dict, "again")


@pytest.mark.parametrize("text", ["nan", "-inf", "1e31", "x", "", "1_000_0x"])
def test_a_column_of_numbers_has_one_in_every_row(tmp_path, text):
    rows = [{"a": "1", "b": "2"}, {"a": text, "b": "2"}]
    with pytest.raises(RunError, match=r"table.csv: .*'a'"):
        numbers(tmp_path / "table.csv", rows, "a", "again")
    np.testing.assert_array_equal(numbers(tmp_path / "table.csv", rows, "b", "again"), [2, 2])
    with pytest.raises(RunError, match="is not between 0 and 1"):
        numbers(tmp_path / "table.csv", rows, "b", "again", low=0, high=1)


@pytest.mark.parametrize(
    "text", ["a,a\n1,2\n", "a,b\n1\n", "a,b\n1,2,3\n", "a,b\n1,2", 'a,b\n"1,2\n']
)
def test_a_table_has_one_cell_for_each_column(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(RunError, match=r"table.csv: "):
        read_table(path, ("a",), "again")


@pytest.mark.parametrize("task", ["classification", "landmarks"])
def test_a_table_that_does_not_fit_its_manifest_is_refused(task, digits, heads, tmp_path, tfuq):
    run = make_run(tmp_path / "run", task, {"classification": digits, "landmarks": heads}[task])
    make_scores(run, "hybrid", most=4)
    folder = run.predictions("hybrid")
    before = (folder / "manifest.json").read_text()
    edited(folder / "manifest.json", lambda manifest: manifest["cases"].popitem())
    assert_refused(
        tfuq("score", folder, "--no-figures"),
        "which manifest.json does not name",
        "run the same tfuq predict again",
    )
    (folder / "manifest.json").write_text(before)
    table = folder / {"classification": "predictions.csv", "landmarks": "landmarks.csv"}[task]
    lines = table.read_text().splitlines()
    case = lines[-1].split(",")[0]
    table.write_text("\n".join(line for line in lines if not line.startswith(f"{case},")) + "\n")
    assert_refused(tfuq("score", folder, "--no-figures"), f"has no case '{case}'")


@pytest.mark.parametrize(
    ("column", "text"),
    [("probability_3", "1.5"), ("probability_3", "-0.2"), ("variation_ratio", "-1")],
)
def test_probabilities_and_measures_are_in_range(digits_run, column, text):
    make_scores(digits_run, "hybrid")
    path = digits_run.predictions("hybrid") / "predictions.csv"
    rows = read_table(path, (), "again")
    names = list("0123456789")
    write_csv(path, [row | {"variation_ratio": "0.5", "mutual_information": "0.1"} for row in rows])
    read_predictions(path.parent, names)
    write_csv(
        path,
        [
            row | {"variation_ratio": "0.5", "mutual_information": "0.1", column: text}
            for row in rows
        ],
    )
    with pytest.raises(RunError, match=rf"'{text}' is not between"):
        read_predictions(path.parent, names)
    write_csv(path, [row | {"probability_1": row["probability_2"]} for row in rows])
    with pytest.raises(RunError, match="do not add up to 1"):
        read_predictions(path.parent, names)


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_measures_that_are_equal_in_all_cases_are_scored(
    task, balls, digits, heads, tmp_path, tfuq
):
    run = make_run(
        tmp_path / "run",
        task,
        {"segmentation": balls, "classification": digits, "landmarks": heads}[task],
    )
    make_scores(run, "hybrid", most=3)
    for table in [
        *run.predictions("hybrid").glob("*.csv"),
        *run.predictions("hybrid").glob("*/*.csv"),
    ]:
        rows = read_table(table, (), "again")
        kept = ("case", "class", "component", "landmark", "sample", "label", "x", "y")
        same = {
            name: "0.25"
            for name in rows[0]
            if name not in kept and not name.startswith(("probability", "votes"))
        }
        write_csv(table, [row | same for row in rows])
    found = tfuq("score", run.predictions("hybrid"))
    assert found.exit_code == 0, found.output
    json.loads((run.scores("hybrid") / "summary.json").read_text(), parse_constant=pytest.fail)


def test_no_number_that_is_none_is_written(tmp_path):
    volume = Volume(np.full((2, 2, 2), np.nan, np.float32), np.eye(4))
    for write in (
        lambda path: write_nifti(path, volume),
        lambda path: write_json(path, {"a": [float("inf")]}),
        lambda path: write_csv(path, [{"a": 1.0}, {"a": np.float32(-np.inf)}]),
        lambda path: save_arrays(path, {"a": np.array([1, np.nan])}),
    ):
        with pytest.raises(DataError, match=r"file: .*not written"):
            write(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def network_run(digits, tmp_path_factory):
    config = task_settings("classification", digits, "mc-dropout")
    return make_network_run(tmp_path_factory.mktemp("network") / "run", config, ["t10k-00000"])


def test_a_network_whose_outputs_are_no_numbers_predicts_nothing(network_run, tmp_path, tfuq):
    run = Run(shutil.copytree(network_run.path, tmp_path / "run"), network_run.config)
    arrays = load_arrays(run.member(0) / "weights.npz")
    # Of the last layer alone: a ReLU after a convolution may make 0 of what is no number.
    arrays |= {
        name: np.full_like(array, 3e38)
        for name, array in arrays.items()
        if name.startswith("logits")
    }
    write_json(
        run.member(0) / "done", {"digest": save_arrays(run.member(0) / "weights.npz", arrays)}
    )
    found = tfuq("predict", run.path)
    assert_refused(found, str(run.path), "NaN or infinite", "tfuq doctor")
    assert not list((run.path / "predictions").rglob("*.csv"))
