"""What help and documentation tell people to type works as it stands."""

import json
import logging
import shlex
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from tests.conftest import real
from tests.support.documentation import page_blocks
from tests.support.examples import commands, example_lines
from tfuq.data.phantoms import synthesize
from tfuq.data.readers import read
from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti
from tfuq_cli.main import main

# Only what makes training short; it comes last and so wins over the example's own.
KEYS = ("training.epochs=1", "training.steps_per_epoch=1", "prediction.samples=2", "ensemble.members=2", "data.split.test=4",
        "data.split.validation=1")  # fmt: skip
SHORT = [word for key in KEYS for word in ("-o", key)]


def run_line(line: str, *, short: bool = True) -> None:
    words = shlex.split(line)[1:]
    result = CliRunner().invoke(main, [*words, *(SHORT if short and words[0] == "train" else [])])
    assert result.exit_code == 0, f"{line}\n{result.output}"


def write_scan() -> None:
    """A scan of noise, as large as those that the shipped model was trained on."""
    noise = np.random.default_rng(0).normal(size=(36, 50, 36)).astype(np.float32)
    write_nifti(Path("scan.nii.gz"), Volume(noise, np.eye(4)))


def write_doses(command: tuple[str, ...]) -> None:
    """What the example of ``tfuq dose`` needs: samples that were kept, and a dose of each case."""
    if command != ("dose",):
        return
    run_line("tfuq predict runs/quickstart/hybrid --method mc-dropout --save-samples")
    for path in Path("runs/quickstart/hybrid/predictions/mc-dropout").glob("*/label.nii.gz"):
        label = read(path)
        dose = np.full(label.shape, 15.0, np.float32)
        write_nifti(Path("doses") / f"{path.parent.name}.nii.gz", label.with_array(dose))


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A folder in which every help's example was run, in the order of the commands; and the lines that were."""
    folder, ran = tmp_path_factory.mktemp("examples"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("TFUQ_SCORE_FIGURES", "0")  # drawn below
        write_scan()
        for command in commands():
            write_doses(command)
            for line in example_lines(command):
                if line not in ran and command != (
                    "demo",
                ):  # which test_demo_teaches_every_method runs
                    run_line(line)
                    ran.append(line)
    return folder, ran


@pytest.mark.slow
def test_every_help_shows_an_example_that_runs(played):
    assert {line.split()[1] for line in played[1]} == {
        "data",
        "train",
        "predict",
        "score",
        "plot",
        "dose",
        "compare",
        "calibrate",
        "doctor",
        "export",
        "models",
        "report",
        "serve-check",
        "shift",
        "slurm",
        "study",
    }


@pytest.mark.slow
def test_python_example_of_the_page_runs(played, monkeypatch):
    monkeypatch.chdir(played[0])
    scan = sorted(Path("runs/quickstart/data/imagesTr").glob("*.nii.gz"))[0]
    Path("scan.nii.gz").write_bytes(scan.read_bytes())
    code, _ = page_blocks("python.md", "python")
    names = {}
    exec(compile(code, "python.md", "exec"), names)
    assert names["predicted"]["mutual_information"].shape == read(scan).shape
    assert (Path("out/scan/structures.csv")).is_file()
    assert matplotlib.image.imread("scan.png").std() > 0


@pytest.mark.slow
def test_python_example_of_progress_runs(tmp_path, monkeypatch, capsys, caplog):
    monkeypatch.chdir(tmp_path)
    synthesize("brain-decathlon", Path("made"), cases=1, seed=0)
    (scan,) = Path("made/imagesTr").glob("*.nii.gz")
    scan.rename("scan.nii.gz")
    _, code = page_blocks("python.md", "python")
    short = '"training.steps_per_epoch=1"'
    assert short in code
    smaller = '"network.widths=[4, 8]", "data.split={train: 2, validation: 1, test: 1}"'
    code = code.replace(short, f"{short}, {smaller}")
    names = {}
    with caplog.at_level(logging.NOTSET, "tfuq"):  # the level that the example sets ends with this
        exec(compile(code, "python.md", "exec"), names)
    lines = capsys.readouterr().out.splitlines()
    members = names["run"].run.config.members
    starts = [
        f"member {member}, epoch {epoch}: loss " for member in range(members) for epoch in (0, 1)
    ]
    assert len(lines) == len(starts) + 1
    for line, start in zip(lines, [*starts, "scan: "], strict=True):
        assert line.startswith(start)
    ours = [record.name for record in caplog.records if record.name.startswith("tfuq")]
    assert ours == ["tfuq.training"]


def write_radiographs(root: Path, count: int) -> None:
    """Images of 20×30 pixels with a bright disc, and its mask."""
    rng = np.random.default_rng(0)
    for folder in ("image", "mask"):
        (root / folder).mkdir(parents=True)
    for index in range(count):
        rows, columns = np.indices((20, 30))
        disc = np.hypot(rows - rng.uniform(8, 12), columns - rng.uniform(10, 20)) < 5
        for folder, array in (
            ("image", disc * 100 + rng.integers(0, 50, disc.shape)),
            ("mask", disc),
        ):
            Image.fromarray(array.astype(np.uint8)).save(root / folder / f"chest-{index:03d}.png")


@pytest.mark.slow
def test_own_data_as_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TFUQ_SCORE_FIGURES")  # by default they are drawn
    monkeypatch.setenv("TFUQ_DATA", str(tmp_path))
    write_radiographs(tmp_path / "shenzhen_lungs", 24)
    (configuration,) = page_blocks("own-data.md", "yaml")
    split = "{train: 160, validation: 20, test: 60}"
    assert split in configuration
    fewer = configuration.replace(split, "{train: 16, validation: 2, test: 6}")
    for levels, two in (("[8, 16, 32, 64]", "[4, 8]"), ("{3: 0.2, 4: 0.4}", "{2: 0.4}")):
        assert levels in fewer
        fewer = fewer.replace(levels, two)
    Path("lungs.yaml").write_text(fewer)
    _, first, _ = page_blocks("own-data.md", "sh")
    for line in first.splitlines():
        run_line(line)
    scores = Path("runs/lungs/mc-dropout/scores/mc-dropout")
    assert {"training.png", "uncertainty-histograms.png"} <= {
        path.name for path in (scores / "figures").iterdir()
    }
    for label in Path("runs/lungs/mc-dropout/predictions/mc-dropout").glob("chest-*/label.nii.gz"):
        image = read(tmp_path / "shenzhen_lungs" / "image" / f"{label.parent.name}.png")
        assert all(read(path).same_grid(image) for path in label.parent.glob("*.nii.gz"))
    run_line(
        "tfuq score runs/lungs/mc-dropout/predictions/mc-dropout --reference shenzhen_lungs/mask --no-figures"
    )


@pytest.mark.slow
def test_a_folder_of_any_names_as_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    synthesize("brain-decathlon", Path("made"), cases=12, seed=0)
    for folder, end in (("images", ""), ("masks", "_mask")):
        Path("scans", folder).mkdir(parents=True)
        for path in Path("made", {"images": "imagesTr", "masks": "labelsTr"}[folder]).glob(
            "*.nii.gz"
        ):
            case = path.name.removesuffix(".nii.gz").removeprefix("brain_")
            path.rename(Path("scans", folder, f"Pat-{case}_T1w{end}.nii.gz"))
    first, *_ = page_blocks("own-data.md", "sh")
    for line in first.splitlines():
        run_line(line)
    assert Path("runs/scans/mc-dropout/reviews/mc-dropout/review.csv").is_file()
    assert Path("runs/scans/mc-dropout/scores/mc-dropout/summary.json").is_file()


@pytest.mark.slow
def test_own_data_of_the_page_on_real_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFUQ_DATA", str(real("shenzhen_lungs").parent))
    (configuration,) = page_blocks("own-data.md", "yaml")
    Path("lungs.yaml").write_text(configuration)
    for line in "".join(page_blocks("own-data.md", "sh")[1:]).splitlines():
        run_line(line, short=False)
    for name, least in (("lungs", 0.93), ("brains", 0.75)):
        summary = json.loads(
            Path(f"runs/{name}/mc-dropout/scores/mc-dropout/summary.json").read_text()
        )
        assert summary["scores"]["all"]["dice"]["mean"] >= least
