"""How predictions came about, in words."""

import pytest

from tests.conftest import settings
from tests.support.score_folders import scores
from tfuq.data.writers import write_json
from tfuq.report.page.provenance import origin_of, own_facts, provenance_of, shared_facts
from tfuq.report.page.sources import Scored


def test_what_the_scores_do_not_note_is_said(tmp_path):
    facts = provenance_of(Scored(name="vi", folder=scores(tmp_path, "vi", [0.5, 0.7])))
    assert (
        facts["samples (T)"] == facts["weights digest"] == facts["seed of the draws"] == "not noted"
    )
    assert (facts["run"], facts["data"]) == ("gone", "not known")
    assert (facts["cases"], facts["references"]) == ("2", "the data set's own")
    assert "members missing" not in facts


def test_digests_are_short_and_missing_members_named(tmp_path):
    folder = scores(tmp_path, "ensemble", [0.5])
    summary = {"method": "ensemble", "samples": 2, "weights_digest": ["ab" * 32, "cd" * 32]}
    write_json(folder / "summary.json", summary | {"missing_members": [1, 3], "reference": "/r"})
    facts = provenance_of(Scored(name="m", folder=folder))
    assert facts["weights digest"] == "ab" * 8 + " " + "cd" * 8
    assert (facts["members missing"], facts["references"]) == ("1, 3", "/r")


def test_the_run_says_its_data_and_versions(scored_tasks):
    facts = provenance_of(Scored(name="hybrid", folder=scored_tasks["landmarks"][0]))
    assert facts["data"] == "made by the tests (none)"
    assert facts["versions"] == "tfuq 0.1.0, numpy 2"
    assert facts["predicted by tfuq"] == "0.1.0"
    run = scored_tasks["landmarks"][0].parents[1]
    assert facts["look at its cases by"] == f"tfuq view {run / 'predictions' / 'hybrid'}"


def test_what_is_the_same_of_all_methods_is_said_once():
    facts = {"vi": {"run": "r", "seed": "1"}, "hybrid": {"run": "r", "seed": "2", "git": "x"}}
    assert shared_facts(facts) == {"run": "r"}
    assert own_facts(facts) == {"vi": {"seed": "1"}, "hybrid": {"seed": "2", "git": "x"}}
    assert own_facts({"vi": facts["vi"]}) == {"vi": {}}


@pytest.mark.parametrize(
    ("stated", "text"),
    [
        ({"source": "a registry", "licence": "CC0"}, "a registry (CC0)"),
        ({"source": "a registry", "licence": ""}, "a registry (licence not stated)"),
        ({"source": "", "licence": ""}, "/scans (source not stated) (licence not stated)"),
    ],
    ids=["both", "source", "neither"],
)
def test_what_a_configuration_does_not_state_is_said(stated, text):
    data = settings("/scans").data.model_copy(update=stated)
    assert origin_of(data) == text
