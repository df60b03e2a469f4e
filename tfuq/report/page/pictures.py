"""Pictures of as many cases as a page has room for."""

from __future__ import annotations

from dataclasses import dataclass, field

from tfuq.errors import TfuqError
from tfuq.report.page.cases import Cases
from tfuq.report.page.content import as_json
from tfuq.report.page.sheets import MOST_PIXELS, MOST_PIXELS_ALONE
from tfuq.report.page.source import Source
from tfuq.report.page.sources import hindrance
from tfuq.report.page.views import View
from tfuq.report.tasks import REPORTS

# Characters of cases. The figures of several methods then have room below 15 MB.
BUDGET = 10_500_000
_LIMITS = (
    f"Pictures have the data's own pixels up to {MOST_PIXELS} along a side "
    f"({MOST_PIXELS_ALONE} of a case's only picture), and as many slices as there is room for: "
    f"all of them have at most {BUDGET / 1e6:.3g} MB of this file."
)


@dataclass(kw_only=True)
class Pictures:
    """The pictures of cases that the page holds.

    Attributes:
        by_case: What the page's script shows, as JSON by id.
        notes: What to know of them, and why others are not there.
    """

    by_case: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def pictures_of(sources: list[Source], cases: Cases, most_cases: int) -> Pictures:
    """Gather the pictures of as many cases as there is room for.

    Args:
        sources: The folders of the report.
        cases: Of the report.
        most_cases: How many cases have pictures at most.

    Raises:
        RunError: A table of the predictions is damaged.
    """
    pictures = Pictures()
    wanted = cases.to_show(most_cases)
    for source in sources:
        reason = hindrance(source)
        if reason:
            pictures.notes.append(f"No case is shown: {reason}.")
            return pictures
    room = BUDGET // max(len(wanted), 1)
    _add_pictures(pictures, REPORTS[sources[0].task].view(sources, room), wanted)
    count = len(pictures.by_case)
    if count < len(cases.ids):
        note = f"Pictures of {count} of {len(cases.ids)} cases are in this file: {_order(cases)}."
        pictures.notes.insert(0, note)
    if count:
        pictures.notes.append(_LIMITS)
    return pictures


def _order(cases: Cases) -> str:
    if cases.quality is None:
        return "the least certain first"
    return "the worst and the least certain in turn"


def _add_pictures(pictures: Pictures, view: View, wanted: list[str]) -> None:
    """Add the pictures of cases until there is no more room."""
    room = BUDGET
    for case_id in wanted:
        try:
            content = as_json(view(case_id))
        except TfuqError as error:
            pictures.notes.append(f"Case {case_id} is not shown: {error}")
            continue
        room -= len(content)
        if room < 0:
            note = "There is no room for more of the cases that were asked for."
            pictures.notes.append(note)
            break
        pictures.by_case[case_id] = content
