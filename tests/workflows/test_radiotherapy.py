"""Structure sets and doses of radiotherapy on the command line."""

import json

import nibabel
import numpy as np
import pytest
from skimage.measure import find_contours

from tests.conftest import assert_refused, files_of, settings
from tests.support.dose_phantoms import CASE, predict_boxes, write_plan
from tests.support.made import make_predictions, make_run
from tests.support.radiotherapy import write_rtstruct
from tfuq.data.json_csv import read_table
from tfuq.data.readers import read


def contours_of(mask, affine):
    """The outlines of a mask, halfway between its voxels and others, plane by plane, in mm."""
    outlines = []
    for plane in np.flatnonzero(mask.any((0, 1))):
        padded = np.pad(mask[..., plane], 1).astype(float)
        for flat in find_contours(padded, 0.5, fully_connected="low"):
            voxels = np.insert(flat[:-1] - 1, 2, plane, axis=1)
            outlines.append(voxels @ affine[:3, :3].T + affine[:3, 3])
    return outlines


def write_structures(balls, folder, names=("Ball", "core")):
    """Each label of the balls as a structure set; a core's voxels are the ball's too."""
    for path in sorted((balls / "labelsTr").glob("*.nii.gz")):
        image = nibabel.load(path)
        label = np.asarray(image.dataobj)
        rois = {"couch": []}
        for number, name in enumerate(names, start=1):
            rois[name] = contours_of(label >= number, image.affine)
        write_rtstruct(folder / f"{path.name.removesuffix('.nii.gz')}.dcm", rois)
    return folder


@pytest.fixture(scope="module")
def structures(balls, tmp_path_factory):
    return write_structures(balls, tmp_path_factory.mktemp("structures"))


@pytest.fixture(scope="module")
def predicted(balls, tmp_path_factory):
    """A run of balls, with predictions of two cases."""
    run = make_run(tmp_path_factory.mktemp("predicted") / "run", "segmentation", balls)
    return run, make_predictions(run, "hybrid", most=2)


def test_structure_sets_score_as_the_labels_that_they_outline(
    predicted, structures, tfuq, tmp_path
):
    run, predictions = predicted
    assert tfuq("score", predictions, "--no-figures").exit_code == 0
    by_labels = (run.scores("hybrid") / "cases.csv").read_text()
    result = tfuq("score", predictions, "--reference", structures, "--no-figures")
    assert result.exit_code == 0, result.output
    assert (run.scores("hybrid") / "cases.csv").read_text() == by_labels
    assert "'Ball' → ball, " in result.stderr
    assert "of no class: 'couch'" in result.stderr
    assert result.stderr.count("ball_000.dcm: 'Ball'") == 1


def test_a_region_of_another_name_is_refused_with_a_setting_that_helps(
    predicted, balls, tfuq, tmp_path
):
    folder = write_structures(balls, tmp_path / "structures", ("ball-1", "core"))
    assert_refused(
        tfuq("score", predicted[1], "--reference", folder, "--no-figures"),
        "ball_000.dcm: has no ROI for the class 'ball', only 'couch', 'ball-1', 'core'",
        "data.structure_names, as in {ball-1: ball}",
    )
    named = ("--reference", folder, "--structure-names", "{ball-1: ball}")
    result = tfuq("score", predicted[1], *named, "--no-figures")
    assert result.exit_code == 0, result.output
    summary = json.loads((predicted[0].scores("hybrid") / "summary.json").read_text())
    assert summary["structure_names"] == "{ball-1: ball}"
    assert_refused(
        tfuq("score", predicted[1], "--structure-names", "{GTV: liver}"),
        "--structure-names {GTV: liver}",
        "'liver' of 'GTV' is no class other than the first",
    )
    run = make_run(
        tmp_path / "run", "segmentation", balls, data={"structure_names": {"ball-1": "ball"}}
    )
    predictions = make_predictions(run, "hybrid", most=1)
    result = tfuq("score", predictions, "--reference", folder, "--no-figures")
    assert result.exit_code == 0, result.output


@pytest.mark.slow
def test_figures_and_report_know_the_names(predicted, balls, tfuq, tmp_path):
    """Both read the references once more."""
    folder = write_structures(balls, tmp_path / "structures", ("GTV", "core"))
    named = ("--reference", folder, "--structure-names", "{GTV: ball}")
    result = tfuq("score", predicted[1], *named, "--figures")
    assert result.exit_code == 0, result.output
    result = tfuq("report", predicted[0].scores("hybrid"), "--out", tmp_path / "report.html")
    assert result.exit_code == 0, result.output
    assert "pictures of 2" in result.stdout


def as_folder(balls, structures, root):
    """The balls in the folder layout, with structure sets as labels."""
    (root / "image").mkdir(parents=True)
    (root / "label").mkdir()
    for path in (balls / "imagesTr").glob("*.nii.gz"):
        (root / "image" / path.name).write_bytes(path.read_bytes())
    for path in structures.glob("*.dcm"):
        (root / "label" / path.name).write_bytes(path.read_bytes())
    return root


def test_a_data_set_with_structure_sets_is_checked(balls, structures, tfuq, tmp_path):
    """Its table says the same of every class as that of the labels that they outline."""
    root = as_folder(balls, structures, tmp_path / "data")
    tables = []
    for name, place, layout in (("labels", balls, "decathlon"), ("structures", root, "folder")):
        config = settings(place, "mc-dropout", 3, data={"layout": layout})
        (tmp_path / f"{name}.yaml").write_text(config.dump())
        result = tfuq("data", "check", tmp_path / f"{name}.yaml")
        assert result.exit_code == 0, result.output
        tables.append([line for line in result.stdout.splitlines() if "ball_" in line])
    assert len(tables[0]) == 6
    assert tables[0] == tables[1]


@pytest.mark.slow
def test_from_structure_sets_and_a_plan_to_a_verdict(balls, structures, tfuq, tmp_path):
    """check, train, predict, dose, score: references are contours, the dose RTDOSE."""
    root = as_folder(balls, structures, tmp_path / "data")
    config = settings(root, "mc-dropout", 3, data={"layout": "folder"})
    (tmp_path / "balls.yaml").write_text(config.dump())
    run = tmp_path / "run"
    predictions = run / "predictions" / "mc-dropout"
    assert tfuq("data", "check", tmp_path / "balls.yaml").exit_code == 0
    assert tfuq("train", tmp_path / "balls.yaml", "--run", run).exit_code == 0
    assert tfuq("predict", run, "--save-samples").exit_code == 0
    for label in predictions.glob("*/label.nii.gz"):
        grid = read(label)
        middle = grid.affine[:3, :3] @ (np.array(grid.shape) / 2) + grid.affine[:3, 3]
        write_plan(
            tmp_path / "doses" / label.parent.name / "RD",
            function=lambda places, middle=middle: np.linalg.norm(places - middle, axis=-1) + 10,
            middle=middle,
        )
    result = tfuq("dose", predictions, "--dose", tmp_path / "doses", "--constraint", "Dmax<90Gy")
    assert result.exit_code == 0, result.output
    assert len(read_table(run / "doses" / "mc-dropout" / "dose.csv", (), "")) == 4
    result = tfuq("score", predictions, "--dose", tmp_path / "doses", "--at", "D2")
    assert result.exit_code == 0, result.output
    rows = read_table(run / "scores" / "mc-dropout" / "dose.csv", (), "")
    assert all(float(row["d2_gy_reference"]) > 10 for row in rows)


@pytest.fixture
def boxes(balls, tmp_path):
    predictions = predict_boxes(tmp_path, balls, [(20, 120), (40, 200), (60, 300)])
    return predictions, write_plan(tmp_path / "RD.1.2.840")


def test_doses_without_references(boxes, tfuq, tmp_path):
    predictions, plan = boxes
    result = tfuq(
        "dose", predictions, "--dose", plan, "--at", "D95", "--at", "V20",
        "--constraint", "ball: Dmean<18Gy", "--constraint", "Dmin>5Gy", "--constraint", "ball:V30>90%",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    folder = predictions / "doses"
    (row, absent) = read_table(folder / "dose.csv", (), "")
    assert (row["case"], row["class"], row["samples"]) == (CASE, "ball", "3")
    assert float(row["d95_gy_lower"]) < float(row["d95_gy"]) < float(row["d95_gy_upper"])
    assert "mean_gy" not in row
    assert absent["reason"] == "absent from every sample"
    verdicts = read_table(folder / "constraints.csv", (), "")
    assert [(row["class"], row["constraint"], row["verdict"]) for row in verdicts] == [
        ("ball", "Dmean<18Gy", "undecided"),
        ("ball", "Dmin>5Gy", "met"),
        ("ball", "V30>90%", "missed"),
        ("core", "Dmin>5Gy", ""),
    ]
    assert float(verdicts[0]["share_met"]) == pytest.approx(1 / 3, abs=1e-5)
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["constraints"][0]["undecided"] == 1
    assert (folder / "figures" / f"dose-{CASE}.png").is_file()
    lines = result.stdout.splitlines()
    assert lines[1].split() == ["case", "structure", "mean", "2.5", "%", "97.5", "%", "unit"]
    assert [line.split()[1:3] for line in lines[2:5]] == [
        ["ball", "D95"],
        ["ball", "V20"],
        ["ball", "V20"],
    ]
    assert f"{CASE}  ball       Dmean<18Gy  undecided within the samples  1 of 3 samples" in lines
    assert f"{CASE}  ball       V30>90%     missed                        0 of 3 samples" in lines
    assert f"{CASE}, core: absent from 3 of 3 samples" in lines
    assert lines[-1] == f"doses of 1 case(s) in {folder}"


def test_a_structure_that_leaves_the_dose_grid_is_remarked(boxes, tfuq, tmp_path):
    predictions, _ = boxes
    label = read(predictions / CASE / "label.nii.gz")
    nibabel.save(
        nibabel.Nifti1Image(np.full((100, 48, 10), 12, np.float32), label.affine),
        tmp_path / "half.nii.gz",
    )
    result = tfuq(
        "dose", predictions, "--dose", tmp_path / "half.nii.gz", "--constraint", "Dmean<8Gy"
    )
    assert result.exit_code == 0, result.output
    beyond = 100 * 200 / 280  # of the voxels from 20 to 300
    assert (
        f"ball: {beyond:.3g} % of its voxels lie beyond the dose grid and count as 0 Gy"
        in result.stdout
    )
    assert "undecided within the samples" in result.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--at", "D95Gy"), ["'D95Gy': is no dose or volume", "write D95, D2, D0.03cc"]),
        (("--constraint", "V20<35"), ["constraint 'V20<35'", "V20<35%, V20<500cc"]),
        (("--constraint", "bal: V20<35%"), ["no structure 'bal'", "did you mean 'ball'"]),
        (("--dose", "none"), ["--dose none: no such file or folder"]),
    ],
)
def test_refusals_write_nothing(options, words, boxes, tfuq):
    predictions, plan = boxes
    before = files_of(predictions)
    result = tfuq(
        "dose", predictions, *(("--dose", plan) if "--dose" not in options else ()), *options
    )
    assert_refused(result, *words)
    assert files_of(predictions) == before


def test_what_tfuq_dose_needs(boxes, tfuq):
    predictions, plan = boxes
    (predictions / CASE / "samples.npz").unlink()
    assert_refused(
        tfuq("dose", predictions, "--dose", plan), "samples were not kept", "--save-samples"
    )
    result = tfuq("score", predictions, "--at", "D95")
    assert result.exit_code == 2
    assert "give it with --dose" in result.stderr


def test_requests_beside_references(predicted, tfuq, tmp_path):
    run, predictions = predicted
    for case in ("ball_000", "ball_001"):
        label = read(predictions / case / "label.nii.gz")
        dose = np.full(label.shape, 30.0, np.float32)
        nibabel.save(nibabel.Nifti1Image(dose, label.affine), tmp_path / f"{case}.nii.gz")
    result = tfuq("score", predictions, "--dose", tmp_path, "--at", "V30", "--no-figures")
    assert result.exit_code == 0, result.output
    rows = read_table(run.scores("hybrid") / "dose.csv", (), "")
    for row in rows:
        label = nibabel.load(run.config.data.root + f"/labelsTr/{row['case']}.nii.gz")
        is_structure = np.asarray(label.dataobj) == ["rest", "ball", "core"].index(row["class"])
        volume = is_structure.sum() * abs(np.linalg.det(label.affine[:3, :3])) / 1000
        assert float(row["v30_cc_reference"]) == pytest.approx(volume, rel=1e-4)
        assert float(row["v30_percent_reference"]) == 100
    assert "reference's v30 cc" in result.stdout
