"""The pictures of ``docs/`` that the package makes by itself: ``make screenshots``.

``python -m docs.generate.screenshots [NAME …]`` makes those that are named, or all. Each is made of
data that tfuq ships or draws, by its own commands, in a folder that is removed at the end. The scan
that comes with tfuq lies there in ``scan``. Pages in a browser need Chromium.

The other pictures of ``docs/`` are of networks that train for hours on data of others. The pages
that show them name the command and the file, and nothing here makes them.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tests.support.browser import Page, installed_browser
from tests.support.controls import choose
from tfuq.data.example import write_example

DOCS = Path(__file__).parents[1]
_TFUQ = (sys.executable, "-m", "tfuq_cli")
_HEADS = ("tfuq train head --run head", "tfuq predict head")
_SCANS = (
    "tfuq data synth hippocampus-phantom made --cases 5",
    "tfuq predict --model hippocampus scan made/imagesTr",
)
_SCAN = "mni152_left_hippocampus"
_MODEL = "runs/models/hippocampus/predictions/mc-dropout-input"
_QUALITY = 70  # of a JPEG
_PATIENCE = 60  # seconds
_REPORT_HAS_CASES = "document.querySelector('#panels canvas') !== null"
_NO_BROWSER = (
    "no browser: Chromium makes {names}; install it (apt-get install chromium), "
    "or name other pictures"
)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture that commands write as a file.

    Attributes:
        name: Of the picture in ``docs/``.
        commands: What makes the file, in this order.
        file: The file.
    """

    name: str
    commands: tuple[str, ...]
    file: str


@dataclass(frozen=True, kw_only=True)
class Screenshot:
    """A page in a browser.

    Attributes:
        name: Of the picture in ``docs/``.
        commands: What makes that which the page shows, in this order.
        shows: An HTML file, or what ``tfuq view`` is given.
        window: Width and height of the page, in pixels.
        case: The case to open; the first one if empty.
        controls: What to set by the controls of the page, by their ids.
        top: The id of what is to be at the upper edge; the page's begin if empty.
    """

    name: str
    commands: tuple[str, ...]
    shows: str
    window: tuple[int, int]
    case: str = ""
    controls: tuple[tuple[str, str | bool], ...] = ()
    top: str = ""


PICTURES: tuple[Figure | Screenshot, ...] = (
    Figure(
        name="hippocampus.png",
        commands=(
            *_SCANS,
            f"tfuq plot {_MODEL} --case {_SCAN} --axis 0 --out plots/hippocampus",
        ),
        file="plots/hippocampus/slice-mc-dropout.png",
    ),
    Screenshot(
        name="view.jpg",
        commands=_SCANS,
        shows=_MODEL,
        window=(1100, 760),
        case=_SCAN,
        controls=(("map", "map:predictive_entropy"),),
    ),
    Screenshot(
        name="view-classes.jpg",
        commands=(
            "tfuq train digits --run digits",
            "tfuq calibrate digits --cases test:0.5 --alpha 0.02",
            "tfuq review digits",
        ),
        shows="digits",
        window=(1100, 940),
    ),
    Screenshot(
        name="view-landmarks.jpg",
        commands=("tfuq train cephalogram --run xrays", "tfuq predict xrays"),
        shows="xrays",
        window=(1100, 760),
        controls=(("reference", "senior"),),
    ),
    Figure(
        name="head.png",
        commands=(*_HEADS, "tfuq plot head --method mc-dropout --case head_016"),
        file="head/plots/head_016/slice-mc-dropout.png",
    ),
    Screenshot(
        name="report.jpg",
        commands=(
            *_HEADS,
            "tfuq predict head --method deterministic",
            "tfuq score head/predictions/mc-dropout",
            "tfuq score head/predictions/deterministic",
            "tfuq report head/scores/mc-dropout head/scores/deterministic --out report.html",
        ),
        shows="report.html",
        window=(1000, 950),
        top="look",
    ),
    Figure(
        name="phantom.png",
        commands=(
            "tfuq train quickstart --method hybrid",
            "tfuq predict runs/quickstart/hybrid --method hybrid",
            "tfuq plot runs/quickstart/hybrid --method hybrid --case brain_015",
        ),
        file="runs/quickstart/hybrid/plots/brain_015/slice-hybrid.png",
    ),
)


def make_pictures(pictures: Sequence[Figure | Screenshot], folder: Path) -> None:
    """Make pictures; a command that several of them need runs once.

    Args:
        pictures: Of `PICTURES`.
        folder: Where they are written, in place of those that are there.

    Raises:
        subprocess.CalledProcessError: A command failed.
    """
    done: set[str] = set()
    with tempfile.TemporaryDirectory() as made:
        write_example(Path(made) / "scan")
        for picture in pictures:
            for command in picture.commands:
                if command not in done:
                    _run(command, Path(made))
                    done.add(command)
            _make(picture, Path(made), folder / picture.name)
            print(folder / picture.name)


def _run(command: str, folder: Path) -> None:
    words = shlex.split(command)[1:]
    print(command, flush=True)
    subprocess.run([*_TFUQ, "-q", *words], cwd=folder, check=True)


def _make(picture: Figure | Screenshot, made: Path, path: Path) -> None:
    """Write a picture, of what its commands have made."""
    if isinstance(picture, Figure):
        _write(made / picture.file, path)
        return
    with _page(picture) as page, _address(made / picture.shows) as address:
        page.open_address(address)
        _wait(page)
        _arrange(page, picture)
        page.picture(made / "window.png")
    _write(made / "window.png", path)


@contextmanager
def _page(picture: Screenshot) -> Iterator[Page]:
    with tempfile.TemporaryDirectory() as profile:
        page = Page(Path(profile), webgl=True)
        page.resize(*picture.window)
        try:
            yield page
        finally:
            page.close()


@contextmanager
def _address(shown: Path) -> Iterator[str]:
    """The address of an HTML file, or of ``tfuq view`` of something else, which is ended then."""
    if shown.suffix == ".html":
        yield shown.as_uri()
        return
    command = [*_TFUQ, "view", str(shown), "--no-browser"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().split()[0]
    finally:
        server.terminate()
        server.wait()


def _wait(page: Page) -> None:
    """Wait until a case is shown, by ``tfuq view`` or in a report."""
    page.wait_for(f"document.body?.dataset.complete || {_REPORT_HAS_CASES}", _PATIENCE)


def _arrange(page: Page, picture: Screenshot) -> None:
    """Choose what a picture shows."""
    for control, value in picture.controls:
        choose(page, control, value)
    if picture.case:
        name = json.dumps(picture.case)
        page.run("delete document.body.dataset.complete")
        buttons = "[...document.querySelectorAll('#cases button')]"
        page.run(f"{buttons}.find((button) => button.textContent.includes({name})).click()")
        _wait(page)
    if picture.top:
        page.run(f"document.getElementById('{picture.top}').scrollIntoView()")


def _write(source: Path, path: Path) -> None:
    """Write a picture as small as its format can have it. A PNG keeps its colours."""
    with Image.open(source) as image:
        image.convert("RGB").save(path, quality=_QUALITY, optimize=True)


def main(names: Sequence[str]) -> str | None:
    """Make the named pictures, or all.

    Args:
        names: Of pictures of `PICTURES`.

    Returns:
        What is wrong, in one line; None where nothing is.
    """
    known = {picture.name: picture for picture in PICTURES}
    unknown = [name for name in names if name not in known]
    if unknown:
        return f"{unknown[0]}: not a picture that is made here; name some of {', '.join(known)}"
    chosen = [known[name] for name in names or known]
    of_pages = [picture.name for picture in chosen if isinstance(picture, Screenshot)]
    if of_pages and installed_browser() is None:
        return _NO_BROWSER.format(names=", ".join(of_pages))
    make_pictures(chosen, DOCS)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
