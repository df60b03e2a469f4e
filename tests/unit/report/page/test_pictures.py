"""Pictures of as many cases as a page has room for."""

import json

import pytest

from tfuq.report.page.cases import read_cases
from tfuq.report.page.pictures import BUDGET, pictures_of
from tfuq.report.page.sources import read_sources


def pictures(folders, count):
    sources = read_sources(folders)
    return pictures_of(sources, read_cases(sources), count)


def test_the_cases_to_look_at_have_pictures(scored_tasks):
    folders = scored_tasks["classification"]
    made = pictures(folders, 3)
    sources = read_sources(folders)
    assert list(made.by_case) == read_cases(sources).to_show(3)
    assert all(json.loads(text)["image"] for text in made.by_case.values())
    assert made.notes[0].endswith("the worst and the least certain in turn.")
    assert f"at most {BUDGET / 1e6:.3g} MB" in made.notes[-1]


@pytest.mark.parametrize("budget", [10_000, 2_000])
def test_what_is_held_is_within_the_budget(budget, scored_tasks, monkeypatch):
    monkeypatch.setattr("tfuq.report.page.pictures.BUDGET", budget)
    made = pictures(scored_tasks["classification"], 12)
    assert sum(map(len, made.by_case.values())) <= budget
    assert any("no room for more" in note for note in made.notes)
