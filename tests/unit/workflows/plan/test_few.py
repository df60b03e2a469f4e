"""A few cases that have every class."""

from tfuq.workflows.plan.few import few_cases

IDS = [f"case{number:02d}" for number in range(40)]


def test_cases_are_spread_over_all():
    assert few_cases(IDS, {}, least=3) == ["case00", "case20", "case39"]


def test_no_more_than_there_are():
    assert few_cases(IDS[:2], {}) == IDS[:2]


def test_a_case_of_a_rare_class_is_added():
    present = {case: frozenset({0, 1}) for case in IDS}
    present["case07"] = frozenset({0, 2})
    assert few_cases(IDS, present, least=2) == ["case00", "case39", "case07"]
