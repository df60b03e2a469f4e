"""One page that holds a whole report.

It opens from disk, asks no network for anything, and works by keyboard.
"""

from __future__ import annotations

from tfuq.report.page.building import PAGE, default_page, write_page

__all__ = ["PAGE", "default_page", "write_page"]
