"""The brain phantom is what it says: its probabilities are those of its raters, its files those of the layouts."""

import numpy as np
import pytest

from tests.conftest import assert_refused
from tfuq.config import load
from tfuq.data.cases import read_case_image, read_case_label
from tfuq.data.layouts import list_cases
from tfuq.data.phantoms import synthesize
from tfuq.data.phantoms.ambiguity import smooth_field
from tfuq.data.phantoms.brain import SHAPE, brain_phantom
from tfuq.data.readers import read
from tfuq.errors import ConfigError, DataError


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
    independent = np.random.default_rng(0).random(SHAPE)[..., None] < np.cumsum(phantom.probabilities, -1)
    flips = [np.mean(np.diff(labels.astype(int), axis=0) != 0) for labels in (phantom.raters[0], independent.argmax(-1))]
    assert flips[0] < flips[1]
    assert smooth_field(np.random.default_rng(0), SHAPE, 2.0).std() == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(("name", "layout"), [("brain-decathlon", "decathlon"), ("brain-iseg2017", "iseg2017")])
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
    np.testing.assert_array_equal(read(tmp_path / "a" / "raters" / "rater-01" / f"{stem}.nii.gz").array, label)
    p = read(tmp_path / "a" / "probabilities" / f"{stem}.nii.gz").array
    assert (p.argmax(-1) == label).mean() > 0.9
    synthesize(name, tmp_path / "b", cases=2, seed=3)
    files = sorted(f.relative_to(tmp_path / "a") for f in (tmp_path / "a").rglob("*") if f.is_file())
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)


def test_refusals(tmp_path, tfuq):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="is not empty"):
        synthesize("brain-decathlon", tmp_path, cases=1, seed=0)
    with pytest.raises(ConfigError, match="did you mean 'brain-iseg2017'"):
        synthesize("brain-iseg", tmp_path / "x", cases=1, seed=0)
    assert_refused(tfuq("data", "synth", "brain-iseg", tmp_path / "x"), "brain-iseg2017")
    (tmp_path / "file").write_text("not a folder")
    for command in (["data", "synth", "brain-decathlon"], ["demo", "--out"]):
        assert_refused(tfuq(*command, tmp_path / "file" / "below"), "folder cannot be made", "choose a place")


def test_data_commands(tmp_path, tfuq, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tfuq("data", "synth", "brain-iseg2017", "iseg", "--cases", 3).exit_code == 0
    assert "quickstart: made when first used" in tfuq("data", "list").output
    root = ["-o", f"data.root={tmp_path}/iseg", "-o", "data.split={train: 2, validation: 0, test: 1}"]
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
        tfuq("data", "check", "iseg2017", *root), "1 problem(s) among 3 cases", "subject-03", "same as that of 'subject-01'"
    )
    (tmp_path / "iseg" / "subject-2-T2.img").write_bytes(b"short")
    assert_refused(tfuq("data", "check", "iseg2017", *root), "2 problem(s) among 3 cases", "subject-2-T2.img")
    assert_refused(
        tfuq("data", "check", "iseg2017", *root, "-o", "data.split.train=9"), "more cases than the 3 with a reference"
    )


def test_quickstart_makes_its_data_where_it_is_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load("quickstart")
    assert config.data.root == str(tmp_path / "runs" / "quickstart" / "data")
    first = list_cases(config.data.layout, config.data.root)
    assert len(first) == 24
    assert list_cases(config.data.layout, config.data.root) == first
