"""How files are named: which part of a path is the case, and which part says what the file is.

A group has the files of one purpose: all images, all labels, all T1 scans. Its files differ in the
name of the case alone, so that one pattern fits all of them.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfuq.workflows.init.case_folders import CASE, SEPARATORS, Named, named_by_folders
from tfuq.workflows.init.survey import Item

_LAST = re.compile(r"(?P<case>.+)(?P<mark>[_\-. ]+[^_\-. ]+)")
_LAST_WORD = re.compile(r"(?P<case>.+)(?P<mark>[_\-. ]+[^_\-. ]*[A-Za-z][^_\-. ]*)")
_LAST_WORDS = re.compile(r"(?P<case>.+)(?P<mark>([_\-. ]+[^_\-. ]*[A-Za-z][^_\-. ]*){2})")
_HEAD = re.compile(r"(?P<mark>[^_\-. ]+[_\-. ]+)(?P<case>.+)")
_LABEL_WORD = re.compile(
    r"labels?|masks?|segs?|segmentations?|annotations?|contours?|manual|gt|truth|groundtruth|"
    r"rois?|outlines?|raters?|readers?|experts?|delineations?|structures?|labelstr|dseg|tissues?",
    re.IGNORECASE,
)
_WITHIN = re.compile(r"[A-Za-z]+")
_LEAST = 2  # files that share a mark
_MOST_FOLDERS = 4  # whose forms are tried in all combinations


@dataclass(frozen=True, kw_only=True)
class Group:
    """Files of one purpose.

    Attributes:
        pattern: Of their paths, as `tfuq.data.layouts.patterns` has it.
        words: What the pattern says beside the case: names of folders, and marks of files.
        files: The file of each case.
    """

    pattern: str
    words: tuple[str, ...]
    files: Mapping[str, Path]

    @property
    def has_label_word(self) -> bool:
        """Whether a word such as mask or seg tells that these are labels."""
        return any(has_label_word(text) for text in self.words)

    @property
    def structure(self) -> str | None:
        """The name of a structure beside such a word, as in ``lung_masks``."""
        for text in filter(has_label_word, self.words):
            for word in _WITHIN.findall(text):
                if len(word) > 2 and not _LABEL_WORD.fullmatch(word):
                    return str(word.lower())
        return None


def has_label_word(text: str) -> bool:
    """Whether the name of a folder or file has a word that labels have."""
    return any(_LABEL_WORD.fullmatch(word) for word in _WITHIN.findall(text))


@dataclass(frozen=True, kw_only=True)
class _Name:
    """A name as a mark and the name of a case."""

    case: str
    head: str = ""
    tail: str = ""


_Form = Callable[[Sequence[Item]], list[_Name]]


def groups_of(items: Sequence[Item]) -> list[Group]:
    """Group files by what they are.

    Either every case has a folder of its own, or the case is in the names of files. Of all ways to
    read the names, the one is taken by which most files belong to a case with another. Of equals,
    it is one that has labels by their words, then the one with fewest groups.
    """
    ways = [*_by_case_folder(items), *_by_file_name(items)]
    return max(ways, key=_merit)


def _merit(groups: Sequence[Group]) -> tuple[int, bool, int]:
    named = sum(group.has_label_word for group in groups)
    return shared(groups), 0 < named < len(groups), -len(groups)


def shared(groups: Sequence[Group]) -> int:
    """How many files have the case of a file of another group."""
    counts = Counter(case for group in groups for case in group.files)
    return sum(count for count in counts.values() if count > 1)


def _by_case_folder(items: Sequence[Item]) -> Iterator[list[Group]]:
    """Groups by each level of folders that may have the names of cases.

    There are at least as many cases as files of one case, which tells folders of cases from folders
    of images and labels.
    """
    for cases, named in named_by_folders(items):
        groups = _grouped(named)
        if groups and len(cases) >= len(groups):
            yield groups


def _by_file_name(items: Sequence[Item]) -> Iterator[list[Group]]:
    """Groups where names of files have the case, with marks before or after it, or without."""
    folders: dict[tuple[str, ...], list[Item]] = defaultdict(list)
    for item in items:
        folders[item.folder].append(item)
    for forms in _combinations(len(folders)):
        named = []
        for (folder, inside), form in zip(folders.items(), forms, strict=True):
            for name, item in zip(form(inside), inside, strict=True):
                named.append(_of_name(folder, name, item))
        yield _grouped(named)


def _combinations(folders: int) -> Iterable[Sequence[_Form]]:
    """The forms of each folder's names, the simple ones first."""
    if folders <= _MOST_FOLDERS:
        return itertools.product(_FORMS, repeat=folders)
    return [(form,) * folders for form in _FORMS]


def _plain(items: Sequence[Item]) -> list[_Name]:
    return [_Name(case=item.name) for item in items]


def _marked(expression: re.Pattern[str], key: str, items: Sequence[Item]) -> list[_Name]:
    """Names without the mark that several of them have; that of labels may be of one alone."""
    matches = [expression.fullmatch(item.name) for item in items]
    counts = Counter(match["mark"] for match in matches if match)
    cases = {match["case"] for match in matches if match}
    names = []
    for item, match in zip(items, matches, strict=True):
        if match is None:
            names.append(_Name(case=item.name))
            continue
        least = 1 if has_label_word(match["mark"]) else _LEAST
        if counts[match["mark"]] >= max(least, len(cases) // 2):
            names.append(_Name(case=match["case"], **{key: match["mark"]}))
        else:
            names.append(_Name(case=item.name))
    return names


def _without_tail(items: Sequence[Item]) -> list[_Name]:
    return _marked(_LAST, "tail", items)


def _without_head(items: Sequence[Item]) -> list[_Name]:
    return _marked(_HEAD, "head", items)


def _without_word(items: Sequence[Item]) -> list[_Name]:
    """Without a tail that has a letter: numbers at the end are of the case."""
    return _marked(_LAST_WORD, "tail", items)


def _without_words(items: Sequence[Item]) -> list[_Name]:
    return _marked(_LAST_WORDS, "tail", items)


_FORMS: tuple[_Form, ...] = (
    _plain,
    _without_word,
    _without_words,
    _without_tail,
    _without_head,
)


def _of_name(folder: tuple[str, ...], name: _Name, item: Item) -> Named:
    words = [*folder, name.head.strip(SEPARATORS), name.tail.strip(SEPARATORS)]
    return Named(
        case=name.case,
        pattern="/".join([*folder, f"{name.head}{CASE}{name.tail}"]),
        words=tuple(filter(None, words)),
        item=item,
    )


def _grouped(named: Iterable[Named]) -> list[Group]:
    """Files by their pattern; where endings differ, a star stands for them."""
    items: dict[str, dict[str, Item]] = defaultdict(dict)
    words_of: dict[str, tuple[str, ...]] = {}
    for one in named:
        items[one.pattern].setdefault(one.case, one.item)
        words_of[one.pattern] = one.words
    groups = []
    for pattern, by_case in items.items():
        endings = {item.ending for item in by_case.values()}
        ending = endings.pop() if len(endings) == 1 else ".*"
        files = {case: item.path for case, item in by_case.items()}
        groups.append(Group(pattern=pattern + ending, words=words_of[pattern], files=files))
    return groups
