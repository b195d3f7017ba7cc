"""Find the pictures you already have.

    from imageshelf import index, search, open_shelf, key

    index("photos", "db.shelve")                  # hash every picture, remember the hashes
    for match in search("img.jpg", "db.shelve"):  # which pictures are this one, or nearly?
        print(match.distance, match.kind, match.path)
    with open_shelf("db.shelve") as db:           # the shelf itself: hash -> file names
        print(db[key("img.jpg", db)])

Names are loaded on first use, so that a script pays only for what it needs. Each room uses only the
rooms below it:

    cli/                      options, verbs, and pictures to try things on
    review/                   the live page
    report/                   text, tables, page, contact sheet, notebook
    cleanup/                  plan, apply, undo
    copies/                   all pairs, groups, which one to keep
    indexing/  searching/     filling a shelf; asking it
    shelf/  workers/          hash -> names, the catalogue, all SQL; where work runs
    pictures/                 one file: opened, recognised, decoded, reduced, digested
    hashing/  overlay/        arrays and integers: distances; one picture laid over another
    system/                   the machine: files, walking, signals, processes, terminal
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any
from warnings import warn

from imageshelf.system import rendering
from imageshelf.system.version import __version__

if TYPE_CHECKING:
    from imageshelf.cleanup.cleaning import CleaningError, clean, undo
    from imageshelf.copies.duplicates import duplicates
    from imageshelf.indexing.counts import Summary
    from imageshelf.indexing.run import Indexing, IndexingError, index
    from imageshelf.indexing.settings import Settings
    from imageshelf.searching.calibration import calibrate
    from imageshelf.searching.explanation import explain
    from imageshelf.searching.keys import key
    from imageshelf.searching.matches import Match, Matches
    from imageshelf.searching.search import Searching, SearchingError, SearchOptions, search
    from imageshelf.shelf import Shelf, ShelfError, open_shelf

__all__ = [
    "CleaningError",
    "Indexing",
    "IndexingError",
    "Match",
    "Matches",
    "SearchOptions",
    "Searching",
    "SearchingError",
    "Settings",
    "Shelf",
    "ShelfError",
    "Summary",
    "__version__",
    "calibrate",
    "clean",
    "duplicates",
    "explain",
    "index",
    "key",
    "open_shelf",
    "search",
    "undo",
]

_HOME = {
    "index": "indexing.run",
    "Indexing": "indexing.run",
    "IndexingError": "indexing.run",
    "Settings": "indexing.settings",
    "Summary": "indexing.counts",
    "search": "searching.search",
    "Match": "searching.matches",
    "Matches": "searching.matches",
    "SearchOptions": "searching.search",
    "Searching": "searching.search",
    "SearchingError": "searching.search",
    "open_shelf": "shelf",
    "Shelf": "shelf",
    "ShelfError": "shelf",
    "key": "searching.keys",
    "duplicates": "copies.duplicates",
    "explain": "searching.explanation",
    "calibrate": "searching.calibration",
    "clean": "cleanup.cleaning",
    "undo": "cleanup.cleaning",
    "CleaningError": "cleanup.cleaning",
}

_RENAMED = {"Question": "SearchOptions"}  # old names, which warn


def _rendered(result: object, form: str) -> Any:
    """Load the reports when a result first shows itself."""
    from imageshelf.report.rendering import rendered

    return rendered(result, form)


rendering.render_with(_rendered)


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    if name in _RENAMED:
        warn(f"imageshelf.{name} is now {_RENAMED[name]}", DeprecationWarning, stacklevel=2)
        return __getattr__(_RENAMED[name])
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
