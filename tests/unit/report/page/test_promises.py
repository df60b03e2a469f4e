"""What was promised beside what was seen."""

import numpy as np
import pytest

from tests.support.score_folders import scores
from tfuq.data.writers import write_json
from tfuq.report.page.promises import conformal_promises, promise_of
from tfuq.report.page.sources import read_sources
from tfuq.scoring.coverage import realized


def row(held, promised=0.9, calibrated_on=20):
    return realized(np.array(held, bool), promised, calibrated_on)


def promises(tmp_path, conformal):
    folder = scores(tmp_path / "x", "vi", [0.5, 0.9, 0.7])
    write_json(folder / "summary.json", {"method": "vi", "conformal": conformal})
    (source,) = read_sources([folder])
    return list(conformal_promises(source))


def test_each_promise_is_a_line(tmp_path):
    kept = row([True] * 19 + [False])
    at_most = kept | {"promised": 0.1, "realized": 0.05}
    first, second, third = promises(
        tmp_path, {"ball": {"volume": kept, "missed_by_upper": at_most}, "lac": kept}
    )
    assert (first.text, first.promised) == ("ball: volume lies within its interval", "at least 0.9")
    assert (first.seen, first.cases, first.calibrated_on) == (0.95, 20, 20)
    assert first.verdict == "kept"
    assert second.promised == "at most 0.1"
    assert second.text == "ball: share of the structure beyond its outer bound"
    assert third.text == "set of classes (LAC) has the true one"


@pytest.mark.parametrize(
    ("held", "verdict"),
    [([True] * 10 + [False] * 30, "broken"), ([True] * 36 + [False] * 4, "kept")],
)
def test_the_verdict_is_that_of_the_band(held, verdict):
    assert promise_of("vi", "sets", row(held, calibrated_on=50)).verdict == verdict


def test_more_than_promised_is_kept_and_said():
    promise = promise_of("vi", "sets", row([True] * 5000, calibrated_on=5000))
    assert promise.verdict == "kept, above the band"


def test_without_calibration_cases_nothing_is_judged():
    promise = promise_of("vi", "sets", row([True, False], calibrated_on=None), size="tiny")
    assert (promise.verdict, promise.band, promise.size) == ("not judged", None, "tiny")
