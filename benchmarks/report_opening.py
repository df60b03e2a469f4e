"""How large a report is and how soon a headless Chromium has opened it; with a second path, a picture of its cases.

    python -m benchmarks.report_opening runs/hippocampus/hybrid/scores/report.html [PICTURE.png]

The time is from the request to the first case's slices on the screen; the browser runs already.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.support.browser import Page


def main(report: Path, picture: Path | None = None) -> None:
    with tempfile.TemporaryDirectory() as profile:
        page = Page(Path(profile))
        started = time.perf_counter()
        page.open(report)
        page.wait_for("document.querySelectorAll('#panels canvas').length > 0")
        seconds = time.perf_counter() - started
        print(
            f"{report.stat().st_size / 1e6:.1f} MB, {seconds:.2f} s, {len(page.complaints)} complaint(s) on the console"
        )
        if picture:
            page.run("document.getElementById('case').closest('section').scrollIntoView()")
            page.picture(picture)
        page.close()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
