"""The options of the library's functions, given by name and in plain Python values.

search("a.jpg", shelf="db.shelve", strict=True, limit=5)
"""

import os
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from imageshelf.searching.kinds import kinds_of
from imageshelf.searching.policies import DEFAULT, LOOSE, STRICT, Policy

Folders = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

FOLDERS = ("below", "references", "prefer")


class PolicyKeywords(TypedDict, total=False):
    """What counts as a match: at most one of these."""

    strict: bool
    loose: bool
    max_distance: int  # bits of the key
    similarity: float  # percent of equal bits


class SearchKeywords(PolicyKeywords, total=False):
    """The options of a search."""

    kinds: str | Iterable[str]  # only these
    below: Folders  # only pictures below these folders
    limit: int  # pictures listed per query
    hashes_only: bool  # believe the hashes: no second look
    pieces: bool  # also look for pieces, on a shelf with keypoints


def policy_of(
    *,
    strict: bool = False,
    loose: bool = False,
    max_distance: int | None = None,
    similarity: float | None = None,
) -> Policy:
    """Return what counts as a match; ValueError if it is said twice."""
    chosen = [STRICT] * strict + [LOOSE] * loose
    chosen += [Policy.within(max_distance)] if max_distance is not None else []
    chosen += [Policy.alike(similarity)] if similarity is not None else []
    if len(chosen) > 1:
        raise ValueError("expected at most one of strict, loose, max_distance and similarity")
    return chosen[0] if chosen else DEFAULT


def fields(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return keyword options as fields of SearchOptions or GroupOptions."""
    policy = {name: keywords[name] for name in PolicyKeywords.__annotations__ if name in keywords}
    given = {name: value for name, value in keywords.items() if name not in policy}
    for name in FOLDERS:
        if name in given:
            folders = given[name]
            several = [folders] if isinstance(folders, (str, os.PathLike)) else folders
            given[name] = tuple(os.fspath(folder) for folder in several)
    if given.get("kinds") is not None:
        given["kinds"] = kinds_of(given["kinds"])
    return {"policy": policy_of(**policy), **given}
