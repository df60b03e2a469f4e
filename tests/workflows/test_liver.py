"""Liver and its tumours: the phantom's files, masks that say where to look, and both shipped configurations end to end."""

import json
import shutil

import nibabel
import numpy as np
import pytest

from tests.conftest import assert_refused
from tfuq import config as configuration
from tfuq.data.cases import Case, read_case_image, read_mask
from tfuq.data.layouts import cases_of
from tfuq.data.phantoms import synthesize
from tfuq.data.readers import read
from tfuq.data.regridding import resample
from tfuq.data.sets.dataset import make_preprocessor, training_statistics
from tfuq.data.sets.segmentation import load_examples
from tfuq.errors import ConfigError, DataError

SHAPE = (32, 32, 24)
SMALL = {
    "data.split": "{train: 3, validation: 0, test: 2}",
    "network.patch_size": "[16, 16, 8]",
    "network.widths": "[4, 8]",
    "training.epochs": "1",
    "training.steps_per_epoch": "2",
    "prediction.samples": "3",
}
SIZES = {"msd_liver": "[32, 32, 24]", "msd_liver_tumour": "[28, 26, 14]"}


@pytest.fixture(scope="module")
def livers(tmp_path_factory):
    root = tmp_path_factory.mktemp("livers")
    synthesize("liver-phantom", root, cases=6, seed=0, shape=SHAPE)
    return root


def small(name, root):
    """Overrides that make a shipped configuration one of the phantom."""
    return tuple(
        f"{key}={value}"
        for key, value in (SMALL | {"data.root": root, "preprocessing.size": SIZES[name]}).items()
    )


def test_outside_the_liver_is_one_value_below_the_window(livers):
    config = configuration.load("msd_liver_tumour", small("msd_liver_tumour", livers))
    case = cases_of(config.data)[0]
    image = read_case_image(case)
    mask, raw = read_mask(config, case, image), read(case.label).array
    np.testing.assert_array_equal(mask.array, raw > 0)
    prepared = make_preprocessor(config).intensities(image, mask)
    assert prepared.shape == (28, 26, 14)
    box = tuple(slice(p.min(), p.max() + 1) for p in np.nonzero(raw))
    inside = resample(image.with_array((raw > 0).astype(np.uint8)), image.shape).array[box]
    assert 0.2 < (prepared.array != -50).mean() == pytest.approx(inside.mean(), abs=0.05)
    assert set(np.unique(prepared.array[prepared.array < -30])) == {-50}
    assert prepared.array[prepared.array > -50].min() >= -30
    assert prepared.array.max() <= 200
    labels = load_examples(
        config, make_preprocessor(config, training_statistics(config, [case])), case
    ).targets
    assert labels.shape == (1, 28, 26, 14)
    assert 0 < labels.mean() < 0.9  # the tumour alone
    assert (prepared.array[labels[0] == 1] > -50).all()


def test_statistics_are_those_of_the_prepared_training_cases(livers):
    config = configuration.load("msd_liver_tumour", small("msd_liver_tumour", livers))
    cases = cases_of(config.data)[:2]
    prepare = make_preprocessor(config)
    found = training_statistics(config, cases)
    images = [read_case_image(case) for case in cases]
    values = [
        prepare.intensities(im, read_mask(config, c, im)).array
        for c, im in zip(cases, images, strict=True)
    ]
    assert found.mean[0] == pytest.approx(np.concatenate(values).mean(), rel=1e-5)
    assert found.std[0] == pytest.approx(np.concatenate(values).std(), rel=1e-5)


@pytest.fixture(scope="module")
def liver_runs(livers, tmp_path_factory):
    """Both shipped configurations trained on the phantom for two steps."""
    from tfuq.training import train

    folder = tmp_path_factory.mktemp("liver-runs")
    return {
        name: train(configuration.load(name, small(name, livers)), folder / name) for name in SIZES
    }


@pytest.mark.slow
def test_both_configurations_end_in_scores_on_each_scans_own_grid(
    livers, liver_runs, tfuq, tmp_path
):
    for name, run in liver_runs.items():
        out = tmp_path / name
        assert tfuq("predict", run.path, "--out", out).exit_code == 0
        result = tfuq("score", out, "--no-figures")
        assert result.exit_code == 0, result.output
        for case in run.split["test"]:
            image = read(livers / "imagesTr" / f"{case}.nii.gz")
            assert all(read(path).same_grid(image) for path in (out / case).glob("*.nii.gz"))
    case = liver_runs["msd_liver_tumour"].split["test"][0]
    label = read(tmp_path / "msd_liver_tumour" / case / "label.nii.gz").array
    liver = np.argwhere(read(livers / "labelsTr" / f"{case}.nii.gz").array > 0)
    there = np.argwhere(label > 0)
    assert (
        not len(there) or ((there >= liver.min(0)) & (there <= liver.max(0))).all()
    )  # nothing is found out of the box


@pytest.mark.slow
def test_a_scan_without_a_label_is_looked_at_within_a_given_mask(
    livers, liver_runs, tfuq, tmp_path
):
    run = liver_runs["msd_liver_tumour"].path
    case = cases_of(configuration.load("msd_liver_tumour", small("msd_liver_tumour", livers)).data)[
        0
    ]
    scan = shutil.copy(case.images[0], tmp_path / "scan.nii.gz")
    predict = ("predict", run, "--input", scan)
    assert_refused(
        tfuq(*predict, "--out", tmp_path / "a"), "case 'scan' has no label", "--mask FILE_OR_FOLDER"
    )
    label = nibabel.load(case.label)
    (tmp_path / "masks" / "scan").mkdir(parents=True)
    liver = tmp_path / "masks" / "scan" / "label.nii.gz"
    nibabel.save(nibabel.Nifti1Image((label.get_fdata() > 0).astype(np.uint8), label.affine), liver)
    result = tfuq(*predict, "--mask", tmp_path / "masks", "--out", tmp_path / "b")
    assert result.exit_code == 0, result.output
    assert (
        tfuq(*predict, "--mask", liver, "--out", tmp_path / "b").exit_code == 0
    )  # the same, so already complete
    assert json.loads((tmp_path / "b" / "manifest.json").read_text())["cases"]["scan"][
        "mask"
    ] == str(liver.resolve())
    # The same liver, from the label in the data set, leads to the same result to the bit.
    test = liver_runs["msd_liver_tumour"].split["test"][0]
    assert tfuq("predict", run, "--out", tmp_path / "d").exit_code == 0
    assert (
        tfuq("predict", run, "--mask", livers / "labelsTr", "--out", tmp_path / "e").exit_code == 0
    )
    for path in (tmp_path / "d" / test).glob("*.nii.gz"):
        assert path.read_bytes() == (tmp_path / "e" / test / path.name).read_bytes()
    other = shutil.copy(liver, tmp_path / "other.nii.gz")
    assert_refused(
        tfuq(*predict, "--mask", other, "--out", tmp_path / "b"),
        "holds case 'scan' with",
        "mask; pass --overwrite",
    )


@pytest.mark.slow
def test_masks_that_do_not_fit_are_refused(livers, liver_runs, trained, tfuq, tmp_path):
    run, cases = liver_runs["msd_liver_tumour"].path, liver_runs["msd_liver_tumour"].split["test"]
    case = cases[0]
    (tmp_path / "masks").mkdir()

    def refused(mask, *words, run=run):
        assert_refused(tfuq("predict", run, "--mask", mask, "--out", tmp_path / "out"), *words)

    def saved(array, affine=None):
        affine = read(livers / "labelsTr" / f"{case}.nii.gz").affine if affine is None else affine
        for name in cases:
            nibabel.save(nibabel.Nifti1Image(array, affine), tmp_path / "masks" / f"{name}.nii.gz")
        return tmp_path / "masks"

    refused(tmp_path / "none", "no such file or folder")
    refused(tmp_path / "masks", f"has neither {case}.nii.gz nor {case}/label.nii.gz")
    refused(saved(np.zeros(SHAPE, np.uint8)), f"{case}.nii.gz: has no voxel above 0")
    refused(saved(np.ones((32, 32, 23), np.uint8)), "shape (32, 32, 23) differs")
    refused(saved(np.ones(SHAPE, np.uint8), np.eye(4)), "affine differs")
    (tmp_path / "masks" / f"{case}.nii.gz").write_bytes(b"")
    refused(tmp_path / "masks", "not a readable NIfTI")
    refused(tmp_path / "masks" / f"{case}.nii.gz", "is one file for 2 cases")
    refused(tmp_path / "masks", "takes no mask", "leave --mask out", run=trained("mc-dropout").path)


@pytest.mark.slow
def test_python_takes_a_mask_too(livers, liver_runs, tmp_path):
    import tfuq as library

    run = library.load(liver_runs["msd_liver_tumour"].path)
    scan, label = livers / "imagesTr" / "liver_0.nii.gz", livers / "labelsTr" / "liver_0.nii.gz"
    predicted = run.predict(scan, mask=label)
    assert predicted["label"].shape == SHAPE
    np.testing.assert_array_equal(
        run.predict(read_case_image(Case("a", (scan,))), mask=label)["label"], predicted["label"]
    )
    with pytest.raises(DataError, match="has no label, and preprocessing"):
        run.predict(scan)


@pytest.mark.parametrize(
    ("name", "override", "words"),
    [
        ("msd_liver_tumour", "preprocessing.crop_to_labels=[3]", ["crop_to_labels: 3 is no value"]),
        (
            "msd_liver_tumour",
            "preprocessing.crop_to_labels=null",
            ["outside_labels needs crop_to_labels"],
        ),
        ("msd_liver", "preprocessing.outside_labels=-50", ["outside_labels needs crop_to_labels"]),
        ("msd_liver_tumour", "preprocessing.outside_label=-50", ["did you mean 'outside_labels'"]),
        (
            "digits",
            "preprocessing.crop_to_labels=[1]",
            ["crop_to_labels serves segmentation alone"],
        ),
    ],
)
def test_bad_masks_in_configurations_are_refused(name, override, words):
    with pytest.raises(ConfigError) as error:
        configuration.load(name, (override,))
    assert all(word in str(error.value) for word in words), error.value


def test_training_names_a_case_whose_liver_is_missing(livers, tfuq, tmp_path):
    root = shutil.copytree(livers, tmp_path / "data")
    label = nibabel.load(root / "labelsTr" / "liver_2.nii.gz")
    nibabel.save(
        nibabel.Nifti1Image(np.zeros(SHAPE, np.uint8), label.affine),
        root / "labelsTr" / "liver_2.nii.gz",
    )
    words = [word for change in small("msd_liver_tumour", root) for word in ("-o", change)]
    words += ["-o", "data.split={train: [liver_1, liver_2], validation: [], test: []}"]
    refused = tfuq("train", "msd_liver_tumour", *words, "--run", tmp_path / "run")
    assert_refused(refused, "liver_2.nii.gz: has no voxel of the values [1, 2]", "exclude the case")
    assert_refused(
        tfuq("data", "check", "msd_liver_tumour", *words),
        "liver_2.nii.gz: has no voxel of the values [1, 2]",
    )
