"""Writes what is generated, for pages to include."""

from __future__ import annotations

from pathlib import Path

from docs.generate.configuration import configuration_page
from docs.generate.files import columns_page, scores_page
from docs.generate.measures import measures_page
from docs.generate.pictures import FOLDER, write_pictures
from tests.support.rooms import table


def write_pages(folder: Path) -> None:
    """Write every generated part of a page.

    Args:
        folder: It is made where there is none. Text that is unchanged is left alone.
    """
    folder.mkdir(exist_ok=True)
    parts = {
        "columns.md": columns_page(),
        "configuration.md": configuration_page(),
        "measures.md": measures_page(),
        "rooms.md": table(),
        "scores.md": scores_page(),
    }
    for name, text in parts.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    write_pictures(folder / FOLDER)
