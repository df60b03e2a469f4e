"""Bad input of classification and landmarks through ``tfuq train``: one line, exit code 2, and nothing is written."""

import csv
import gzip
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.conftest import assert_refused, files_of, task_settings
from tfuq.config import loading
from tfuq.data.readers.landmarks import ISBI_2015_LANDMARKS
from tfuq.errors import ConfigError

CONFIGURATIONS = {
    "classification": [
        ("task=landmarks", "training.loss.name 'cross-entropy' does not serve task landmarks; it takes heatmap-cross"),
        ("task=segmentation", "'lenet' does not serve task segmentation; it takes unet"),
        ("task=regression", "task: "),
        ("network.name=unet", "dense_widths does not serve the network unet"),
        ("network={name: unet, patch_size: [28, 28], widths: [2, 4]}", "network.name 'unet' does not serve task classification; it takes lenet"),
        ("network.name=densenet", "network.name 'densenet' does not serve task classification; it takes lenet, resnet"),
        ("network.name=resnet", "dense_widths does not serve the network resnet"),
        ("training.loss.name=soft-dice", "'soft-dice' does not serve task classification; it takes cross-entropy, weighted"),
        ("training.loss.name=heatmap-mse", "'heatmap-mse' does not serve task classification"),
        ("training.monitor=dice", "training.monitor 'dice' does not serve task classification; it takes loss, accuracy"),
        ("data.classes=[]", "task classification needs data.classes: the names of 2 or more"),
        ("data.classes=[one]", "needs data.classes: the names of 2 or more"),
        ("data.table=labels.csv", "table is for the layouts image-table and landmark-table"),
        ("data.layout=image-table", "which need it; layout is 'image-table'"),
        ("data.layout=pictures", "data.layout 'pictures'"),
        ("network.patch_size=[28, 28, 28]", "takes 2D images, but network.patch_size has 3 entries"),
        ("network.patch_size=[8, 28]", "too small for 2 convolutions of lenet: give 12 or more"),
        ("network.patch_size=[27, 28]", "multiples of 2"),
        ("network.upsample_dropout=0.5", "upsample_dropout does not serve the network lenet"),
        ("network.head_filters=4", "head_filters does not serve the network lenet"),
        ("network.level_dropout={4: 0.5}", "level_dropout names level 4, but the widths give levels 1 to 3"),
        ("network.level_dropout={}", "method mc-dropout needs dropout"),
        ("network.output=sigmoid", "output sigmoid needs two classes, data.classes has 10"),
        ("preprocessing.spacing=[1.0, 1.0, 1.0]", "preprocessing.spacing serves segmentation alone"),
        ("preprocessing.slice_axis=0", "preprocessing.slice_axis serves segmentation alone"),
        ("preprocessing.crop_to_labels=[1]", "preprocessing.crop_to_labels serves segmentation alone"),
        ("data.split.test=13", "more cases than the 12 with a reference (test 13)"),
        ("data.split.train=41", "more cases than the 48 with a reference (train 41, validation 8)"),
        ("data.classes=[a, b, c]", "is not among the declared a, b, c; add it to data.classes"),
    ],
    "landmarks": [
        ("task=classification", "'heatmap-mse' does not serve task classification"),
        ("network.name=lenet", "upsample_dropout does not serve the network lenet"),
        ("network={name: lenet, patch_size: [32, 32], widths: [2, 4]}", "'lenet' does not serve task landmarks; it takes unet"),
        ("training.loss.name=cross-entropy", "'cross-entropy' does not serve task landmarks"),
        ("training.loss.heatmap_sigma=0.0", "greater than or equal to 0.5"),
        ("training.loss.heatmap_sigma=1000000.0", "less than or equal to 100"),
        ("training.monitor=accuracy", "it takes loss, radial_error"),
        ("data.landmarks=[]", "task landmarks needs data.landmarks: the names of 1 or more"),
        ("data.annotations.rater=expert", "data.annotations.rater"),
        ("data.annotations.pixel_mm=0.0", "data.annotations.pixel_mm"),
        ("data.annotations.image_size=null", "is outside its image of 96×120 pixels"),
        ("data.annotations.y_upwards=true", "did you mean 'y_up'?"),
        ("data.layout=landmark-table", "which need it; layout is 'landmark-table'"),
        ("network.dense_widths=[8]", "dense_widths does not serve the network unet"),
        ("network.patch_size=[33, 32]", "multiples of 2"),
        ("network={patch_size: [32, 32], widths: [4, 8], heteroscedastic: true, noise_draws: 5}", "noise_draws serves logits of classes"),
    ],
}  # fmt: skip
CASES = [(task, *case) for task, cases in CONFIGURATIONS.items() for case in cases]


@pytest.fixture
def train(tfuq, digits, heads, tmp_path):
    """``train(task, *overrides, root=…)``: `tfuq train` of the task's phantom into a new run, which must not come to be."""

    def run(task, *overrides, root=None):
        own = root or {"classification": digits, "landmarks": heads}[task]
        (tmp_path / "config.yaml").write_text(task_settings(task, own).dump())
        options = [word for override in overrides for word in ("-o", override)]
        result = tfuq("train", tmp_path / "config.yaml", "--run", tmp_path / "run", *options)
        assert not (tmp_path / "run").exists()
        return result

    return run


@pytest.mark.parametrize(("task", "override", "words"), CASES)
def test_configurations_that_contradict_their_task(train, task, override, words):
    assert_refused(train(task, override), words)


@pytest.fixture
def own(digits, heads, tmp_path):
    """A copy of each phantom to damage."""
    return {
        "classification": shutil.copytree(digits, tmp_path / "digits"),
        "landmarks": shutil.copytree(heads, tmp_path / "heads"),
    }


def overwrite_idx(path, edit):
    path.write_bytes(gzip.compress(edit(bytearray(gzip.decompress(path.read_bytes())))))


def blank(content):
    content[16 + 784 : 16 + 2 * 784] = bytes(784)
    return content


IDX_DAMAGES = {
    "truncated": ("images-idx3", lambda content: content[:-100], "is truncated"),
    "truncated labels": ("labels-idx1", lambda content: content[:-1], "is truncated"),
    "too few labels": (
        "labels-idx1",
        lambda c: c[:4] + (len(c) - 9).to_bytes(4, "big") + c[8:-1],
        "labels for the 48 images",
    ),
    "other magic number": ("images-idx3", lambda content: b"PK" + content[2:], "magic number"),
    "empty": ("images-idx3", lambda content: b"", "train-images-idx3-ubyte.gz"),
    "constant": ("images-idx3", blank, "ubyte.gz: image 1: a channel is constant"),
    "unknown class": (
        "labels-idx1",
        lambda c: c[:8] + bytes([17] * (len(c) - 8)),
        "class '17' is not among the declared 0, 1",
    ),
}


@pytest.mark.parametrize("damage", IDX_DAMAGES)
def test_damaged_idx_files(train, own, damage):
    part, edit, words = IDX_DAMAGES[damage]
    overwrite_idx(own["classification"] / f"train-{part}-ubyte.gz", edit)
    assert_refused(train("classification", root=own["classification"]), words)


def test_idx_files_that_are_not_there(train, own, tmp_path):
    for path in own["classification"].glob("train-images*"):
        path.unlink()
    assert_refused(
        train("classification", root=own["classification"]),
        "train-labels-idx1-ubyte.gz: its images (train-images-idx3-ubyte) are not there",
    )
    for path in own["classification"].glob("*"):
        path.unlink()
    assert_refused(
        train("classification", root=own["classification"]), "no cases in the idx layout"
    )
    assert_refused(train("classification", root=tmp_path / "nowhere"), "no such data folder")


@pytest.fixture
def pictures(tmp_path):
    """Folders of two classes of grey images, and overrides for them."""
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(4):
            save(tmp_path / "pictures" / name / f"{number}.png", rng.integers(0, 255, (20, 24)))
    split = "data.split={train: 8}"
    return tmp_path / "pictures", ("data.layout=image-folders", "data.classes=[cat, dog]", split)


def save(path, pixels):
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)


PICTURE_DAMAGES = {
    "constant": (lambda folder: save(folder / "cat" / "2.png", np.full((20, 24), 7)), "cat/2.png: channel 0 is constant (7)"),
    "colour among grey": (
        lambda folder: save(folder / "dog" / "1.png", np.random.default_rng(0).integers(0, 255, (20, 24, 3))),
        "dog/1.png: has 3 channel(s), the other cases 1",
    ),
    "truncated": (
        lambda folder: (folder / "cat" / "0.png").write_bytes((folder / "cat" / "0.png").read_bytes()[:60]),
        "cat/0.png: not a readable image",
    ),
    "undeclared class": (lambda folder: (folder / "dog").rename(folder / "wolf"), "class 'wolf' is not among the declared cat, dog"),
    "no class": (lambda folder: shutil.rmtree(folder / "dog"), "more cases than the 4 with a reference"),
    "empty class": (lambda folder: [p.unlink() for p in (folder / "dog").iterdir()], "dog: holds no image of its class"),
    "all empty": (lambda folder: [p.unlink() for p in folder.glob("*/*")], "cat: holds no image of its class"),
}  # fmt: skip


@pytest.mark.parametrize("damage", PICTURE_DAMAGES)
def test_damaged_folders_of_pictures(train, pictures, damage):
    folder, overrides = pictures
    do, words = PICTURE_DAMAGES[damage]
    do(folder)
    assert_refused(train("classification", *overrides, root=folder), words)


def test_tables_of_pictures(train, pictures):
    folder, _ = pictures
    overrides = (
        "data.layout=image-table",
        "data.table=labels.csv",
        "data.classes=[cat, dog]",
        "data.split={train: 2}",
    )
    assert_refused(
        train("classification", *overrides, root=folder), "labels.csv: cannot be read as a table"
    )
    (folder / "labels.csv").write_text("file,label\ncat/0.png,cat\ncat/9.png,cat\n")
    assert_refused(train("classification", *overrides, root=folder), "cat/9.png: no such file")
    (folder / "labels.csv").write_text("file,label\ncat/0.png,cat\ndog/1.png,\n")
    assert_refused(
        train("classification", *overrides, root=folder), "more cases than the 1 with a reference"
    )


def edit_marks(root, name, edit):
    path = root / "AnnotationsByMD" / "400_senior" / f"{name}.txt"
    path.write_text("".join(edit(path.read_text().splitlines(keepends=True))))


MARK_DAMAGES = {
    "outside": (
        lambda lines: [*lines[:3], "9000,10\n", *lines[4:]],
        "landmark 'porion' at",
        "outside its image of 96×120",
    ),
    "too few": (lambda lines: lines[:18], "003.txt: has 18 lines, and 19 landmarks are needed"),
    "no number": (lambda lines: ["x,y\n", *lines], "003.txt: line 1: 'x' is not a number"),
    "one number": (lambda lines: ["12\n", *lines], "003.txt: line 1: is '12'; give x,y"),
    "infinite": (lambda lines: ["inf,3\n", *lines], "003.txt: line 1: position is 'inf', '3'"),
}


@pytest.mark.parametrize("damage", MARK_DAMAGES)
def test_damaged_annotations(train, own, damage):
    edit, *words = MARK_DAMAGES[damage]
    edit_marks(own["landmarks"], "003", edit)
    assert_refused(train("landmarks", "data.split={train: 8}", root=own["landmarks"]), *words)


def test_annotations_that_are_not_there(train, own):
    (own["landmarks"] / "AnnotationsByMD" / "400_senior" / "003.txt").unlink()
    result = train(
        "landmarks", "data.split={train: 8}", "data.annotations.rater=senior", root=own["landmarks"]
    )
    assert_refused(result, "case '003'", "no annotation by 'senior'; it has junior")
    shutil.rmtree(own["landmarks"] / "AnnotationsByMD")
    assert_refused(
        train("landmarks", root=own["landmarks"]),
        "none of the 8 cases has a label, class or landmarks",
    )


def test_landmarks_of_another_number_or_name(train, heads):
    names = [*ISBI_2015_LANDMARKS, "one more"]
    assert_refused(
        train("landmarks", f"data.landmarks={names}"), "has 19 lines, and 20 landmarks are needed"
    )


def test_tables_of_landmarks(train, tmp_path):
    root = tmp_path / "marks"
    root.mkdir()
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        save(root / f"{name}.png", rng.integers(0, 255, (20, 24)))
    overrides = ("data.layout=landmark-table", "data.table=marks.csv", "data.landmarks=[tip, root]", "data.split={train: 2}",
                 "data.annotations={}")  # fmt: skip

    def refused(rows, *words):
        with (root / "marks.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("file", "landmark", "x", "y"), *rows])
        assert_refused(train("landmarks", *overrides, root=root), *words)

    assert_refused(train("landmarks", *overrides, root=root), "marks.csv: no such file")
    refused([], "marks.csv: has no rows")
    refused([("a.png", "tip", 3, 4), ("c.png", "tip", 3, 4)], "c.png: no such file")
    refused(
        [("a.png", "tip", 3, 4), ("b.png", "tipp", 3, 4)],
        "landmark 'tipp' is not among data.landmarks",
        "did you mean 'tip'?",
    )
    refused(
        [("a.png", "tip", 3, 4), ("b.png", "tip", 24, 4)],
        "case 'b'",
        "landmark 'tip' at (24.0, 4.0) is outside its image of 24×20",
    )
    refused([("a.png", "tip", 3, 4)], "more cases than the 1 with a reference")


def test_a_constant_image_of_landmarks(train, own):
    save(own["landmarks"] / "RawImage" / "TrainingData" / "002.bmp", np.full((120, 96), 9))
    refused = train("landmarks", "data.split={train: 8}", root=own["landmarks"])
    assert_refused(refused, "002.bmp: channel 0 is constant (9)")


@pytest.mark.parametrize("task", CONFIGURATIONS)
def test_a_refused_configuration_leaves_a_run_as_it_was(trained_task, tfuq, tmp_path, task):
    run = shutil.copytree(trained_task(task, "deterministic").path, tmp_path / "run")
    before = files_of(run)
    assert_refused(tfuq("train", run / "config.yaml", "--run", run), "holds a run already")
    assert_refused(
        tfuq(
            "train", run / "config.yaml", "--run", run, "--overwrite", "-o", "data.split.train=1000"
        ),
        "more cases",
    )
    assert files_of(run) == before


def test_what_a_run_wrote_is_a_configuration(trained_task):
    for task in CONFIGURATIONS:
        config = trained_task(task, "deterministic").config
        assert loading.parse(config.dump()) == config
        with pytest.raises(ConfigError, match=r"unknown key 'data\.annotation'"):
            loading.parse(config.dump(), ("data.annotation=1",))
