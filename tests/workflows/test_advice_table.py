"""Every text that proposes a setting: it is provoked, obeyed, and does not come again; none is left out."""

import re

import pytest

from tests.support.advice import ROOTS, ROWS, lines_of
from tests.support.proposals import ROOT, SETTING, texts

# Texts that no row provokes, each by a part of it: the test that does, or why none can.
ELSEWHERE = {
    "trains {} networks at once": (
        "tests/unit/training/diversity/test_joint_refusals.py"
        "::test_full_memory_in_a_step_is_told_with_its_remedy"
    ),
    "training.initial_weights starts members": (
        "tests/unit/training/diversity/test_joint_refusals.py::test_members_that_begin_alike_are_refused"
    ),
    "--devices workers: ensemble.diversity {} trains": (
        "tests/unit/training/diversity/test_joint.py"
        "::test_workers_are_refused_before_anything_is_written"
    ),
    "snapshots trains whole cycles, and a plan": (
        "tests/unit/workflows/plan/test_planning.py"
        "::test_snapshots_are_planned_as_members_of_other_seeds"
    ),
    "has one training for the members": (
        "tests/unit/training/diversity/test_snapshots.py::test_no_member_is_trained_by_itself"
    ),
    "method swag takes weights after at least": (
        "tests/unit/training/test_swag.py::test_a_training_of_one_step_has_no_gaussian"
    ),
    "set training.precision: float32": (
        "tests/unit/sampling/test_processors.py"
        "::test_training_does_not_mix_where_that_saves_nothing"
    ),
    "as in data.label_values: ": "tests/workflows/test_advice.py::test_label_values",
    "round them by data.label_tolerance": "tests/workflows/test_advice.py::test_label_values",
    "split them by data.label_values": "tests/workflows/test_advice.py::test_label_values",
    "or set data.train_on to another rater": (
        "tests/workflows/test_advice.py::test_a_rater_who_has_not_labelled_a_case"
    ),
    "as by data.annotations.rater": (
        "tests/workflows/test_advice.py::test_a_doctor_who_has_not_annotated"
    ),
    "as in --label-values": "tests/workflows/test_advice.py::test_label_values_of_a_score",
    "give it by --mask FILE_OR_FOLDER": (
        "tests/workflows/test_advice_options.py::test_a_mask_for_a_case_without_a_label"
    ),
    "so it takes no mask; leave --mask out": (
        "tests/workflows/test_advice_options.py::test_a_mask_of_a_run_that_looks_everywhere"
    ),
    "its split has no calibration cases": (
        "tests/workflows/test_advice_options.py::test_calibration_cases_of_a_split_without"
    ),
    "the test split is empty; name files": (
        "tests/workflows/test_advice_options.py::test_an_empty_test_split"
    ),
    "set network.level_dropout and train again": (
        "tests/workflows/test_advice_options.py::test_a_run_without_dropout"
    ),
    "set data.pixel_mm (of landmarks": (
        "tests/unit/workflows/study/test_table.py::test_a_column_in_another_unit_is_refused"
    ),
    "by preprocessing.min_slice_area: 0": (
        "tests/unit/data/test_class_voxels.py::test_a_class_in_small_slices_alone_is_told"
    ),
    "data.landmarks names {}; correct one of them": (
        "tests/unit/data/sets/test_landmarks.py::test_annotations_that_do_not_serve_are_refused"
    ),
    "or name these folders in data.channels where": (
        "tests/unit/data/layouts/test_volumes.py::test_an_image_may_be_a_folder_of_a_dicom_series"
    ),
    "data.ignore_label {} differs from": (
        "tests/unit/config/test_described.py::test_what_contradicts_the_description_is_refused"
    ),
    "data.classes {} differ from": (
        "tests/unit/config/test_described.py::test_what_contradicts_the_description_is_refused"
    ),
    "data.regions has {} for": (
        "tests/unit/config/test_described.py::test_what_contradicts_the_description_is_refused"
    ),
    "does not allow a model of the data to be shared": (
        "tests/unit/workflows/pack/test_checks.py::test_licences_that_do_not_allow_sharing"
    ),
    "layout {} needs it: set data.root": (
        "tests/unit/config/test_nnunet.py::test_a_missing_description_says_what_to_set"
    ),
    "data.split.fold {}: {} has the folds": (
        "tests/unit/data/test_folds.py::test_a_file_that_does_not_fit_is_refused_by_name"
    ),
    "labelled training case(s) make no {} folds": (
        "tests/unit/data/test_folds.py::test_what_cannot_be_folded_is_refused"
    ),
    "data.split.file names nnU-Net's": (
        "tests/unit/data/test_folds.py::test_a_file_that_does_not_fit_is_refused_by_name"
    ),
    "a folder below data.root is named as": (
        "tests/unit/config/test_data.py::test_bad_values_are_refused_by_name"
    ),
    "data.additional: {}: case": (
        "tests/unit/data/layouts/test_additional.py::"
        "test_it_takes_the_place_of_a_case_without_a_label_alone"
    ),
    "data.additional: {}: no such folder": (
        "tests/unit/data/layouts/test_additional.py::test_a_folder_without_a_label_is_refused"
    ),
    "data.additional: {}: has no label": (
        "tests/unit/data/layouts/test_additional.py::test_a_folder_without_a_label_is_refused"
    ),
    "write more of the names into data.image_files": (
        "tests/unit/data/layouts/test_patterns.py::test_patterns_that_fit_a_file_alike_are_refused"
    ),
    "or correct data.image_files": (
        "tests/unit/data/layouts/test_patterns.py"
        "::test_a_case_without_one_of_its_channels_is_refused"
    ),
    "is the same text in both": (
        "tests/unit/data/layouts/test_patterns.py"
        "::test_patterns_that_name_no_case_alike_are_refused"
    ),
    "y is taken to point down": (
        "tests/unit/workflows/init/test_known.py::test_a_table_of_landmarks_says_which_way_y_points"
    ),
    "devices share a batch": (
        "tests/unit/training/test_strategy.py::test_more_devices_than_examples_are_refused"
    ),
    "or set training.cache: none": (
        "tests/unit/data/sets/test_stores.py::"
        "test_a_disk_that_is_too_small_is_refused_before_anything_is_written"
    ),
    "was trained with other data.additional": (
        "tests/workflows/test_review.py::test_a_run_goes_on_with_the_cases_that_it_began_with"
    ),
    "folds' 'val', and must be in one": (
        "tests/unit/data/test_cross_validation.py"
        "::test_folds_that_leave_a_case_out_or_have_it_twice_are_refused"
    ),
    "match all {} layers with weights": (
        "tests/unit/networks/test_freezing.py::test_something_must_be_left_to_train"
    ),
    "matches no layer with weights": (
        "tests/unit/networks/test_freezing.py"
        "::test_a_pattern_that_matches_nothing_is_refused_with_names_near_it"
    ),
    "for which {} has no weights, so that it would stay": (
        "tests/unit/training/test_initial_weights.py"
        "::test_a_frozen_layer_that_the_run_does_not_have_is_refused"
    ),
    "scores of these promise too much; name other cases in data.split": (
        "tests/unit/training/test_seen_cases.py"
        "::test_test_cases_that_the_source_was_trained_on_are_told"
    ),
    "smaller values in data.label_values": (
        "tests/unit/workflows/review/test_export.py::test_a_picture_has_its_label_as_a_picture"
    ),
}
# Texts that propose no setting, or one whose work begins with a training; the settings that these
# name exist (tests/house/test_proposals.py).
NO_ROW = (
    "override '{}' is not of the form",
    "data.additional={}",
    "{} is {} in epoch {}; lower training.learning_rate",
    "so it is not written; lower training.learning_rate",
    "training examples have no landmark at all",
    "variational.warm_start: {} has no weights",
    "training.initial_weights: {} has no member",
    "calibrated out of fold (cross-conformal)",
    "training.initial_weights: nothing of {} fits",
    "regions_class_order' paints it as",
    "data.ignore_label serves segmentation alone",
    "no other value than {}, that of data.ignore_label",
    "have voxels of data.ignore_label",
    "data.ignore_label {} is in no label",
    "layout nnunet has its training images in it",
    "by data.layout: decathlon",
    "or set data.layout: nnunet for a data set",
    "or save a radiograph as PNG and set data.pixel_mm",
    "data.split.use {} is more than the {} training case(s)",
    "all are of data.ignore_label; calibrate",
    "began with a variational.width_warmup_epochs of {}",
    "that preprocessing.crop_to_labels names",
    "the folder layout needs a folder 'image' in it",
    "preprocessing.orientation names another",
    "a training set without cases has no channels",
    "classes are the most; join values by data.label_values",
    "without data.split, 70 %",
    "training.cache disk: %d cases take",
)
NO_ROW_OF = ("tfuq/workflows/doctor/", "cli/")  # advice on runs that are trained, and helps


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """The data sets, each written once."""
    written = {}

    def root(name):
        if name not in written:
            written[name] = ROOTS[name](tmp_path_factory.mktemp(name) / "set")
        return written[name]

    return root


@pytest.mark.parametrize("advice", ROWS, ids=lambda advice: f"{advice.task}: {advice.words[:40]}")
def test_a_proposed_setting_is_accepted(advice, roots):
    root = roots(advice.root)
    mended = {k: str(root) if v == "ROOT" else v for k, v in advice.mended.items()}
    obeyed = type(advice)(**(vars(advice) | {"mended": mended}))
    before = lines_of(obeyed, root, is_mended=False)
    assert [line for line in before if re.search(advice.words, line)], before
    after = lines_of(obeyed, root, is_mended=True)
    assert not [line for line in after if re.search(advice.words, line)], after
    assert not [line for line in after if line.startswith("refused:")], after


def pattern_of(text):
    return ".*".join(re.escape(constant) for constant in text.constants)


def is_said_by(text, lines):
    return any(re.search(pattern_of(text), line, re.DOTALL) for line in lines)


def test_no_proposal_is_left_out(roots):
    lines = []
    for advice in ROWS:
        lines += lines_of(advice, roots(advice.root), is_mended=False)
    left = []
    for text in texts():
        if not SETTING.search(text.words) or text.path.startswith(NO_ROW_OF):
            continue
        named = [part for part in (*ELSEWHERE, *NO_ROW) if part in text.words]
        if not named and not is_said_by(text, lines):
            left.append(f"{text.path}:{text.line}: {text.words}")
    assert not left, "\n".join(left)


@pytest.mark.parametrize("test", sorted(set(ELSEWHERE.values())))
def test_what_is_tested_elsewhere_is(test):
    path, name = test.split("::")
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")
