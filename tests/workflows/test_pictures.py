"""Pictures that are stored otherwise than they are shown, by every way to a case."""

import numpy as np
import pytest
from PIL import Image

from tests.conftest import settings, task_settings
from tests.support.own_data import OWN, write_discs
from tfuq.data.cases import read_case_image, read_label
from tfuq.data.layouts import cases_of
from tfuq.data.readers import read
from tfuq.data.sets.landmarks import reference_points
from tfuq.data.writers import write_json
from tfuq.prediction.cases import input_cases

SHOWN = np.add.outer(np.arange(12) * 11, np.arange(20) * 6).astype(np.uint8)
SHOWN[3, 15] = 255  # where the landmark is
LABEL = np.zeros((12, 20), np.uint8)
LABEL[2:5, 12:18] = 1
_QUARTER = 6  # EXIF: stored turned by a quarter against the clock


def write_turned(path, shown, palette=None):
    """A PNG whose EXIF says that it is to be turned."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = np.ascontiguousarray(np.rot90(shown))
    picture = Image.fromarray(stored)
    if palette is not None:
        picture = Image.frombytes("P", stored.shape[::-1], stored.tobytes())
        picture.putpalette(palette)
    exif = picture.getexif()
    exif[0x0112] = _QUARTER
    picture.save(path, exif=exif)
    return path


def folder_set(root):
    write_turned(root / "image" / "a.png", SHOWN)
    write_turned(root / "mask" / "a.png", LABEL, [0, 0, 0, 255, 0, 0])
    data = {"layout": "folder", "label_folder": "mask"}
    return settings(root, rank=2, data=data, preprocessing={"slice_axis": 2})


def image_folders_set(root):
    write_turned(root / "0" / "a.png", SHOWN)
    return task_settings("classification", root, data={"layout": "image-folders"})


def image_table_set(root):
    write_turned(root / "a.png", SHOWN)
    (root / "table.csv").write_text("file,label\na.png,0\n")
    data = {"layout": "image-table", "table": "table.csv"}
    return task_settings("classification", root, data=data)


def landmark_table_set(root):
    write_turned(root / "a.png", SHOWN)
    (root / "table.csv").write_text("file,X1,Y1\na.png,15,3\n")
    data = {"layout": "landmark-table", "table": "table.csv", "landmarks": ["1"], "annotations": {}}
    return task_settings("landmarks", root, data=data)


def cephalometric_set(root):
    write_turned(root / "RawImage" / "TrainingData" / "001.png", SHOWN)
    for doctor in ("400_senior", "400_junior"):
        folder = root / "AnnotationsByMD" / doctor
        folder.mkdir(parents=True)
        (folder / "001.txt").write_text("15,3\n")
    data = {"layout": "cephalometric2015", "landmarks": ["1"], "annotations": {}}
    return task_settings("landmarks", root, data=data)


def decathlon_set(root):
    write_turned(root / "imagesTr" / "a.png", SHOWN)
    write_turned(root / "labelsTr" / "a.png", LABEL, [0, 0, 0, 255, 0, 0])
    pair = {"image": "./imagesTr/a.png", "label": "./labelsTr/a.png"}
    write_json(root / "dataset.json", {"training": [pair], "test": []})
    return settings(root, rank=2, data={"layout": "decathlon"}, preprocessing={"slice_axis": 2})


SETS = [
    folder_set,
    image_folders_set,
    image_table_set,
    landmark_table_set,
    cephalometric_set,
    decathlon_set,
]


@pytest.mark.parametrize("write", SETS)
def test_every_layout_reads_the_picture_and_its_reference_as_shown(tmp_path, write):
    config = write(tmp_path / "set")
    (case,) = cases_of(config.data)
    image = read_case_image(case)
    np.testing.assert_array_equal(image.array[:, :, 0, 0], SHOWN)
    if config.task == "segmentation":
        np.testing.assert_array_equal(read_label(config, case, image).array[:, :, 0], LABEL)
    if config.task == "landmarks":
        ((x, y),) = reference_points(config, case, image.shape[:2])
        assert image.array[round(y), round(x), 0, 0] == 255


def test_a_picture_that_is_given_to_predict_is_read_as_shown(tmp_path):
    path = write_turned(tmp_path / "a.png", SHOWN)
    config = settings(tmp_path, rank=2, preprocessing={"slice_axis": 2})
    for given in (path, tmp_path):
        (case,) = input_cases(config, 1, (given,), ())
        np.testing.assert_array_equal(read_case_image(case).array[:, :, 0, 0], SHOWN)


@pytest.mark.slow
def test_predictions_lie_on_the_picture_as_it_is_shown(tmp_path, tfuq):
    root = write_discs(tmp_path / "set")
    (tmp_path / "own.yaml").write_text(OWN.replace("ROOT", str(root)))
    trained = tfuq("train", tmp_path / "own.yaml", "--run", tmp_path / "run")
    assert trained.exit_code == 0, trained.output
    plain = np.asarray(Image.open(root / "image" / "disc-0.png"))
    write_turned(tmp_path / "scans" / "turned.png", plain)
    Image.fromarray(plain).save(tmp_path / "scans" / "plain.png")
    done = tfuq(
        "predict", tmp_path / "run", "--input", tmp_path / "scans", "--out", tmp_path / "out"
    )
    assert done.exit_code == 0, done.output
    for name in ("label", "predictive_entropy"):
        turned, straight = (
            read(tmp_path / "out" / case / f"{name}.nii.gz") for case in ("turned", "plain")
        )
        np.testing.assert_array_equal(turned.array, straight.array)
        assert turned.same_grid(straight)
