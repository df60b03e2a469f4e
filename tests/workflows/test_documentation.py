"""Each page says what is there, all that is there, and in words that are easy to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
from docs.generate.configuration import configuration_page, descriptions, documented_keys
from docs.generate.measures import GROUPS, kind_of, measures_page, texts
from docs.generate.pictures import pictures, save
from PIL import Image

from tests.support.documentation import blocks, command_words, page
from tests.support.examples import parsed
from tests.support.reading_ease import LEAST, ROOT, pages, reading_ease
from tfuq import errors
from tfuq.measures.catalogue import MEASURES
from tfuq_cli.main import COMMANDS, main

PAGES = pages()
ALL_BLOCKS = [block for path in PAGES for block in blocks(path)]
WITH_COMMANDS = [block for block in ALL_BLOCKS if block.commands()]
LINES = sorted({line for block in WITH_COMMANDS for line in block.commands()})
_MOST_BYTES = 8 * 1024
_WORDS = ("Low", "High")
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


def test_a_key_without_a_sentence_would_be_noticed(tmp_path, monkeypatch):
    shortened = tmp_path / "keys.yaml"
    shortened.write_text("name: ['', The name.]\n")
    monkeypatch.setattr("docs.generate.configuration._KEYS", shortened)
    assert "training.epochs" in documented_keys().keys() - descriptions().keys()
    with pytest.raises(KeyError):
        configuration_page()


def test_a_measure_without_a_text_would_be_noticed():
    with pytest.raises(KeyError, match=r"enter it in docs/generate/measures\.yaml"):
        kind_of(replace(MEASURES["pairwise_dice"], name="newly_measured"))


def test_every_measure_is_on_its_page():
    """Those of maps and of landmarks that share a name have a row each."""
    measures = [measure for group in GROUPS.values() for measure in group]
    assert {measure.name for measure in measures} == set(MEASURES)
    text = measures_page()
    for measure in measures:
        assert f"\n| `{measure.name}` | {', '.join(measure.levels)} | {measure.unit} |" in text
    assert {kind_of(measure) for measure in measures} == texts().keys()


def test_every_kind_of_measure_has_its_section():
    """The overview leads to it; it has a formula, what high and low look like, and a warning."""
    text = measures_page()
    for kind, words in texts().items():
        title = kind.replace("_", " ")
        assert f"| [{title}](#{title.replace(' ', '-')}) |" in text
        section = text.partition(f"\n### {title}\n")[2].partition("\n### ")[0]
        for part in (words.formula, words.high, words.low, words.not_for):
            assert part in section, kind
        assert ("{cite}" in section) == (words.paper is not None)


def test_every_map_and_number_has_a_picture():
    """All but those of which a picture says no more than words."""
    drawn = {picture.kind for picture in pictures()}
    assert drawn <= texts().keys()
    assert texts().keys() - drawn == {"area", "learned_dice"}
    assert all(len(picture.alternative) > 60 for picture in pictures())


def test_what_a_picture_calls_low_is_lower():
    told = 0
    for picture in pictures():
        low, high = (re.search(rf"{word}, ([\d.]+)", picture.alternative) for word in _WORDS)
        if low and high:
            told += 1
            assert float(low[1]) < float(high[1]), picture.kind
    assert told >= 20


def test_a_picture_is_drawn_and_as_wide_as_a_page_can_show(tmp_path):
    first = next(pictures())
    path = tmp_path / "picture.png"
    save(first, path)
    with Image.open(path) as image:
        assert image.width <= 800
        assert len(np.unique(np.asarray(image))) > 100


def test_every_paper_is_in_the_bibliography():
    known = set(re.findall(r"^@\w+\{(\w+),", page("references.bib"), re.MULTILINE))
    assert {words.paper for words in texts().values() if words.paper} == known


def test_every_command_is_on_its_page():
    """sphinx-click writes every command and option below the one that the page names."""
    assert ".. click:: tfuq_cli.main:main" in page("commands.md")
    assert ":nested: full" in page("commands.md")
    assert len(COMMANDS) > 20


def test_every_class_of_errors_is_on_its_page():
    text = page("troubleshooting.md")
    for name in ("ConfigError", "DataError", "RunError"):
        assert issubclass(getattr(errors, name), errors.TfuqError)
        assert f"\n| `{name}` |" in text


def options_without_words(command: click.Command, name: str) -> Iterator[str]:
    """The options of a command, and of those below it, whose help says nothing."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for part in command.list_commands(context):
            below = command.get_command(context, part)
            assert below is not None
            yield from options_without_words(below, f"{name} {part}")
    for option in command.params:
        if isinstance(option, click.Option) and not option.help and not option.hidden:
            yield f"{name} {option.opts[0]}"


def test_every_option_says_what_it_does():
    """The page of commands has what help says."""
    assert list(options_without_words(main, "tfuq")) == []


def test_an_option_without_words_would_be_noticed():
    command = click.Command("new", params=[click.Option(["--newly"])])
    assert list(options_without_words(command, "tfuq new")) == ["tfuq new --newly"]


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
