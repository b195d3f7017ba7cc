"""Files that belong to a picture and travel with it.

What begins with the picture's whole name and a dot (`IMG_1.jpg.xmp`) belongs to it alone. What
shares its stem (`IMG_1.mov`, `IMG_1.cr2`, and with that `IMG_1.cr2.xmp`) belongs to it if it is a
sidecar, a film, a sound, a camera RAW, a developing record or a Takeout record, by the one table of
`pictures.formats`; it belongs to every picture with that stem and stays as long as any of them
does, so a RAW is never separated from its last JPEG.
"""

import filecmp
import os
import re
import stat
from collections.abc import Collection, Iterable
from typing import NamedTuple

from imageshelf.pictures import formats
from imageshelf.system.files import Stamp, stamp

TAKEOUT = "Takeout record"
_BY_STEM = {"video": "film", "audio": "sound", "raw": "camera RAW"}  # and sidecars
_TAKEOUT_LONGEST = 46  # Takeout cuts the name before `.json` there
_SUPPLEMENT = ".supplemental-metadata"
_NUMBERED = re.compile(r"(.*)(\(\d+\))$", re.DOTALL)


class Companion(NamedTuple):
    """A file that belongs to a picture, and the state in which it was seen.

    `freed_bytes` are freed when this name goes; 0 while the file has others.
    """

    path: str
    kind: str
    stamp: Stamp
    freed_bytes: int = 0


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


def belonging(path: str, listings: Listings) -> list[Companion]:
    """Return all that belongs to the picture at `path`, to it alone or not, by name."""
    folder, name = os.path.split(path)
    stem = os.path.splitext(name)[0]
    doubles = [os.path.basename(other) for other in _siblings(path, listings)]
    doubles = [other for other in doubles if _same(other, name)]
    found = []
    for other in listings.of_stem(folder, stem):
        kind, shared = _relation(name, other)
        if not shared and _starts_with(other, doubles) and not _starts_with(other, [name]):
            continue
        there = os.path.join(folder, other)
        if kind and (status := _regular(there)) is not None:
            freed = status.st_size if status.st_nlink == 1 else 0
            found.append(Companion(there, kind, stamp(status), freed))
    return found


def going_along(path: str, going: Collection[str], listings: Listings) -> list[Companion]:
    """Return what goes along with the picture at `path`, when all pictures in `going` go.

    A file that several pictures share goes with the first of them in the order of names.
    """
    siblings = _siblings(path, listings)
    alone = all(sibling in going for sibling in siblings) and all(path < s for s in siblings)
    name = os.path.basename(path)
    return [
        companion
        for companion in belonging(path, listings)
        if alone or not _relation(name, os.path.basename(companion.path))[1]
    ]


def without_twin(some: Iterable[Companion], others: Collection[Companion]) -> list[Companion]:
    """Return those that are not, byte for byte, among the others."""
    return [one for one in some if not twin(one, others)]


def twin(companion: Companion, others: Iterable[Companion]) -> Companion | None:
    """Return the first of the others that is this file or has its bytes, None for none."""
    return next((other for other in others if _equal(companion, other)), None)


def _equal(a: Companion, b: Companion) -> bool:
    if a.path == b.path:
        return True
    return a.stamp.size_bytes == b.stamp.size_bytes and have_equal_bytes(a.path, b.path)


def have_equal_bytes(a: str, b: str) -> bool:
    """Tell whether two files have the same bytes; False if one cannot be read."""
    try:
        return filecmp.cmp(a, b, shallow=False)
    except (OSError, ValueError):
        return False


def _siblings(path: str, listings: Listings) -> list[str]:
    """Return the other pictures in the folder that have the same stem; of a RAW, RAWs as well."""
    folder, name = os.path.split(path)
    stem = os.path.splitext(name)[0]
    kinds = ("", formats.RAW) if formats.is_raw(name) else ("",)
    return [
        os.path.join(folder, other)
        for other in listings.of_stem(folder, stem)
        if other != name
        and formats.promised_kind(other) in kinds
        and _same(os.path.splitext(other)[0], stem)
    ]


def picture_of_raw(path: str, listings: Listings) -> str:
    """Return the name of a picture beside a camera RAW file that it travels with, "" for none."""
    if not formats.is_raw(path):
        return ""
    pictures = (os.path.basename(one) for one in _siblings(path, listings))
    return next((name for name in pictures if _is_picture(name)), "")


def _relation(name: str, other: str) -> tuple[str, bool]:
    """Return what kind of companion `other` is to `name`, "" for none, and if it is shared.

    >>> _relation("a.jpg", "a.jpg.xmp"), _relation("a.jpg", "a.CR2"), _relation("a.jpg", "ab.xmp")
    (('xmp sidecar', False), ('camera RAW', True), ('', False))
    """
    if _same(other, name) or _is_picture(other):
        return "", False
    start, extension = os.path.splitext(other)
    extension = extension[1:].lower()
    if extension == "json" and _is_takeout(name, start):
        return TAKEOUT, False
    kind = formats.promised_kind(other) or ""
    if kind == formats.RAW and formats.is_raw(name):
        return "", False
    words = _BY_STEM.get(kind, "")
    if kind == "sidecar":
        words = TAKEOUT if extension == "json" else f"{extension} sidecar"
    if extension != "json" and _same(other[: len(name) + 1], f"{name}."):
        return words or "file of its name", False
    if formats.is_raw(start) and _same(os.path.splitext(start)[0], os.path.splitext(name)[0]):
        return words or "file of its RAW's name", True  # of a RAW that goes along
    return (words, True) if _same(start, os.path.splitext(name)[0]) else ("", False)


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
