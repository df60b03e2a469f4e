"""What tfuq reads back of its own files is what it should be, or is refused; no number that is none is kept or passed on."""

import hashlib
import json
import shutil
import struct
import zlib

import numpy as np
import pytest
from matplotlib.text import Text

from tests.conftest import assert_refused, settings, task_settings
from tests.support.made import make_network_run, make_run, make_scores
from tests.support.observers import Stop
from tfuq.calibration.records import (
    Calibration,
    Conformal,
    Scaling,
    calibration_path,
    read_calibration,
)
from tfuq.data.json_csv import numbers, read_json, read_table
from tfuq.data.volume import Volume
from tfuq.data.writers import write_csv, write_json, write_nifti
from tfuq.errors import DataError, RunError, TfuqError
from tfuq.measures.sample_masks import STORED, read_samples
from tfuq.networks.weights import assign_arrays, load_arrays, save_arrays
from tfuq.report.landmark_figures import _sampled_points
from tfuq.report.page.tables import _few_colours
from tfuq.report.plotting import new_figure, save
from tfuq.report.training import training_curves
from tfuq.runs import Run, results
from tfuq.scoring.evaluation.class_table import read_predictions


@pytest.fixture
def digits_run(digits, tmp_path):
    return make_run(tmp_path / "run", "classification", digits)


def edited(path, change) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


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


def repeated(split):
    split["test"].append(split["test"][0])


def shared(split):
    split["train"].append(split["test"][0])


@pytest.mark.parametrize(
    ("change", "words"), [(repeated, "is twice in test"), (shared, "is in both train and test")]
)
def test_a_split_has_each_case_once(digits_run, change, words):
    assert len(digits_run.split["test"]) == 60
    edited(digits_run.path / "splits.json", change)
    with pytest.raises(RunError, match=words):
        _ = digits_run.split


def test_a_member_has_one_folder(digits_run):
    for name in ("0", "00", "1", "01", "٣", "x"):
        write_json(digits_run.path / "members" / name / "done", {"digest": "a"})
    assert digits_run.finished_members == [0, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": 10**9},
        {"channels": 0},
        {"statistics": {"mean": [1.0, 2.0], "std": [1.0, 2.0]}},
        {"statistics": {"mean": [1.0], "std": [0.0]}},
        {"versions": 3},
        {"seeds": [1]},
    ],
)
def test_facts_of_a_run_are_bounded(digits_run, wrong):
    edited(digits_run.path / "environment.json", lambda facts: facts.update(wrong))
    with pytest.raises(RunError, match=r"environment.json: cannot be read"):
        _ = digits_run.facts


@pytest.mark.parametrize(
    "wrong",
    [
        {"samples": 0},
        {"samples": 10**9},
        {"seed": -1},
        {"method": "../../x"},
        {"cases": {"../x": {"images": ["a"], "label": None, "seconds": {}}}},
        {"cases": {"": {"images": ["a"], "label": None, "seconds": {}}}},
    ],
)
def test_a_manifest_is_bounded(digits_run, wrong):
    make_scores(digits_run, "hybrid")
    edited(
        digits_run.predictions("hybrid") / "manifest.json", lambda manifest: manifest.update(wrong)
    )
    with pytest.raises(RunError, match=r"manifest.json: cannot be read"):
        results.read_manifest(digits_run.predictions("hybrid"))


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


def a_calibration(run: Run) -> Calibration:
    draws = results.Manifest(
        run=str(run.path),
        method="hybrid",
        samples=4,
        seed=0,
        weights_digest=["a"],
        tfuq_version="0.1.0",
    )
    scaling = Scaling(
        kind="vector", weights=[1.0] * 10, bias=[0.0] * 10, nll_before=1.0, nll_after=0.9, items=20
    )
    return Calibration(
        draws=draws,
        source="validation",
        cases={},
        scaling=scaling,
        conformal=Conformal(alpha=0.1, sets={"lac": 0.5}),
    )


def test_the_digest_is_of_the_calibration_that_was_read(digits_run):
    path, written = calibration_path(digits_run, "hybrid"), a_calibration(digits_run)
    written.write(path)
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    found = read_calibration(digits_run, written.draws)
    edited(path, lambda content: content["conformal"]["sets"].update(lac=0.9))
    assert found.conformal.sets == {"lac": 0.5}
    assert found.digest == expected
    assert "digest" not in json.loads(path.read_text())


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["scaling"]["weights"].pop(),
        lambda content: content["scaling"]["weights"].__setitem__(0, float("nan")),
        lambda content: content["scaling"].update(bias=[1e30] * 10),
        lambda content: content["conformal"].update(alpha=1.5),
        lambda content: content["conformal"]["sets"].update(other=0.5),
        lambda content: content["conformal"].update(radii={"S": 1.0}),
        lambda content: content["conformal"].update(volumes={"ball": 1e4}),
    ],
)
def test_a_calibration_of_something_else_is_refused(digits_run, change):
    written = a_calibration(digits_run)
    written.write(calibration_path(digits_run, "hybrid"))
    assert read_calibration(digits_run, written.draws).conformal.alpha == 0.1
    edited(calibration_path(digits_run, "hybrid"), change)
    with pytest.raises(RunError, match=r"hybrid.json: .*calibrate again with --overwrite"):
        read_calibration(digits_run, written.draws)


SAMPLES = {
    "packed": np.zeros((1, 3, 2, 8), np.uint8),
    "slice_axis": np.array(-1),
    "shape": np.array([4, 4, 4]),
    "affine": np.eye(4),
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"packed": np.zeros((1, 0, 2, 8), np.uint8)},
        {"packed": np.zeros((1, 3, 2, 7), np.uint8)},
        {"packed": np.zeros((1, 3, 2, 8), np.float32)},
        {"packed": np.uint8(0)},
        {"slice_axis": np.array([0, 1])},
        {"slice_axis": np.array("x")},
        {"slice_axis": np.array(0.5)},
        {"shape": np.array(4)},
        {"shape": np.array([4.0, 4.0, 4.0])},
        {"shape": np.array([0, 4, 4])},
        {"affine": np.zeros((4, 4))},
        {"affine": np.full((4, 4), np.nan)},
        {"affine": np.eye(4, dtype=complex)},
    ],
)
def test_samples_that_are_none_are_refused(tmp_path, wrong):
    np.savez(tmp_path / STORED, **SAMPLES)
    assert read_samples(tmp_path, 3).of_classes([1]).union().shape == (4, 4, 4)
    np.savez(tmp_path / STORED, **SAMPLES | wrong)
    with pytest.raises(RunError, match=r"samples.npz: "):
        read_samples(tmp_path, 3)


def test_samples_of_landmarks_are_complete(heads, tmp_path):
    run = make_run(tmp_path / "run", "landmarks", heads)
    make_scores(run, "hybrid", most=2)
    folder, names = run.predictions("hybrid"), run.config.data.landmarks
    rows = read_table(folder / "samples.csv", (), "again")
    assert _sampled_points(folder, rows[0]["case"], names).shape == (len(names), 4, 2)
    write_csv(folder / "samples.csv", rows[1:])
    with pytest.raises(RunError, match="has not 4 samples"):
        _sampled_points(folder, rows[0]["case"], names)


@pytest.mark.parametrize(
    "text",
    [
        "epoch,loss\nx,1\n",
        "epoch,loss\n1\n",
        "loss\n1\n",
        "epoch,loss\n1,\x00\n",
        "epoch,loss\n1,nan\n",
    ],
)
def test_a_damaged_history_is_refused(digits_run, text):
    digits_run.member(0).mkdir(parents=True)
    (digits_run.member(0) / "history.csv").write_text("epoch,loss,val_loss\n1,0.5,\n2,0.4,0.3\n")
    assert training_curves(digits_run.path, "accuracy") is not None
    (digits_run.member(0) / "history.csv").write_text(text)
    with pytest.raises(RunError, match=r"history.csv: "):
        training_curves(digits_run.path, "accuracy")


def test_names_with_dollars_are_shown_as_they_are(tmp_path):
    figure = new_figure(4, 3)
    axes = figure.add_subplot()
    axes.plot([1, 2], [1e-6, 1e6], label="$\\frac$")
    axes.set(xlabel="$x_", title="$a^$", yscale="log")
    axes.set_xticks([1, 2], labels=["$\\bad{$", "$"])
    axes.legend(title="$\\no$")
    figure.suptitle("$\\frac$")
    assert save(figure, tmp_path / "figure.png").stat().st_size > 1000
    shown = {
        text.get_text(): text.get_parse_math()
        for text in figure.findobj(Text)
        if "$" in text.get_text()
    }
    assert not any(shown[name] for name in ("$\\frac$", "$x_", "$a^$", "$\\bad{$", "$", "$\\no$"))
    powers = [is_formula for text, is_formula in shown.items() if text.startswith("$\\mathdefault")]
    assert powers
    assert all(powers)


def test_a_picture_that_inflates_is_not_read(tmp_path):
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(c)) + kind + c + struct.pack(">I", zlib.crc32(kind + c))
        for kind, c in chunks
    ]
    (tmp_path / "figure.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    with pytest.raises(RunError, match=r"figure.png: not a readable picture"):
        _few_colours(tmp_path / "figure.png")


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


def test_weights_are_finite_and_of_their_type(network_run, tmp_path):
    from tfuq.sampling.members import build_member

    model = build_member(network_run.config, channels=1)
    arrays = load_arrays(network_run.member(0) / "weights.npz")
    assign_arrays(model, arrays)
    name = next(iter(arrays))
    with pytest.raises(RunError, match=f"weights '{name}' are not finite"):
        assign_arrays(model, arrays | {name: np.full_like(arrays[name], np.nan)})
    with pytest.raises(RunError, match=f"weights '{name}' are float64 and should be float32"):
        assign_arrays(model, arrays | {name: arrays[name].astype(float)})


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


def test_a_validation_loss_that_is_no_number_stops_training(digits, tmp_path, monkeypatch):
    from tfuq.training import train
    from tfuq.training.validation import Validator

    config, whole = (
        task_settings("classification", digits, training={"epochs": 3}),
        Validator.__call__,
    )
    called = []

    def broken(self, model):
        called.append(1)
        return whole(self, model) | ({"val_loss": float("nan")} if len(called) == 2 else {})

    monkeypatch.setattr(Validator, "__call__", broken)
    with pytest.raises(
        TfuqError, match=r"member 0: val_loss is nan in epoch 2; .*state.npz keeps the epoch before"
    ):
        train(config, tmp_path / "run")
    member = tmp_path / "run" / "members" / "0"
    assert not (member / "done").exists()
    state = load_arrays(member / "state.npz")
    progress = json.loads(state["progress"].tobytes())
    assert (progress["epoch"], progress["best_epoch"]) == (1, 1)
    assert all(np.isfinite(array).all() for array in state.values())
    run = train(
        config, tmp_path / "run", resume=True
    )  # what was no number is one now, as on another machine
    assert run.finished_members == [0]
    assert len(read_table(member / "history.csv", ("val_loss",), "again")) == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("progress"),
        lambda arrays: arrays.update(progress=np.zeros(3)),
        lambda arrays: arrays.update(progress=np.frombuffer(b'{"epoch": -1}', np.uint8)),
        lambda arrays: arrays.pop(next(name for name in arrays if name.startswith("best"))),
        lambda arrays: arrays.update({"optimizer|1": np.full(7, np.nan)}),
        lambda arrays: arrays.update(
            {name: array[None] for name, array in arrays.items() if name.startswith("model")}
        ),
    ],
)
def test_a_damaged_state_of_training_is_refused(states, tmp_path, change):
    from tfuq.training import train

    run = shutil.copytree(states.path, tmp_path / "run")
    path = run / "members" / "0" / "state.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    change(arrays)
    np.savez(path, **arrays)
    with pytest.raises(RunError, match=r"state.npz: "):
        train(states.config, run, resume=True)


@pytest.fixture(scope="module")
def states(digits, tmp_path_factory):
    """A run that was stopped after an epoch of two."""
    from tfuq.training import train

    config = task_settings("classification", digits, training={"epochs": 2})
    path = tmp_path_factory.mktemp("states") / "run"

    with pytest.raises(KeyboardInterrupt):
        train(config, path, observer=Stop(epoch=1, step=0))
    return Run(path, config)


def test_a_quality_that_no_case_defines_is_left_out(balls, tmp_path):
    from tfuq.training.validation import Validator

    config = settings(balls)
    validator = Validator.__new__(Validator)
    groups = [np.full(2, np.nan), np.array([0.5, np.nan])]
    for values, expected in zip(
        groups, ({"val_loss": 1.0}, {"val_loss": 1.0, "val_dice": 0.5}), strict=True
    ):
        validator._config, validator._groups = config, [(1.0, value) for value in values]
        validator._group = lambda pair: pair
        validator._mean_network = type("Network", (), {"set_weights": staticmethod(lambda _: None)})
        assert (
            validator(type("Network", (), {"get_weights": staticmethod(lambda: None)})) == expected
        )
