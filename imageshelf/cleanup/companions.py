"""Files that belong to a picture and travel with it.

They are sidecars (`.xmp`, `.aae`), the `.json` of a Google Takeout, the `.mov` of a Live Photo and
the camera RAW. One named after the whole file (`IMG_1.jpg.xmp`) belongs to that file alone. One
that shares only the stem (`IMG_1.mov`, `IMG_1.cr2`) belongs to every picture with that stem and
stays as long as any of them does: a RAW is never separated from its last JPEG.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.pictures import formats
from imageshelf.system.files import Stamp, stamp

if TYPE_CHECKING:
    from collections.abc import Collection

XMP, AAE, TAKEOUT, LIVE, RAW = (
    "xmp sidecar",
    "aae sidecar",
    "Takeout json",
    "Live Photo film",
    "camera RAW",
)
ONLY_COPIES = frozenset({LIVE, RAW})  # they hold pictures that are nowhere else
_BY_STEM = {".xmp": XMP, ".aae": AAE, ".mov": LIVE, ".json": TAKEOUT}
_TAKEOUT_LONGEST = 46  # Takeout cuts the name before `.json` there
_SUPPLEMENT = ".supplemental-metadata"
_NUMBERED = re.compile(r"(.*)(\(\d+\))$", re.DOTALL)


class Companion(NamedTuple):
    """A file that belongs to a picture, and the state in which it was seen."""

    path: str
    kind: str
    stamp: Stamp


class Listings:
    """The names in folders; each folder is listed once."""

    def __init__(self) -> None:
        self._folders: dict[str, dict[str, list[str]]] = {}

    def of_stem(self, folder: str, stem: str) -> list[str]:
        """Return the names in a folder that begin with a stem, whatever their case."""
        if folder not in self._folders:
            by_start: dict[str, list[str]] = {}
            try:
                names = sorted(os.listdir(folder))
            except (OSError, ValueError):
                names = []
            for name in names:
                by_start.setdefault(_start(name), []).append(name)
            self._folders[folder] = by_start
        return self._folders[folder].get(_start(stem), [])


def companions(path: str, going: Collection[str], listings: Listings) -> list[Companion]:
    """Return what goes along with the picture at `path`, when all pictures in `going` go.

    A file that several pictures share goes with the first of them in the order of names.
    """
    folder, name = os.path.split(path)
    stem = os.path.splitext(name)[0]
    along = []
    siblings = [
        os.path.join(folder, other)
        for other in listings.of_stem(folder, stem)
        if other != name and _is_picture(other) and _same(os.path.splitext(other)[0], stem)
    ]
    stays = any(sibling not in going for sibling in siblings)
    first = not any(sibling < path for sibling in siblings)
    doubles = [other for other in map(os.path.basename, siblings) if _same(other, name)]
    for other in listings.of_stem(folder, stem):
        kind, shared = _relation(name, other)
        if not shared and _starts_with(other, doubles) and not _starts_with(other, [name]):
            continue
        if kind and (not shared or (first and not stays)):
            there = os.path.join(folder, other)
            status = _regular(there)
            if status is not None:
                along.append(Companion(there, kind, stamp(status)))
    return along


def _relation(name: str, other: str) -> tuple[str, bool]:
    """Return what kind of companion `other` is to `name`, "" for none, and if it is shared.

    >>> _relation("a.jpg", "a.jpg.xmp"), _relation("a.jpg", "a.CR2"), _relation("a.jpg", "ab.xmp")
    (('xmp sidecar', False), ('camera RAW', True), ('', False))
    """
    stem = os.path.splitext(name)[0]
    start, extension = os.path.splitext(other)
    extension = extension.lower()
    if _same(other, name):
        return "", False
    if extension == ".json" and _is_takeout(name, start):
        return TAKEOUT, False
    if extension == ".xmp" and _same(start, name):
        return XMP, False
    if not _same(start, stem):
        return "", False
    if formats.promised_kind(other) == "raw":
        return RAW, True
    return _BY_STEM.get(extension, ""), True


def _is_takeout(name: str, start: str) -> bool:
    """Tell whether Takeout would put the data of `name` into `start` + ".json".

    `a.jpg.json`, `a.jpg.supplemental-metadata.json`, both cut to 46 characters; the picture
    `a(1).jpg` has `a.jpg(1).json`.
    """
    stem, extension = os.path.splitext(name)
    numbered = _NUMBERED.match(stem)
    if numbered and (its := _NUMBERED.match(start)):
        if its[2] != numbered[2]:
            return False
        name, start = numbered[1] + extension, its[1]
    elif numbered:
        return _same(start, name)
    full = name + _SUPPLEMENT
    if _same(start, name) or _same(start, full[:_TAKEOUT_LONGEST]):
        return True
    cut = len(start) > len(name) + 1 and _same(full[: len(start)], start)
    short = len(start) == _TAKEOUT_LONGEST and _same(name[: len(start)], start)
    return cut or short


def _starts_with(other: str, pictures: Collection[str]) -> bool:
    """Tell whether a name begins with a picture's, in the same spelling."""
    return any(other.startswith(picture[:_TAKEOUT_LONGEST]) for picture in pictures)


def _is_picture(name: str) -> bool:
    return formats.promised_kind(name) == ""


def _same(a: str, b: str) -> bool:
    return a == b or a.casefold() == b.casefold()


def _start(name: str) -> str:
    """Return what the names of a picture and all its companions share.

    It is the part before the first dot, without Takeout's number, cut where Takeout cuts.
    """
    start = name.split(".", 1)[0] if not name.startswith(".") else name
    numbered = _NUMBERED.match(start)
    return (numbered[1] if numbered else start).casefold()[:_TAKEOUT_LONGEST]


def _regular(path: str) -> os.stat_result | None:
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None
