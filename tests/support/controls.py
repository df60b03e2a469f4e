"""The page of ``tfuq view``, as a person uses it."""

from __future__ import annotations

import json

from tests.support.browser import Page


def complete(page: Page, case: str | None = None) -> None:
    """Wait until a case is shown with all that belongs to it."""
    wanted = json.dumps(case) if case else "document.querySelector('#case-title').textContent"
    page.wait_for(f"document.body?.dataset.complete === {wanted}", 60)


def choose(page: Page, control: str, value: str | bool) -> None:
    """Set a control as a person would, with the events that follow."""
    put = f"c.checked = {str(value).lower()}" if isinstance(value, bool) else f"c.value = {value!r}"
    told = " ".join(
        f"c.dispatchEvent(new Event('{event}', {{bubbles: true}}));"
        for event in ("input", "change")
    )
    page.run(f"(() => {{ const c = document.getElementById('{control}'); {put}; {told} }})()")


def text(page: Page, selector: str) -> str | None:
    """The text of the first element that a selector finds."""
    return page.run(f"document.querySelector('{selector}')?.textContent")
