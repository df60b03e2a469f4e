"""Every setting that a refusal proposes is accepted, and the work goes on."""

import re

import numpy as np
import pytest
from PIL import Image

from tests.conftest import settings, task_settings
from tests.support.data_files import write_nifti_file
from tests.support.rater_discs import RATERS, by_raters, write_rater_discs
from tests.support.score_requests import request_of
from tfuq.config import Config, with_label_values
from tfuq.config.text import read_yaml
from tfuq.data.cases import Case, read_case_image, read_label, training_views
from tfuq.data.checks import check_case, remarks
from tfuq.data.layouts import cases_of
from tfuq.data.sets.landmarks import reference_points
from tfuq.errors import DataError
from tfuq.scoring.evaluation.segmentation import score_segmentation

_PROPOSED = re.compile(
    r"((?:data|preprocessing)(?:\.[a-z_]+)+)(?:: |, as in )(\{[^}]*\}|[\w.-]+|\[[^]]*\])"
)
_MOST_REFUSALS = 3


def obey(config, message):
    """The configuration with the setting that a message proposes."""
    (proposed,) = _PROPOSED.findall(message)
    key, text = proposed
    tree = config.model_dump()
    section = tree
    *parents, last = key.split(".")
    for parent in parents:
        section = section[parent]
    section[last] = read_yaml(text, key)
    return Config.model_validate(tree)


def until_accepted(config, work):
    """What the work makes in the end, and how many settings it took."""
    for count in range(_MOST_REFUSALS):
        try:
            return work(config), count
        except DataError as error:
            config = obey(config, str(error))
    raise AssertionError("its advice leads nowhere")


def write_label(root, name, values):
    """A data set of one case with a label of these values."""
    for folder in ("image", "label"):
        (root / folder).mkdir(parents=True)
    array = np.resize(values, (4, 8, 8))
    image = np.arange(256, dtype=np.float32).reshape(4, 8, 8)
    if name.endswith(".nii"):
        write_nifti_file(root / "image" / name, image)
        write_nifti_file(root / "label" / name, array)
        return array
    flat = array.reshape(32, 8).repeat(4, 1)  # 32×32, in bands as JPEG blurs them
    Image.fromarray(image.reshape(16, 16).astype(np.uint8)).resize((32, 32)).save(
        root / "image" / name
    )
    Image.fromarray(flat.astype(np.uint8)).save(root / "label" / name)
    return flat


@pytest.mark.parametrize(
    ("name", "values", "classes", "settings_taken", "class_of"),
    [
        ("a.jpg", [0, 255], 2, 1, {0: 0, 255: 1}),
        ("a.png", [0, 255], 2, 1, {0: 0, 255: 1}),
        ("a.nii", np.array([0, 10, 150, 250], np.uint8), 4, 1, {0: 0, 10: 1, 150: 2, 250: 3}),
        ("a.nii", np.arange(41, dtype=np.int16), 2, 1, None),
        ("a.nii", np.array([0, 0.9999, 2], np.float32), 3, 1, {0: 0, 1: 1, 2: 2}),
        ("a.nii", np.array([0, 254.9999], np.float64), 2, 2, {0: 0, 255: 1}),
        ("a.nii", np.array([0, 2**24 + 1], np.int32), 2, 1, {0: 0, 2**24 + 1: 1}),
        ("a.nii", np.array([-1, 0, 1], np.int16), 2, 1, {-1: 1, 0: 0, 1: 1}),
    ],
)
def test_label_values(tmp_path, name, values, classes, settings_taken, class_of):
    array = write_label(tmp_path, name, values)
    data = {"layout": "folder", "classes": ["rest", "a", "b", "c"][:classes]}
    config = settings(tmp_path, data=data)

    def read(config):
        (case,) = cases_of(config.data)
        return read_label(config, case, read_case_image(case)).array

    label, count = until_accepted(config, read)
    assert count == settings_taken
    if class_of:
        whole = np.rint(array).astype(int).reshape(label.shape)
        np.testing.assert_array_equal(label, np.vectorize(class_of.get)(whole))


def test_a_rater_who_has_not_labelled_a_case(tmp_path):
    root = write_rater_discs(tmp_path / "discs")
    config = by_raters(root)
    data = config.data.model_copy(update={"train_on": RATERS[0]})
    case = cases_of(data)[0]
    lacking = {rater: path for rater, path in case.raters.items() if rater != RATERS[0]}
    with pytest.raises(DataError, match="to another rater, majority or random"):
        training_views(
            config.model_copy(update={"data": data}), Case("c", case.images, raters=lacking)
        )
    for chosen in (RATERS[1], "majority", "random"):
        tree = config.model_dump()
        tree["data"]["train_on"] = chosen
        obeyed = Config.model_validate(tree)
        assert training_views(obeyed, Case("c", case.images, raters=lacking))


def test_a_doctor_who_has_not_annotated(heads):
    config = task_settings("landmarks", heads)
    case = cases_of(config.data)[0]
    by_one = Case(case.id, case.images, truth={"junior": case.truth["junior"]})
    size = read_case_image(case).shape[:2]
    points, count = until_accepted(config, lambda obeyed: reference_points(obeyed, by_one, size))
    assert count == 1
    assert len(points) == len(config.data.landmarks)


def test_label_values_of_a_score(scored_tasks):
    folder = scored_tasks["segmentation"][0]
    config = request_of(folder).config
    data = config.data.model_copy(update={"label_values": {0: 0, 1: 0, 2: 0}})
    all_background = config.model_copy(update={"data": data})
    with pytest.raises(DataError) as refused:
        score_segmentation(request_of(folder, config=all_background))
    (proposed,) = re.findall(r"--label-values '(.*)'", str(refused.value))
    obeyed = with_label_values(all_background, proposed)
    assert score_segmentation(request_of(folder, config=obeyed)).cases


def test_remarks_of_a_data_set(tmp_path):
    """Spacings and intensities that differ, and two raters."""
    for index, (size, gain) in enumerate([(1.0, 1.0), (1.0, 900.0), (3.0, 1.0)]):
        for folder in ("image", "label"):
            (tmp_path / folder).mkdir(exist_ok=True)
        affine = np.diag([size, size, size, 1])
        image = gain * np.arange(512, dtype=np.float32).reshape(8, 8, 8)
        write_nifti_file(tmp_path / "image" / f"{index}.nii", image, affine)
        label = np.resize([0, 1, 2], (8, 8, 8)).astype(np.uint8)
        write_nifti_file(tmp_path / "label" / f"{index}.nii", label, affine)
    config = settings(tmp_path, data={"layout": "folder"}, preprocessing={"normalization": "none"})
    reports = [check_case(config, case, "train") for case in cases_of(config.data)]
    proposing = [line for line in remarks(config, reports) if _PROPOSED.search(line)]
    assert len(proposing) == 2
    for line in proposing:
        left = remarks(obey(config, line), reports)
        assert line not in left
