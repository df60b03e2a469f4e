"""Files that belong together, and take their places together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tfuq.data import disk
from tfuq.data.ledger import Ready, add_entries, file_entry, ready_entry
from tfuq.data.ownership import REMEDY, digest_of, require_replaceable
from tfuq.data.removal import give_places, link_within
from tfuq.data.writers.unfinished import make_folder, unfinished, writing
from tfuq.errors import RunError

_SET = "set"  # what the folder of an unfinished set is named after


@contextmanager
def whole_set(folder: Path, last: str = "", earlier: Iterable[str] = ()) -> Iterator[Path]:
    """Yield a folder to fill; its files take their places together.

    They do so when the block ends without an error. What else lies there stays. Nothing is replaced
    before it is known that everything may be. Once the first file is in its place the others
    follow, by the next to write there if this process ends before. Until then old files do not lie
    beside new ones, unless ``last`` tells.

    Args:
        folder: Where the files belong.
        last: The file that takes its place last, and by whose digests of the others a reader knows
            a set of two writings; "" where no file tells.
        earlier: Files of the set that it takes the place of, which are removed where it has none of
            the name, unless they were changed since.

    Raises:
        RunError: Something that is not tfuq's own lies in the place of a file, or a link in that of
            a folder below this one.
        TfuqError: It cannot be written.
    """
    make_folder(folder)
    with writing(folder), unfinished(folder / _SET) as draft:
        disk.make_new_folder(draft)
        yield draft
        names = sorted(path.relative_to(draft) for path in draft.rglob("*") if path.is_file())
        gone = set(earlier) - set(map(str, names))
        ready = Ready(last, tuple(sorted(gone)))
        _move_together(draft, folder, names, ready)


def _move_together(draft: Path, folder: Path, names: list[Path], ready: Ready) -> None:
    digests = {name: digest_of(draft / name) for name in names}
    for name, digest in digests.items():
        _refuse_link(folder, name)
        require_replaceable(folder / name, digest)
    drafts = [draft / name for name in names]
    disk.flush([*drafts, *{path.parent for path in drafts}])
    _list_files(folder, digests)
    add_entries(folder, [ready_entry(draft.name, ready)])
    give_places(draft, folder, ready)
    disk.flush({(folder / name).parent for name in names})


def _refuse_link(folder: Path, name: Path) -> None:
    """Refuse a link between the folder and a file of its set.

    The next process would not follow it, if this one ends before the set is in its place.

    Raises:
        RunError: There is one.
    """
    link = link_within(folder, name)
    if link:
        raise RunError(f"{link}: is a link, where tfuq would write a folder; {REMEDY}")


def _list_files(folder: Path, digests: Mapping[Path, str]) -> None:
    """Enter each file in the list of its folder, which is made if need be."""
    for subfolder in dict.fromkeys(name.parent for name in digests):
        make_folder(folder / subfolder)
        entries = []
        for name, digest in digests.items():
            if name.parent == subfolder:
                entries.append(file_entry(name.name, digest))
        add_entries(folder / subfolder, entries)
