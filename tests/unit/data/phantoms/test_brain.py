"""The brain phantom is what it says: its probabilities are those of its raters, its files those of the layouts."""

import numpy as np
import pytest

from tests.conftest import assert_refused, task_settings
from tests.support.made import make_network_run, make_scores
from tfuq.config import load
from tfuq.data.cases import read_case_image, read_case_label
from tfuq.data.layouts import cases_of, list_cases, made_cases
from tfuq.data.phantoms import synthesize
from tfuq.data.phantoms.ambiguity import smooth_field
from tfuq.data.phantoms.brain import SHAPE, brain_phantom
from tfuq.data.readers import read
from tfuq.errors import ConfigError, DataError
from tfuq_cli.main import COMMANDS


def test_raters_follow_the_true_probabilities():
    phantom = brain_phantom(np.random.default_rng(0), raters=400)
    p = phantom.probabilities
    np.testing.assert_allclose(p.sum(-1), 1, atol=1e-5)
    for k in range(4):
        share = (phantom.raters == k).mean(0)
        # Raters err together over smooth patches, but a voxel's share over raters is binomial.
        z = (share - p[..., k]) / np.sqrt(np.maximum(p[..., k] * (1 - p[..., k]), 1e-3) / 400)
        assert np.abs(z).mean() < 1
        assert np.abs(share - p[..., k]).max() < 0.15


def test_one_rater_is_smooth_and_raters_differ():
    phantom = brain_phantom(np.random.default_rng(1))
    assert phantom.raters.shape == (4, *SHAPE)
    assert set(np.unique(phantom.raters)) == {0, 1, 2, 3}
    assert (phantom.raters[0] != phantom.raters[1]).mean() > 0.005
    independent = np.random.default_rng(0).random(SHAPE)[..., None] < np.cumsum(
        phantom.probabilities, -1
    )
    flips = [
        np.mean(np.diff(labels.astype(int), axis=0) != 0)
        for labels in (phantom.raters[0], independent.argmax(-1))
    ]
    assert flips[0] < flips[1]
    assert smooth_field(np.random.default_rng(0), SHAPE, 2.0).std() == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(
    ("name", "layout"), [("brain-decathlon", "decathlon"), ("brain-iseg2017", "iseg2017")]
)
def test_files_are_in_the_official_layout(tmp_path, name, layout):
    synthesize(name, tmp_path / "a", cases=2, seed=3)
    cases = list_cases(layout, tmp_path / "a")
    assert len(cases) == 2
    image = read_case_image(cases[0])
    assert image.array.shape == (*SHAPE, 2)
    np.testing.assert_allclose(image.spacing, 2)
    values = None if layout == "decathlon" else {0: 0, 10: 1, 150: 2, 250: 3}
    label = read_case_label(cases[0], image, 4, values).array
    assert set(np.unique(label)) == {0, 1, 2, 3}
    stem = "brain_001" if layout == "decathlon" else "subject-1"
    np.testing.assert_array_equal(
        read(tmp_path / "a" / "raters" / "rater-01" / f"{stem}.nii.gz").array, label
    )
    p = read(tmp_path / "a" / "probabilities" / f"{stem}.nii.gz").array
    assert (p.argmax(-1) == label).mean() > 0.9
    synthesize(name, tmp_path / "b", cases=2, seed=3)
    files = sorted(
        f.relative_to(tmp_path / "a") for f in (tmp_path / "a").rglob("*") if f.is_file()
    )
    assert all(
        (tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files
    )


def test_refusals(tmp_path, tfuq):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="is not empty"):
        synthesize("brain-decathlon", tmp_path, cases=1, seed=0)
    with pytest.raises(ConfigError, match="did you mean 'brain-iseg2017'"):
        synthesize("brain-iseg", tmp_path / "x", cases=1, seed=0)
    assert_refused(tfuq("data", "synth", "brain-iseg", tmp_path / "x"), "brain-iseg2017")
    (tmp_path / "file").write_text("not a folder")
    for command in (["data", "synth", "brain-decathlon"], ["demo", "--out"]):
        assert_refused(
            tfuq(*command, tmp_path / "file" / "below"), "folder cannot be made", "choose a place"
        )


def test_data_commands(tmp_path, tfuq, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tfuq("data", "synth", "brain-iseg2017", "iseg", "--cases", 3).exit_code == 0
    assert "quickstart: made when first used" in tfuq("data", "list").output
    root = [
        "-o",
        f"data.root={tmp_path}/iseg",
        "-o",
        "data.split={train: 2, validation: 0, test: 1}",
    ]
    result = tfuq("data", "check", "iseg2017", *root)
    assert result.exit_code == 0, result.output
    assert "3 cases in" in result.output
    head, first = result.stdout.splitlines()[:2]
    assert head.split()[:6] == ["case", "part", "voxels", "spacing", "(mm)", "axes"]
    assert first.split()[:5] == ["subject-01", first.split()[1], "32×32×32", "2×2×2", "LAS"]
    for channel in ("T1", "T2"):
        for suffix in ("img", "hdr"):
            (tmp_path / "iseg" / f"subject-3-{channel}.{suffix}").write_bytes(
                (tmp_path / "iseg" / f"subject-1-{channel}.{suffix}").read_bytes()
            )
    assert_refused(
        tfuq("data", "check", "iseg2017", *root),
        "1 problem(s) among 3 cases",
        "subject-03",
        "same as that of 'subject-01'",
    )
    (tmp_path / "iseg" / "subject-2-T2.img").write_bytes(b"short")
    assert_refused(
        tfuq("data", "check", "iseg2017", *root), "2 problem(s) among 3 cases", "subject-2-T2.img"
    )
    assert_refused(
        tfuq("data", "check", "iseg2017", *root, "-o", "data.split.train=9"),
        "more cases than the 3 with a reference",
    )


def test_quickstart_makes_its_data_where_it_is_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load("quickstart")
    assert config.data.root == str(tmp_path / "runs" / "quickstart" / "data")
    with pytest.raises(DataError, match=r"brain-decathlon .*/data --cases 24, which makes it"):
        cases_of(config.data)
    assert not (tmp_path / "runs").exists()
    first = made_cases(config.data)
    assert len(first) == 24
    assert made_cases(config.data) == cases_of(config.data) == first


READING = (
    "predict",
    "calibrate",
    "score",
    "compare",
    "doctor",
    "report",
    "shift",
    "export",
    "serve-check",
)
MAKING = ("demo", "data", "train", "study")


@pytest.fixture
def strangers(digits, tmp_path):
    """A folder with a run and its scores; `entitle` puts a phantom in the place of the data."""
    config = task_settings("classification", digits, "deterministic")
    run = make_network_run(
        tmp_path / "run", config, [case.id for case in cases_of(config.data)][:12]
    )
    for method, samples in (("deterministic", 1), ("hybrid", 4)):
        make_scores(run, method, samples=samples)
    return tmp_path


def entitle(folder, digits):
    """Give every configuration a phantom at a place of the stranger's choice."""
    for path in folder.rglob("config.yaml"):
        text = path.read_text().replace("layout: idx", "layout: digits-phantom")
        path.write_text(text.replace(str(digits), str(folder / "their choice" / "data")))
    (folder / "elsewhere.yaml").write_text((folder / "run" / "config.yaml").read_text())


def commands_that_need_data(folder):
    run = folder / "run"
    predictions = run / "predictions" / "deterministic"
    return [
        ["predict", run],
        ["predict", run, "--dry-run"],
        ["calibrate", run, "--cases", "test:0.5"],
        ["score", predictions],
        ["score", predictions, "--ood", folder / "elsewhere.yaml"],
        ["shift", run, "--perturbation", "noise", "--severity", "1"],
        ["report", run / "scores" / "deterministic", run / "scores" / "hybrid"],
    ]


def commands_that_do_without(folder):
    run, scores = folder / "run", folder / "run" / "scores"
    return [
        ["compare", scores / "deterministic", scores / "hybrid"],
        ["compare", scores / "deterministic", scores / "hybrid", "--out", folder / "out"],
        ["doctor", run],
    ]


def test_a_run_of_anothers_makes_no_data_set(strangers, digits, tfuq):
    """Whoever sends a run does not say where data appear; to make them is for commands that are given a configuration."""
    entitle(strangers, digits)
    for arguments in commands_that_need_data(strangers):
        assert_refused(tfuq(*arguments), "run tfuq data synth digits", "--cases 1797")
    for arguments in commands_that_do_without(strangers):
        result = tfuq(*arguments)
        assert result.exit_code == 0, result.output
    assert not (strangers / "their choice").exists()


@pytest.mark.slow
def test_no_command_but_those_that_may_makes_a_data_set(strangers, digits, tfuq):
    run, model = strangers / "run", strangers / "model"
    assert tfuq("export", run, "--to", model).exit_code == 0
    entitle(strangers, digits)
    commands = [
        *commands_that_need_data(strangers),
        *commands_that_do_without(strangers),
        ["export", run, "--to", model],
        ["serve-check", model],
        ["serve-check", model, "--inspect"],
        ["data", "list"],
        ["train", run / "config.yaml", "--run", strangers / "new", "--dry-run"],
    ]
    assert {*READING, *MAKING} == {*COMMANDS}
    assert {arguments[0] for arguments in commands} >= {*READING}
    for arguments in commands:
        assert tfuq(*arguments).exit_code in (0, 2), arguments
    assert not (strangers / "their choice").exists()
    assert tfuq("data", "check", strangers / "elsewhere.yaml").exit_code == 0
    assert (strangers / "their choice" / "data").is_dir()
    for arguments in commands_that_need_data(strangers)[:2]:
        assert tfuq(*arguments).exit_code == 2  # cases of these names are not in the phantom
