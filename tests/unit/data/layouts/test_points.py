"""Layouts of images with landmarks: the challenge's folders and tables."""

import shutil

import numpy as np
import pytest

from tests.conftest import real, task_settings
from tests.support.data_files import write_picture
from tfuq.config import SplitConfig
from tfuq.data.cases import read_case_image
from tfuq.data.layouts import list_cases
from tfuq.data.layouts.points import cephalometric2015, landmark_table
from tfuq.data.readers.landmarks import ISBI_2015_LANDMARKS
from tfuq.data.sets.landmarks import pixel_mm, rater_points, reference_points
from tfuq.data.splits import split_cases
from tfuq.errors import DataError

WING_MARKS = [str(n) for n in range(1, 13)]


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
    (case,) = landmark_table(tmp_path, table="marks.csv", landmarks=["root", "tip"])
    np.testing.assert_array_equal(case.truth["table"], [[np.nan, np.nan], [3, 4]])
    assert read_case_image(case).shape == (12, 10, 1)
    with pytest.raises(
        DataError,
        match=r"marks.csv: landmark 'tip' is not among data.landmarks; did you mean 'tips'\?",
    ):
        landmark_table(tmp_path, table="marks.csv", landmarks=["tips"])


def test_images_that_nobody_has_annotated_have_no_reference(tmp_path):
    write_picture(tmp_path / "RawImage" / "TrainingData" / "001.bmp")
    (tmp_path / "RawImage" / "TrainingData" / "notes.txt").write_text("no image")
    (case,) = cephalometric2015(tmp_path, ISBI_2015_LANDMARKS)
    assert (case.id, case.truth, case.part) == ("001", None, "train")
    assert not case.has_reference


def test_images_of_a_table_may_lie_beside_it(tmp_path):
    (tmp_path / "marks.csv").write_text("file,X1,Y1\nsub/a.png,3,4\n")
    (case,) = landmark_table(tmp_path, table="marks.csv", landmarks=["1"])
    assert case.id == "a"
    assert case.images == (tmp_path / "sub/a.png",)
    (tmp_path / "marks.csv").write_text("file,X1,Y1\nsub\\a.png,3,4\n")
    assert landmark_table(tmp_path, table="marks.csv", landmarks=["1"]) == [case]
