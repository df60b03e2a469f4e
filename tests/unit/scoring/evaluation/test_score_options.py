"""Which choices of scoring were made."""

import pytest

from tfuq.errors import ConfigError, DataError
from tfuq.scoring.evaluation import predictions_of, score_folder
from tfuq.scoring.evaluation.score_options import ScoreOptions, parse_tolerance


def test_choices_go_by_their_options():
    assert ScoreOptions().given() == []
    assert ScoreOptions(has_penalty=True, lesion_iou=0.1, tolerance=0.0).given() == [
        "--missing-distance",
        "--lesion-iou",
        "--nsd-tolerance",
    ]
    assert ScoreOptions(aggregate=("top",)).given() == ["--aggregate"]


def test_a_tolerance_is_one_length_or_one_by_structure():
    assert parse_tolerance(None) is None
    assert parse_tolerance("1") == 1.0
    assert parse_tolerance("{ball: 2, core: 0.5}") == {"ball": 2.0, "core": 0.5}
    assert ScoreOptions(tolerance=1.5).tolerance_of("ball") == 1.5
    options = ScoreOptions(tolerance={"ball": 2.0})
    assert (options.tolerance_of("ball"), options.tolerance_of("core")) == (2.0, None)


@pytest.mark.parametrize("text", ["-1", "far", "true", ".inf", "{ball: near}", "[1, 2]"])
def test_what_is_no_tolerance_is_refused(text):
    with pytest.raises(ConfigError, match=r"--nsd-tolerance .*: is not a length of 0 or more"):
        parse_tolerance(text)


def test_tolerances_are_of_structures_of_the_run():
    ScoreOptions(tolerance=1.0).require_structures(["ball"])
    options = ScoreOptions(tolerance={"bal": 1.0})
    with pytest.raises(ConfigError, match=r"has 'bal', which is no structure .* ball, core"):
        options.require_structures(["ball", "core"])


def test_classifications_have_no_lesions(scored_tasks):
    folder = predictions_of(scored_tasks["classification"][0])
    with pytest.raises(DataError, match=r"--lesion-iou: .* it serves segmentation"):
        score_folder(folder, None, options=ScoreOptions(lesion_iou=0.5))
