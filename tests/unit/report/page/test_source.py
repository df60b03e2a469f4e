"""What every source of a report has."""

from tests.support.score_folders import scores
from tfuq.report.page.source import by_name
from tfuq.report.page.sources import read_sources


def test_sources_go_by_their_names_with_their_samples(tmp_path):
    folder = scores(tmp_path / "x", "vi", [0.1], samples=3)
    sources = read_sources([folder])
    assert by_name(sources, lambda source: source.heading) == {"vi": "vi, T = 3"}
    assert sources[0].run is None
    assert sources[0].manifest is None
