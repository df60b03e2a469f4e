"""How soon ``tfuq view`` has opened a CT of 512×512×400 voxels in a headless Chromium, by stage.

    python -m benchmarks.view_opening [FOLDER]

The files, 0.5 GB, are made in FOLDER where it is new, or for the time being. Seconds count from the
request for the page; the browser runs already, and nothing was read ahead. Each line has the time
that passed and the processor time of the browser and of the server. "label" is when the scan with
its label has been drawn, which is what opening means; "map" has uncertainty over it, and "place"
the crosshair at the least certain place. "click" is how long the page takes to answer a key then.

Once more, of a page whose first case was read ahead, as it is before a browser has started.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import psutil
from tests.support.browser import Page
from tests.support.large_scan import make_large_target
from tests.support.viewing import served

from tfuq.workflows.view.session import Session
from tfuq.workflows.view.targets import Target, find_target

_DRAWN = """new Promise((done) => {
  const look = () => (%s) ? done(1) : setTimeout(look, 10);
  look();
})"""
# A pixel is there once everything before it has been drawn.
_FINISHED = """(() => {
  const gl = document.getElementById("canvas").getContext("webgl2");
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
})()"""
_STAGES = {
    "page": "document.querySelector('#cases button')",
    "label": "document.body.dataset.shown",
    "map": "document.body.dataset.map",
    "place": "document.body.dataset.complete",
}


class Clock:
    """Seconds since its start, and processor seconds of the browser and of this process."""

    def __init__(self, page: Page) -> None:
        self._browser = psutil.Process(page.process_id)
        self._start = self._now()

    def read(self) -> list[float]:
        """Seconds that passed, of the browser, of the server."""
        return [now - start for now, start in zip(self._now(), self._start, strict=True)]

    def _now(self) -> list[float]:
        browser = 0.0
        for process in [self._browser, *self._browser.children(recursive=True)]:
            times = process.cpu_times()
            browser += times.user + times.system
        return [time.perf_counter(), browser, time.process_time()]


def opening(page: Page, session: Session) -> dict[str, list[float]]:
    """Seconds by stage; see `Clock.read`."""
    seconds = {}
    with served(session) as server:
        clock = Clock(page)
        page.open_address(server.guard.address)
        for stage, condition in _STAGES.items():
            page.run(_DRAWN % condition)
            if stage != "page":
                page.run(_FINISHED)
            seconds[stage] = clock.read()
        clock = Clock(page)
        page.press("o")
        page.run(_DRAWN % "!document.getElementById('overlays').checked")
        page.run(_FINISHED)
        seconds["click"] = clock.read()
        assert page.complaints == [], page.complaints[:3]
    return seconds


def main(folder: Path) -> None:
    target = _target(folder)
    with tempfile.TemporaryDirectory() as profile:
        page = Page(Path(profile), webgl=True)
        for title, is_ahead in (("nothing read ahead", False), ("read ahead", True)):
            session = Session(target)
            if is_ahead:
                session.prepare()
                time.sleep(5)
            print(f"{title:20} seconds  browser   server")
            for stage, (passed, browser, server) in opening(page, session).items():
                print(f"{stage:20} {passed:7.1f}  {browser:7.1f}  {server:7.1f}")
        page.close()


def _target(folder: Path) -> Target:
    predictions = folder / "run" / "predictions" / "hybrid"
    if predictions.is_dir():
        return find_target(predictions)
    return make_large_target(folder)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
