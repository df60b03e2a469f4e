"""From a folder under any names to a configuration that needs no edit."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

from tests.conftest import assert_refused, real
from tests.support.data_files import write_picture
from tests.support.dicom import Scan
from tfuq import config as configuration
from tfuq.data.layouts import cases_of
from tfuq.data.readers import read
from tfuq.workflows.init import propose

LUNGS = "shenzhen_lungs"


def link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)


def renamed_lungs(root: Path, image: str, label: str) -> None:
    """Ten chest X-rays and their masks under other names."""
    folder = real(LUNGS)
    for path in sorted((folder / "image").iterdir())[:10]:
        link(path, root / image.format(case=path.stem))
        link(folder / "mask" / path.name, root / label.format(case=path.stem))


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("image/{case}.png", "mask/{case}.png"),
        ("CXR_png/{case}.png", "lung_masks/{case}_mask.png"),
        ("{case}.png", "{case}-label.png"),
        ("{case}/image.png", "{case}/seg.png"),
        ("pictures/{case}.png", "shapes/{case}.png"),
        ("img_{case}.png", "mask_{case}.png"),
    ],
)
def test_real_lungs_under_any_names(tmp_path, image, label):
    renamed_lungs(tmp_path, image, label)
    loaded = configuration.parse(propose(tmp_path).text)
    cases = cases_of(loaded.data)
    assert len(cases) == 10
    for case in cases:
        assert Path(case.images[0]).resolve().parent.name == "image"
        assert Path(case.label).resolve().parent.name == "mask"
        assert Path(case.images[0]).resolve().name == Path(case.label).resolve().name
    assert loaded.preprocessing.slice_axis == 2


@pytest.mark.parametrize(
    "pattern",
    ["{case}/{part}.{ending}", "{part}/{case}.{ending}", "{case}_{part}.{ending}"],
)
def test_real_brains_of_two_channels_under_any_names(tmp_path, pattern):
    folder = real("iSeg-2017-simulated")
    for number in range(1, 6):
        for part in ("T1", "T2", "label"):
            for ending in ("img", "hdr"):
                name = pattern.format(case=f"baby{number:02d}", part=part, ending=ending)
                link(folder / f"subject-{number}-{part}.{ending}", tmp_path / name)
    loaded = configuration.parse(propose(tmp_path).text)
    assert loaded.data.label_values == {0: 0, 10: 1, 150: 2, 250: 3}
    assert loaded.network.rank == 3
    for case in cases_of(loaded.data):
        assert case.channels == ("T1", "T2")
        assert [path.resolve().stem[-2:] for path in case.images] == ["T1", "T2"]
        assert case.label.resolve().stem.endswith("-label")


@pytest.mark.parametrize(
    ("folder", "task", "layout", "cases"),
    [
        ("Task04_Hippocampus", "segmentation", "decathlon", 200),
        ("iSeg-2017-simulated", "segmentation", "iseg2017", 10),
        ("cephalometric2015", "landmarks", "cephalometric2015", 100),
        ("mindboggle_slices", "segmentation", "folder", 12),
        ("fly_wings", "landmarks", "landmark-table", 58),
    ],
)
def test_real_sets_as_they_are(folder, task, layout, cases):
    loaded = configuration.parse(propose(real(folder)).text)
    assert (loaded.task, loaded.data.layout) == (task, layout)
    assert len(cases_of(loaded.data)) == cases


def slabs(count, depth=3):
    """Parts of a real CT as scans of DICOM, with a NIfTI image and label of each."""
    image = nibabel.load(real("volumes") / "abdomen_ct.nii.gz")
    label = nibabel.load(real("volumes") / "abdomen_ct_model_labels.nii.gz")
    for number in range(count):
        start = 40 + 12 * number
        part = (slice(None), slice(None), slice(start, start + depth))
        slab = image.slicer[part]
        units = np.rint(slab.get_fdata())
        corner = slab.affine @ (slab.shape[0] - 1, slab.shape[1] - 1, 0, 1)
        yield (
            # columns go to the left and rows to the back, as an axial series has them
            Scan(
                (units[::-1, ::-1].T + 1024).astype(np.int16),
                spacing=(3.0, 3.0),
                step=3.0,
                origin=corner[:3] * (-1, -1, 1),
            ),
            nibabel.Nifti1Image(units, slab.affine),
            nibabel.Nifti1Image(np.uint8(label.dataobj[part] > 0), slab.affine),
        )


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("images/{case}", "labels/{case}"),
        ("{case}/CT", "{case}/seg"),
        ("{case}/{case}_CT", "{case}/{case}_label"),
        ("CT/{case}", "mask/{case}/mask"),
        ("dicom/{case}/1.2.{number}/1.4.{number}", "manual/{case}_manual"),
    ],
)
def test_a_real_ct_as_series_under_any_names(tmp_path, image, label):
    expected = {}
    for number, (scan, units, mask) in enumerate(slabs(3)):
        names = {"case": f"P{number:03d}", "number": number}
        scan.write(tmp_path / image.format(**names))
        path = tmp_path / f"{label.format(**names)}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        nibabel.save(mask, path)
        expected[names["case"]] = (units, mask)
    cases = cases_of(configuration.parse(propose(tmp_path).text).data)
    assert {case.id for case in cases} == set(expected)
    for case in cases:
        for path, written in zip((case.images[0], case.label), expected[case.id], strict=True):
            found = read(path)
            there = np.linalg.inv(found.affine) @ written.affine  # to the grid as it is read
            voxels = np.rint(there[:3, :3] @ np.indices(written.shape).reshape(3, -1))
            voxels = (voxels + np.rint(there[:3, 3:])).astype(int)
            values = found.array[..., 0] if found.array.ndim == 4 else found.array
            assert (values[tuple(voxels)] == written.get_fdata().ravel()).all()


def test_init_writes_checks_and_never_overwrites(tfuq, tmp_path, monkeypatch):
    """Three classes of noise: the data are checked, and what follows is said."""
    monkeypatch.chdir(tmp_path)
    for number in range(12):
        name = ("healthy", "ill", "worse")[number % 3]
        write_picture(tmp_path / "scans" / name / f"{number}.png", number, (32, 32))
    result = tfuq("init", "scans", "--name", "own")
    assert result.exit_code == 0, result.output
    assert "data.classes: [healthy, ill, worse]" in result.output
    assert "no problem found" in result.output
    assert "tfuq train own.yaml" in result.output
    before = Path("own.yaml").read_bytes()
    assert_refused(tfuq("init", "scans", "--name", "own"), "own.yaml: is there already")
    assert Path("own.yaml").read_bytes() == before


@pytest.mark.slow
def test_three_commands_from_a_folder_to_scores(tfuq, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    renamed_lungs(tmp_path / "data", "xray/{case}.png", "lung_masks/{case}_mask.png")
    options = ("-o", "training.epochs=1", "-o", "training.steps_per_epoch=2")
    for arguments in (
        ("init", "data", "--name", "lungs"),
        ("train", "lungs.yaml", *options),
        ("predict", "runs/lungs/mc-dropout", "--samples", "3"),
        ("score", "runs/lungs/mc-dropout/predictions/mc-dropout"),
    ):
        result = tfuq(*arguments)
        assert result.exit_code == 0, result.output
