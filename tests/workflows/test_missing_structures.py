"""Structures that are missed or invented: counted in scores, no distance unless asked for."""

import nibabel
import numpy as np
import pytest

from tests.conftest import assert_refused
from tests.support.made import make_run, make_scores
from tfuq.data.json_csv import read_table

METHODS = ("hybrid", "mc-dropout")
INVENTED = "ball_004"  # the case whose reference has no core


@pytest.fixture
def without_core(balls, tmp_path):
    """A run with predictions of two methods, and references of which one has no core."""
    run = make_run(tmp_path / "run", "segmentation", balls)
    for method in METHODS:
        make_scores(run, method, samples=3, noise=0.5)
    folder = tmp_path / "references"
    folder.mkdir()
    for path in sorted((balls / "labelsTr").glob("*.nii.gz")):
        label = nibabel.load(path)
        values = np.asarray(label.dataobj).copy()
        if path.name.startswith(INVENTED):
            values[values == 2] = 0
        nibabel.save(nibabel.Nifti1Image(values, label.affine), folder / path.name)
    return run, folder


def test_means_say_their_n_and_invented_structures_are_counted(without_core, tfuq):
    run, references = without_core
    arguments = ("score", run.predictions("hybrid"), "--reference", references, "--no-figures")
    shown = tfuq(*arguments).stdout
    everything = next(line for line in shown.splitlines() if line.startswith("all: dice"))
    assert "core: invented in 1 of 6 case(s)" in shown
    assert everything.split("hd95_mm ")[1].split("  ")[0].endswith("(n 5 of 6)")
    assert "(n" not in everything.split("  iou")[0]
    rows = read_table(run.scores("hybrid") / "cases.csv", ("invented", "hd95_mm"), "")
    for row in rows:
        is_invented = (row["case"], row["class"]) == (INVENTED, "core")
        assert row["class"] != "core" or row["invented"] == str(int(is_invented))
        has_distance = not is_invented and (row["case"], row["class"]) != (INVENTED, "all")
        assert bool(row["hd95_mm"]) == has_distance


def test_the_diagonal_is_counted_on_request(without_core, tfuq):
    run, references = without_core
    arguments = ("score", run.predictions("hybrid"), "--reference", references, "--no-figures")
    shown = tfuq(*arguments, "--missing-distance", "diagonal").stdout
    assert "(n" not in shown.split("hd95_mm ")[-1].split("  ")[0]
    rows = read_table(run.scores("hybrid") / "cases.csv", ("hd95_mm",), "")
    (invented,) = [row for row in rows if (row["case"], row["class"]) == (INVENTED, "core")]
    label = nibabel.load(references / f"{INVENTED}.nii.gz")
    far = np.array(label.shape) - 1
    spacing = np.linalg.norm(label.affine[:3, :3], axis=0)
    assert float(invented["hd95_mm"]) == pytest.approx(np.linalg.norm(far * spacing), rel=1e-5)


def test_a_comparison_says_its_n_and_refuses_two_kinds_of_distances(without_core, tfuq):
    run, references = without_core
    for method in METHODS:
        tfuq("score", run.predictions(method), "--reference", references, "--no-figures")
    folders = [run.scores(method) for method in METHODS]
    shown = tfuq("compare", *folders).stdout
    assert "| hd95_mm (mm), n = 5 " in shown
    assert "| invented" in shown
    tfuq(
        "score",
        run.predictions("hybrid"),
        "--reference",
        references,
        "--no-figures",
        "--missing-distance",
        "diagonal",
    )
    assert_refused(tfuq("compare", *folders), "--missing-distance", "score both")
