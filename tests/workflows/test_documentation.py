"""Each page says what is there, all that is there, and in words that are easy to read."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import click
import pytest
from docs.generate.configuration import configuration_page, descriptions, documented_keys
from docs.generate.measures import kind_of, measures_page, texts

from tests.support.documentation import blocks, command_words, page
from tests.support.reading_ease import LEAST, ROOT, pages, reading_ease
from tfuq import errors
from tfuq.measures.catalogue import MEASURES
from tfuq.training.progress import NLL
from tfuq_cli.main import COMMANDS, main

PAGES = pages()
ALL_BLOCKS = [block for path in PAGES for block in blocks(path)]
WITH_COMMANDS = [block for block in ALL_BLOCKS if block.commands()]
LINES = sorted({line for block in WITH_COMMANDS for line in block.commands()})
_MOST_BYTES = 8 * 1024
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_bytes()) <= _MOST_BYTES


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_prose_is_easy_to_read(path):
    assert reading_ease(path.read_text(encoding="utf-8")) >= LEAST


def test_long_words_in_long_sentences_are_not_easy():
    assert reading_ease("The cat sat on the mat. It was fat.") > 100
    assert reading_ease("Heteroscedastic parametrization necessitates regularization") < 0
    code = "The cat sat.\n\n```\nheteroscedastic parametrization\n```\n"
    assert reading_ease(code) == reading_ease("The cat sat.")
    with pytest.raises(ValueError, match="no prose"):
        reading_ease("# Heading\n")


def test_every_key_has_a_sentence_and_a_unit():
    """``docs/generate/keys.yaml`` has them, and no key that there is not."""
    assert descriptions().keys() == documented_keys().keys()
    text = configuration_page()
    assert all(f"| `{key.path}` |" in text for key in documented_keys().values())
    epochs = "| `training.epochs` | whole number | epoch | `10` | > 0, ≤ 1,000,000 | "
    assert epochs in text


def test_every_measure_is_on_its_page():
    text = measures_page()
    assert all(f"| `{name}` |" in text for name in MEASURES)
    assert {kind_of(name) for name in MEASURES} == texts().keys()
    assert "| `predictive_entropy` | voxel, component, image |" in text


def test_every_paper_is_in_the_bibliography():
    known = set(re.findall(r"^@\w+\{(\w+),", page("references.bib"), re.MULTILINE))
    assert {paper for _, paper, _, _ in texts().values() if paper} == known


def test_every_command_is_on_its_page():
    """sphinx-click writes every command and option below the one that the page names."""
    assert ".. click:: tfuq_cli.main:main" in page("commands.md")
    assert ":nested: full" in page("commands.md")
    assert len(COMMANDS) > 20


def columns_of_predictions() -> set[str]:
    """The columns of every table of the runs and predictions that the tests keep."""
    found = set()
    with zipfile.ZipFile(ROOT / "tests" / "data" / "kept.zip") as kept:
        for name in kept.namelist():
            if name.endswith(".csv"):
                found.update(next(csv.reader(io.StringIO(kept.read(name).decode()))))
    return {re.sub(r"^(probability|votes)_\d$", r"\1_CLASS", name) for name in found}


def test_every_column_is_on_its_page():
    text = page("files.md")
    missing = {name for name in columns_of_predictions() - set(MEASURES) if f"`{name}`" not in text}
    assert missing == set()


def test_columns_of_newer_trainings_are_on_their_page():
    """The trainings that the tests keep are of before these."""
    for name in (NLL, "penalty"):
        assert f"\n| | `{name}` |" in page("files.md")


def test_every_error_has_an_anchor():
    text = page("troubleshooting.md")
    for error in errors.TfuqError.__subclasses__():
        assert f"\n## {error.__name__}\n" in text


@pytest.mark.parametrize("block", WITH_COMMANDS, ids=lambda block: block.commands()[0][:40])
def test_a_block_of_commands_says_who_runs_it(block):
    """README shows what the pages have; its blocks need no mark. Cells run as pages are built."""
    if block.page.name == "README.md" or block.is_cell:
        return
    kind, _, what = block.mark.partition(": ")
    assert kind in ("run by", "not run"), f"{block.page}: {block.code}"
    if kind == "run by":
        file, _, test = what.partition("::")
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")


def parsed(words: list[str]) -> None:
    """Take the words of a command as click does, and run nothing."""
    command: click.Command = main
    name = "tfuq"
    context = None
    while isinstance(command, click.Group) and words:
        context = click.Context(command, info_name=name, parent=context)
        words = command.make_parser(context).parse_args(list(words))[1]
        if words:
            name, command, words = command.resolve_command(context, words)
    if not isinstance(command, click.Group):
        command.make_context(name, words, parent=context)


@pytest.mark.parametrize("line", LINES)
def test_a_command_on_a_page_is_one(line):
    """Its name and options are known, and its values fit."""
    parsed(list(command_words(line)))


def test_a_wrong_option_or_value_would_be_noticed():
    with pytest.raises(click.UsageError, match="slise"):
        parsed(["plot", "runs/a", "--case", "b", "--slise", "3"])
    with pytest.raises(click.UsageError, match="not in the range"):
        parsed(["plot", "runs/a", "--case", "b", "--axis", "3"])
    with pytest.raises(click.UsageError, match="chek"):
        parsed(["data", "chek", "hippocampus"])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_to_files_resolve(path):
    """Sphinx follows those among pages; these lead out of the site too, or are of README."""
    for link in _LINK.findall(path.read_text(encoding="utf-8")):
        file = link.partition("#")[0]
        if file and "://" not in link:
            assert (path.parent / file).exists(), f"{path}: {link}"


def test_every_page_is_in_the_site():
    contents = page("index.md") + page("results/index.md")
    for path in PAGES[1:]:
        name = path.relative_to(ROOT / "docs").with_suffix("")
        if name != Path("index"):
            listed = {name.name, name.as_posix()} - {"index"}
            assert any(f"\n{entry}\n" in contents for entry in listed), path
