"""How Sphinx builds the documentation: ``make docs``."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from nbclient import NotebookClient  # noqa: E402

from docs.generate.formulas import write_block, write_inline  # noqa: E402
from docs.generate.pages import write_pages  # noqa: E402
from tfuq import __version__  # noqa: E402

project = "tfuq"
author = "The authors of tfuq"
copyright = "The authors of tfuq, Apache-2.0"
release = __version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build", "generated"]
html_theme = "furo"
html_title = f"tfuq {release}"
html_static_path = ["_static"]
html_css_files = ["tfuq.css"]
html_math_renderer = "mathml"
bibtex_bibfiles = ["references.bib"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
# The tutorials are run each time their page is read, in an empty folder, and by this Python.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 600  # seconds a cell, on a busy machine
nb_execution_raise_on_error = True
nb_output_stderr = "remove"  # progress and remarks of libraries
nb_render_markdown_format = "myst"
NotebookClient.coalesce_streams = True  # the output of a command comes in pieces
os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"  # TensorFlow imports no Keras 3, which takes seconds
highlight_language = "none"
autodoc_member_order = "bysource"
autodoc_typehints = "description"

# Pages say above a block of commands why no test runs it; readers see it too.
_NOT_RUN = re.compile(r"^<!-- not run: (.+?) -->$", re.MULTILINE)


def _show_marks(app: object, page: str, source: list[str]) -> None:
    source[0] = _NOT_RUN.sub(r'<p class="not-run">No test runs this: \1.</p>\n', source[0])


def _spread_tutorials(app: object, env: object, pages: list[str]) -> None:
    """Put tutorials far apart, as each process reads pages that follow one another."""
    tutorials = sorted(page for page in pages if page.startswith("tutorials/"))
    tutorials.reverse()  # the first by name is the quickest, and the last to begin
    others = [page for page in pages if page not in tutorials]
    apart = -(-len(pages) // max(len(tutorials), 1))
    pages[:] = others
    for number, tutorial in enumerate(tutorials):
        pages.insert(number * (apart + 1), tutorial)


def setup(app: object) -> None:
    """Write what is generated, before Sphinx looks for pages."""
    write_pages(HERE / "generated")
    app.add_html_math_renderer("mathml", (write_inline, None), (write_block, None))
    app.connect("source-read", _show_marks)
    app.connect("env-before-read-docs", _spread_tutorials)
