"""Which choices of scoring were made."""

from tfuq.scoring.evaluation.score_options import ScoreOptions


def test_choices_go_by_their_options():
    assert ScoreOptions().given() == []
    assert ScoreOptions(has_penalty=True, lesion_iou=0.1).given() == [
        "--missing-distance",
        "--lesion-iou",
    ]
