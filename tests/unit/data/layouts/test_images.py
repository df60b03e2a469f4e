"""Layouts of images with classes or landmarks: official files, folders, tables, and what each says of the split."""

import gzip
import shutil
import struct
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from tests.conftest import real, task_settings
from tfuq.config import SplitConfig
from tfuq.data.cases import read_case_image
from tfuq.data.layouts import list_cases
from tfuq.data.readers.landmarks import ISBI_2015_LANDMARKS
from tfuq.data.sets.classification import class_of
from tfuq.data.sets.landmarks import pixel_mm, rater_points, reference_points
from tfuq.data.splits import split_cases
from tfuq.errors import DataError

WING_MARKS = [str(n) for n in range(1, 13)]


def write_idx(path, array):
    content = (
        struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        + array.astype(np.uint8).tobytes()
    )
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def write_picture(path, seed=0, size=(12, 10)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, size, np.uint8)).save(path)


def test_real_mnist_is_60000_digits_of_which_10000_are_set_aside():
    root = real("mnist")
    cases = list_cases("idx", root)
    assert Counter(case.part for case in cases) == {"train": 50_000, "test": 10_000}
    assert Counter(case.id.split("-")[0] for case in cases) == {"train": 50_000, "t10k": 10_000}
    parts = split_cases(cases, SplitConfig(train=45_000, validation=5_000, test=10_000))
    assert {case.id[:4] for case in parts["test"]} == {"t10k"}
    assert {case.id[:5] for part in ("train", "validation") for case in parts[part]} == {"train"}
    with pytest.raises(
        DataError, match=r"more cases than the 50000 with a reference \(train 50000, validation 1\)"
    ):
        split_cases(cases, SplitConfig(train=50_000, validation=1, test=1))
    config = task_settings("classification", root)
    assert {class_of(config, case) for case in parts["test"]} == set(range(10))
    # The layout's rows are those of the files: a picture and its class, by the official format's own offsets.
    chosen = next(case for case in cases if case.id == "t10k-09999")
    raw = gzip.decompress((root / "t10k-images-idx3-ubyte.gz").read_bytes())
    last = np.frombuffer(raw[-784:], np.uint8).reshape(28, 28)
    np.testing.assert_array_equal(read_case_image(chosen).array[:, :, 0, 0], last)
    assert (
        class_of(config, chosen)
        == gzip.decompress((root / "t10k-labels-idx1-ubyte.gz").read_bytes())[-1]
    )


def test_idx_plain_without_labels_and_with_too_few(tmp_path):
    images = np.arange(5 * 4 * 3).reshape(5, 4, 3)
    write_idx(tmp_path / "train-images-idx3-ubyte", images)
    unlabelled = list_cases("idx", tmp_path)
    assert [case.id for case in unlabelled] == [f"train-{n:05d}" for n in range(5)]
    assert not any(case.has_reference for case in unlabelled)
    np.testing.assert_array_equal(read_case_image(unlabelled[3]).array[:, :, 0, 0], images[3])
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.array([1, 0, 2, 1]))
    with pytest.raises(
        DataError,
        match=r"train-labels-idx1-ubyte.gz: has 4 labels for the 5 images of train-images-idx3-ubyte",
    ):
        list_cases("idx", tmp_path)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.array([1, 0, 2, 1, 0]))
    assert [case.truth for case in list_cases("idx", tmp_path)] == [1, 0, 2, 1, 0]


def test_idx_files_of_another_shape_are_refused(tmp_path):
    write_idx(tmp_path / "train-images-idx3-ubyte", np.arange(20))
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte: has 1 dimension"):
        list_cases("idx", tmp_path)
    write_idx(tmp_path / "train-images-idx3-ubyte", np.arange(60).reshape(5, 4, 3))
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.arange(10).reshape(5, 2))
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte: has 2 dimension"):
        list_cases("idx", tmp_path)


@pytest.mark.parametrize("parts", [(), ("train", "test")])
def test_a_folder_per_class(tmp_path, parts):
    for place in parts or (".",):
        for number, name in enumerate(("cat", "dog", "cat")):
            write_picture(tmp_path / place / name / f"{place.strip('.')}{number}.png", number)
        (tmp_path / place / ".hidden").mkdir()
        (tmp_path / place / "cat" / "notes.txt").write_text("not an image")
    cases = list_cases("image-folders", tmp_path)
    assert len(cases) == 3 * max(len(parts), 1)
    assert Counter(case.truth for case in cases) == {
        "cat": 2 * max(len(parts), 1),
        "dog": max(len(parts), 1),
    }
    assert {case.part for case in cases} == (set(parts) or {None})
    config = task_settings(
        "classification", tmp_path, data={"layout": "image-folders", "classes": ["dog", "cat"]}
    )
    assert {class_of(config, case) for case in cases if case.truth == "cat"} == {1}
    chosen = split_cases(cases, SplitConfig(train=1, validation=1, test=1))
    assert all(case.part == "test" for case in chosen["test"]) or not parts
    assert all(case.part == "train" for case in chosen["train"]) or not parts


def test_folders_that_do_not_serve(tmp_path):
    with pytest.raises(DataError, match="no cases in the image-folders layout"):
        list_cases("image-folders", tmp_path)
    (tmp_path / "cat").mkdir()
    with pytest.raises(
        DataError, match="cat: holds no image of its class; add some, or remove the folder"
    ):
        list_cases("image-folders", tmp_path)
    write_picture(tmp_path / "train" / "cat" / "1.png")
    write_picture(tmp_path / "test" / "cat" / "1.png")
    with pytest.raises(DataError, match="case id 'cat-1' occurs twice"):
        list_cases("image-folders", tmp_path)


def test_a_table_of_files_and_labels(tmp_path):
    for name in ("a.png", "sub/a.png", "sub/b.jpg"):
        write_picture(tmp_path / name)
    (tmp_path / "labels.csv").write_text(
        "\ufefffile,label,part\na.png,cat,train\nsub/a.png,dog,test\nsub/b.jpg,,\n", "utf-8"
    )
    cases = list_cases("image-table", tmp_path, table="labels.csv")
    assert [(case.id, case.truth, case.part) for case in cases] == [
        ("a", "cat", "train"),
        ("sub-a", "dog", "test"),
        ("sub-b", None, None),
    ]
    assert all(read_case_image(case).shape == (12, 10, 1) for case in cases)
    parts = split_cases(cases, SplitConfig(train=1, test=1))
    assert [[case.id for case in parts[part]] for part in ("train", "test")] == [["a"], ["sub-a"]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read as a table.*data.table names a CSV file"),
        ("", "needs columns 'file' and 'label'.*has none"),
        ("file,label\n", "needs columns 'file' and 'label', each name once, and a row per image"),
        ("name,class\na.png,cat\n", "needs columns 'file' and 'label'.*has name, class"),
        ("file,label,part\na.png,cat,validation\n", "line 2: part 'validation' is neither train nor test"),
        ("file,label\na.png,cat\n,cat\n", "line 3: names no file"),
        ("file,label\na.png\n", "line 2: has another number of cells"),
        ("file,label\na.png,cat,dog\n", "line 2: has another number of cells"),
        ("file,label\na.png,cat\na.png,dog\n", "case id 'a' occurs twice"),
        (b"file,label\n\xff\xfe.png,cat\n", "cannot be read as a table"),
        ('file,label\n"a.png,cat\n', "cannot be read as a table"),
    ],
)  # fmt: skip
def test_tables_that_do_not_serve(tmp_path, text, words):
    if text is not None:
        (tmp_path / "labels.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=words) as refused:
        list_cases("image-table", tmp_path, table="labels.csv")
    assert str(tmp_path) in str(refused.value)


def test_a_class_that_is_not_declared_is_named(tmp_path):
    write_picture(tmp_path / "cat" / "1.png")
    (case,) = list_cases("image-folders", tmp_path)
    config = task_settings("classification", tmp_path, data={"classes": ["dog", "bird"]})
    with pytest.raises(
        DataError, match="case 'cat-1': class 'cat' is not among the declared dog, bird; add it"
    ):
        class_of(config, case)


def test_real_cephalograms_have_both_doctors():
    root = real("cephalometric2015")
    cases = list_cases("cephalometric2015", root, landmarks=ISBI_2015_LANDMARKS)
    assert len(cases) == 100
    assert {tuple(sorted(case.truth)) for case in cases} == {("junior", "senior")}
    annotations = {"image_size": [1935, 2400], "pixel_mm": 0.1}
    config = task_settings("landmarks", root, data={"annotations": annotations})
    size, distances = read_case_image(cases[0]).shape[:2], []
    assert size == (800, 640)
    for case in cases:
        senior, junior = (rater_points(config, case, size, rater) for rater in ("senior", "junior"))
        np.testing.assert_allclose(rater_points(config, case, size, "mean"), (senior + junior) / 2)
        distances.append(np.linalg.norm((senior - junior) * pixel_mm(config, size), axis=-1))
    assert np.shape(distances) == (100, 19)
    assert 0.5 < np.mean(distances) < 4  # mm, between two people
    # Nasion is above menton and pogonion in front of gonion, in every head.
    at = dict(
        zip(
            ISBI_2015_LANDMARKS,
            np.transpose([reference_points(config, case, size) for case in cases], (1, 0, 2)),
            strict=True,
        )
    )
    assert (at["nasion"][:, 1] < at["menton"][:, 1]).all()
    assert (at["pogonion"][:, 0] > at["gonion"][:, 0]).all()


def test_cephalograms_of_the_challenges_test_folders_are_set_aside(heads, tmp_path):
    root = shutil.copytree(heads, tmp_path / "heads")
    for number, folder in ((7, "Test1Data"), (8, "Test2Data")):
        (root / "RawImage" / folder).mkdir()
        (root / "RawImage" / "TrainingData" / f"{number:03d}.bmp").rename(
            root / "RawImage" / folder / f"{number:03d}.bmp"
        )
    (root / "AnnotationsByMD" / "400_junior" / "003.txt").unlink()
    cases = {
        case.id: case
        for case in list_cases("cephalometric2015", root, landmarks=ISBI_2015_LANDMARKS)
    }
    assert [case_id for case_id, case in cases.items() if case.part == "test"] == ["007", "008"]
    assert list(cases["003"].truth) == ["senior"]
    parts = split_cases(list(cases.values()), SplitConfig(train=4, validation=2, test=2))
    assert [case.id for case in parts["test"]] == ["007", "008"]
    with pytest.raises(DataError, match=r"more cases than the 2 with a reference \(test 3\)"):
        split_cases(list(cases.values()), SplitConfig(train=4, test=3))


def test_real_wings_with_the_y_axis_up_lie_on_their_images():
    root = real("fly_wings")
    cases = list_cases("landmark-table", root, table="csv-example.csv", landmarks=WING_MARKS)
    assert len(cases) == 58
    config, flat = (
        task_settings(
            "landmarks", root, data={"landmarks": WING_MARKS, "annotations": {"y_up": up}}
        )
        for up in (True, False)
    )
    contrast = {"up": [], "down": []}
    for case in cases[::6]:
        image = read_case_image(case).array[:, :, 0].mean(-1)
        for way, settings in (("up", config), ("down", flat)):
            points = reference_points(settings, case, image.shape)
            assert (points > 0).all()
            assert (points < [631, 479]).all()
            columns, rows = np.rint(points).astype(int).T
            around = [
                image[max(y - 4, 0) : y + 5, max(x - 4, 0) : x + 5].std()
                for y, x in zip(rows, columns, strict=True)
            ]
            contrast[way].append(np.mean(around))
    # Marks are where veins meet: there is more to see there than at their mirror images.
    assert np.mean(contrast["up"]) > 1.3 * np.mean(contrast["down"])


def test_a_landmark_table_names_files_and_marks(tmp_path):
    write_picture(tmp_path / "image" / "a.png")
    (tmp_path / "marks.csv").write_text("file,landmark,x,y\na.png,tip,3,4\n")
    (case,) = list_cases("landmark-table", tmp_path, table="marks.csv", landmarks=["root", "tip"])
    np.testing.assert_array_equal(case.truth["table"], [[np.nan, np.nan], [3, 4]])
    assert read_case_image(case).shape == (12, 10, 1)
    with pytest.raises(
        DataError,
        match=r"marks.csv: landmark 'tip' is not among data.landmarks; did you mean 'tips'\?",
    ):
        list_cases("landmark-table", tmp_path, table="marks.csv", landmarks=["tips"])


def test_cases_set_aside_are_never_trained_on(digits):
    cases = list_cases("idx", digits)
    assert Counter(case.part for case in cases) == {"train": 48, "test": 12}
    parts = split_cases(cases, SplitConfig(train=40, validation=8, test=12, seed=3))
    assert all(case.id.startswith("t10k") for case in parts["test"])
    assert not {case.id for case in parts["test"]} & {
        case.id for part in ("train", "validation") for case in parts[part]
    }
