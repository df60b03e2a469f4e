"""How easy prose is to read: ``python -m tests.support.reading_ease [FILE ...]``.

Flesch's reading ease is 206.835 − 1.015 × words a sentence − 84.6 × syllables a word; 50 and more is
what a pupil of 15 reads. Of Markdown, only prose counts: no code, tables, headings, formulas,
addresses or settings before the first line. A name in `backticks` counts as one word of two syllables. An item of a list ends a
sentence. Syllables are counted as groups of vowels.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEAST = 50.0

_LEFT_OUT = (
    re.compile(r"\A---\n.*?^---\n", re.MULTILINE | re.DOTALL),
    re.compile(r"^(`{3,}|:{3,}).*?^\1\s*$", re.MULTILINE | re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"^\s*(\||#|!\[|<).*$", re.MULTILINE),
    re.compile(r"\$[^$\n]+\$"),
)
_CODE = re.compile(r"`[^`]+`")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_ITEM = re.compile(r"^\s*(?:[-*:]|\d+\.)\s+", re.MULTILINE)
_END = re.compile(r"[.!?](?=[\s)]|$)|\n\s*\n")
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
_VOWELS = re.compile(r"[aeiouy]+")


def prose(markdown: str) -> str:
    """The sentences of a page."""
    for pattern in _LEFT_OUT:
        markdown = pattern.sub("\n", markdown)
    markdown = _LINK.sub(r"\1", _CODE.sub("option", markdown))
    return _ITEM.sub("\n\n", markdown)


def syllables(word: str) -> int:
    """How many syllables a word has, as vowels tell it."""
    word = word.lower()
    count = len(_VOWELS.findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee")) and count > 1:
        count -= 1
    if word.endswith("ed") and not word.endswith(("ted", "ded")) and count > 1:
        count -= 1
    return max(count, 1)


def reading_ease(markdown: str) -> float:
    """Flesch's reading ease of the prose of a page.

    Args:
        markdown: The page.

    Raises:
        ValueError: It has no prose.
    """
    sentences = [_WORD.findall(text) for text in _END.split(prose(markdown))]
    sentences = [words for words in sentences if words]
    if not sentences:
        raise ValueError("the page has no prose")
    words = [word for sentence in sentences for word in sentence]
    spoken = sum(map(syllables, words))
    return 206.835 - 1.015 * len(words) / len(sentences) - 84.6 * spoken / len(words)


def pages() -> list[Path]:
    """README and the pages of the documentation."""
    found = []
    for folder in ("docs", "docs/results", "docs/tutorials"):
        found += ROOT.glob(f"{folder}/*.md")
    return [ROOT / "README.md", *sorted(found)]


if __name__ == "__main__":
    for name in sys.argv[1:] or pages():
        page = Path(name)
        print(f"{reading_ease(page.read_text(encoding='utf-8')):6.1f}  {page}")
