"""Find the pictures you already have.

    from imageshelf import index, search, open_shelf, key

    index("photos", "db.shelve")                  # hash every picture, remember the hashes
    for match in search("img.jpg", "db.shelve"):  # which pictures are this one, or nearly?
        print(match.distance, match.kind, match.path)
    with open_shelf("db.shelve") as db:           # the shelf itself: hash -> file names
        print(db[key("img.jpg", db)])

Names are loaded on first use, so that a script pays only for what it needs. What a change is about
says where it is made:

    which files are read      walking, scanning (the walk), remote (URLs), sniffing (what a file is)
    what is skipped, how long opening, decoding (formats); shelf/catalogue (when it is tried again);
                              suspicion (what took a run down)
    one picture               images, opening, decoding, progressive, reduction, borders, metadata
    hashes and distances      hashing, other_hashes, marr_hildreth, hamming
    what is a match           matching, finding, key_matching (`--hash`), kinds (turned, near ...)
    the run, the search       indexing, pipeline, identifying; searching, queries, matches
    where work runs           workers and worker_*; bundling; cluster and cluster_* (Dask)
    the shelf                 shelf/: all SQL; merging
    duplicates                deduplicating, pairing/, grouping, keeping (which copy stays)
    pictures that go          cleaning/: planning, deeds, undoing
    what is printed           report, answers, *_report, terminal; page/ (HTML, contact sheet)
    options                   options, cleaning/options; arguments (how mistakes are told)
    the other verbs           explaining, calibrating, health (`check`), demo/
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from imageshelf.calibrating import of_shelf as calibrate
    from imageshelf.deduplicating import duplicates
    from imageshelf.explaining import explain
    from imageshelf.hashing import key
    from imageshelf.indexing import Settings, index
    from imageshelf.matches import Match, Matches
    from imageshelf.searching import Question, search
    from imageshelf.shelf import Shelf, ShelfError, open_shelf
    from imageshelf.summary import Summary

__all__ = [
    "Match",
    "Matches",
    "Question",
    "Settings",
    "Shelf",
    "ShelfError",
    "Summary",
    "calibrate",
    "duplicates",
    "explain",
    "index",
    "key",
    "open_shelf",
    "search",
]

_HOME = {
    "index": "indexing",
    "Settings": "indexing",
    "Summary": "summary",
    "search": "searching",
    "Match": "matches",
    "Matches": "matches",
    "Question": "searching",
    "open_shelf": "shelf",
    "Shelf": "shelf",
    "ShelfError": "shelf",
    "key": "hashing",
    "duplicates": "deduplicating",
    "explain": "explaining",
    "calibrate": "calibrating",
}


_THERE = {"calibrate": "of_shelf"}  # names that are called otherwise at home


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), _THERE.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
