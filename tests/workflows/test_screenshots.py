"""The pictures of the documentation: each is made by a script, or stands beside its command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs.generate import screenshots
from docs.generate.screenshots import PICTURES, Screenshot
from PIL import Image

from tests.support.browser import find_browser
from tests.support.documentation import command_words
from tests.support.examples import parsed
from tests.support.reading_ease import ROOT, pages

DOCS = ROOT / "docs"
STORED = sorted(path for path in DOCS.iterdir() if path.suffix in (".png", ".jpg"))
MADE = {picture.name: picture for picture in PICTURES}
LINES = sorted({line for picture in PICTURES for line in picture.commands})
_PICTURE = re.compile(r"!\[(?P<alternative>[^\]]*)\]\((?P<file>[^)\s]+\.(?:png|jpg))\)")
_GENERATED = "generated/"
_MOST_WIDTH = 1600  # pixels
_MOST_BYTES = 900_000
_MOST_BYTES_OF_A_SCREENSHOT = 150_000
_LEAST_TEXT = 40  # letters of a text that tells what a picture shows
_QUICKEST = "view-classes.jpg"


def shown() -> list[tuple[Path, re.Match[str]]]:
    """Every picture that a page shows, with its page."""
    found = []
    for page in pages():
        for match in _PICTURE.finditer(page.read_text(encoding="utf-8")):
            found.append((page, match))
    return found


SHOWN = shown()
FILES = [((page.parent / match["file"]).resolve(), page, match) for page, match in SHOWN]


def section(page: Path, match: re.Match[str]) -> str:
    """The text from the heading above a picture to the next one."""
    text = page.read_text(encoding="utf-8")
    headings = [found.start() for found in re.finditer(r"^#+ ", text, re.M)]
    begin = max((place for place in headings if place < match.start()), default=0)
    end = min((place for place in headings if place > match.start()), default=len(text))
    return text[begin:end]


def caption(page: Path, match: re.Match[str]) -> str:
    """The first paragraph of words after a picture."""
    after = page.read_text(encoding="utf-8")[match.end() :]
    paragraphs = [part.strip() for part in after.split("\n\n")]
    return next(part for part in paragraphs if part and not part.startswith("!["))


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.name)
def test_a_picture_is_made_by_the_script_or_stands_beside_its_command(path):
    places = [(page, match) for file, page, match in FILES if file == path.resolve()]
    assert places, "no page shows it"
    if path.name in MADE:
        return
    page, match = places[0]
    assert re.search(r"\btfuq [a-z]+ ", section(page, match)), "no command beside it"
    assert re.match(r"(A row of )?`[^`]+\.png`", caption(page, match)), "no file below it"


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.name)
def test_a_picture_is_no_larger_than_it_needs(path):
    with Image.open(path) as image:
        assert image.width <= _MOST_WIDTH
    most = _MOST_BYTES
    if isinstance(MADE.get(path.name), Screenshot):
        most = _MOST_BYTES_OF_A_SCREENSHOT
    assert path.stat().st_size <= most


@pytest.mark.parametrize(("path", "page", "match"), FILES, ids=lambda value: str(value)[-60:])
def test_a_picture_that_a_page_shows_is_there_and_has_a_text(path, page, match):
    assert len(match["alternative"]) >= _LEAST_TEXT
    if not match["file"].startswith(_GENERATED):
        assert path.is_file()


def test_every_picture_of_the_script_is_stored():
    assert set(MADE) <= {path.name for path in STORED}
    assert len(MADE) == len(PICTURES)


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_script_is_one(line):
    parsed(list(command_words(line)))


def test_a_picture_that_is_not_made_here_is_refused():
    problem = screenshots.main(["noise.png"])
    assert problem.startswith("noise.png: not a picture that is made here; name some of hippo")
    assert "\n" not in problem


def test_without_a_browser_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(screenshots, "installed_browser", lambda: None)
    problem = screenshots.main(["view.jpg"])
    assert problem == (
        "no browser: Chromium makes view.jpg; install it (apt-get install chromium), "
        "or name other pictures"
    )


@pytest.mark.slow
def test_the_script_makes_a_picture(tmp_path):
    find_browser()
    screenshots.make_pictures([MADE[_QUICKEST]], tmp_path)
    with Image.open(tmp_path / _QUICKEST) as made, Image.open(DOCS / _QUICKEST) as stored:
        assert made.size == stored.size == MADE[_QUICKEST].window
    assert (tmp_path / _QUICKEST).stat().st_size <= _MOST_BYTES_OF_A_SCREENSHOT
