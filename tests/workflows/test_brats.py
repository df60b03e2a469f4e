"""BraTS 2018: its layout, its phantom, and regions that are unions of classes, measured exactly and scored."""

import json

import nibabel
import numpy as np
import pytest

from tests.conftest import assert_refused
from tfuq.data.cases import read_case_image
from tfuq.data.json_csv import read_table
from tfuq.data.layouts import list_cases
from tfuq.data.phantoms import synthesize

SMALL = (32, 32, 16)
CLASSES = ("necrosis", "oedema", "enhancing tumour")
SHORT = ("data.split={train: 3, validation: 1, test: 2}", "network.patch_size=[32, 32]", "network.widths=[4, 8]",
         "network.level_dropout={2: 0.3}", "training.epochs=1", "training.steps_per_epoch=2", "training.batch_size=4",
         "prediction.samples=3")  # fmt: skip


@pytest.fixture(scope="module")
def brats(tmp_path_factory):
    root = tmp_path_factory.mktemp("brats")
    synthesize("brats-phantom", root, cases=6, seed=0, shape=SMALL)
    return root


@pytest.mark.parametrize(
    "method", [pytest.param(name, marks=pytest.mark.slow) for name in ("mc-dropout", "latent-vi")]
)
def test_brats_ends_in_scores_of_classes_and_regions(brats, tfuq, tmp_path, method):
    """The shipped configuration on its phantom; a region of one class is measured as the class, a union as its classes' sum."""
    regions = "{whole tumour: [necrosis, oedema, enhancing tumour], same: [oedema]}"
    keys = (*SHORT, f"data.root={brats}", f"data.regions={regions}")
    run, out = tmp_path / "run", tmp_path / "out"
    options = [word for key in keys for word in ("-o", key)]
    trained = tfuq("train", "brats2018", *options, "--method", method, "--run", run)
    assert trained.exit_code == 0, trained.output
    assert tfuq("predict", run, "--out", out).exit_code == 0
    result = tfuq("score", out, "--figures")
    assert result.exit_code == 0, result.output
    rows = read_table(out / "scores" / "structures.csv", ("class",), "")
    whole = {(row["case"], row["class"]): row for row in rows if row["component"] == "all"}
    for case in {case for case, _ in whole}:
        one, other = (
            {k: v for k, v in whole[case, name].items() if k != "class"}
            for name in ("oedema", "same")
        )
        uncertainty = [float(row.pop("labelled_uncertainty") or 0) for row in (one, other)]
        assert one == other
        assert uncertainty[0] == pytest.approx(uncertainty[1], rel=1e-4)
        volumes = {
            name: float(whole[case, name]["volume_mean_mm3"]) for name in (*CLASSES, "whole tumour")
        }
        assert volumes.pop("whole tumour") == pytest.approx(sum(volumes.values()), rel=1e-4) != 0
    scored = json.loads((out / "scores" / "summary.json").read_text())
    assert list(scored["scores"]) == [*CLASSES, "whole tumour", "same", "all"]
    assert set(scored["spearman_with_dice"]) == {*CLASSES, "whole tumour", "same"}
    means = {name: table["dice"]["mean"] for name, table in scored["scores"].items()}
    assert means["same"] == means["oedema"]
    assert means["all"] == pytest.approx(
        np.mean([means[name] for name in CLASSES])
    )  # regions do not count twice
    assert (out / "scores" / "figures" / "reliability.png").is_file()


def test_bad_brats_data_name_the_file(tfuq, tmp_path):
    synthesize("brats-phantom", tmp_path / "data", cases=4, seed=1, shape=SMALL)
    check = ("data", "check", "brats2018", "-o", f"data.root={tmp_path}/data")
    check += ("-o", "data.split={train: 2, validation: 1, test: 1}")
    assert tfuq(*check).exit_code == 0, tfuq(*check).output
    one, two, _, four = (case.images for case in list_cases("brats2018", tmp_path / "data"))
    one[2].unlink()
    two[0].write_bytes(two[0].read_bytes()[:700])
    seg = four[0].with_name(four[0].name.replace("flair", "seg"))
    label = nibabel.load(seg)
    nibabel.save(
        nibabel.Nifti1Image(np.where(label.get_fdata() == 4, 3, label.get_fdata()), label.affine),
        seg,
    )
    result = tfuq(*check)
    assert_refused(result, "among 4 cases", f"{one[2].name}: no such file")
    assert f"{two[0].name}: not a readable NIfTI" in result.stdout
    assert "label value 3 is outside the declared 0, 1, 2, 4" in result.stdout
    (tmp_path / "empty" / "HGG").mkdir(parents=True)
    assert_refused(
        tfuq(*check, "-o", f"data.root={tmp_path}/empty"), "no cases in the brats2018 layout"
    )


def test_shapes_of_phantoms(tfuq, tmp_path):
    make = ("data", "synth")
    assert (
        tfuq(*make, "brats-phantom", tmp_path / "a", "--cases", 1, "--shape", 20, 18, 16).exit_code
        == 0
    )
    assert read_case_image(list_cases("brats2018", tmp_path / "a")[0]).shape == (20, 18, 16)
    assert_refused(
        tfuq(*make, "digits", tmp_path / "b", "--shape", 20, 20, 20),
        "digits has one size",
        "brats-phantom",
    )
    assert_refused(
        tfuq(*make, "liver-phantom", tmp_path / "b", "--shape", 8, 20, 20),
        "too small",
        "16 or more",
    )
    assert_refused(
        tfuq(*make, "liver-phantom", tmp_path / "b", "--shape", 2048, 2048, 2048),
        "of memory that are free",
    )
    assert not (tmp_path / "b").exists()
