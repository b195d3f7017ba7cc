"""Which of several copies to keep, and why: a chain of criteria, the first that differs decides.

    name         kept is the picture that
    sound        can be read to its end (not yet decoded counts as sound); always comes first
    reference    lies in a folder that --reference protects
    pixels       has more pixels
    compression  is compressed less: JPEG by its quality, lossless formats and HEIF count as 100,
                 GIF, WebP and AVIF, which are made for sending, as 50
    metadata     has a capture date and a camera, then one of them
    older        was written earlier (modification time)
    plain-name   has no "copy", "(1)" and the like in its name
    short-path   has the shorter path

Where all are equal the path that sorts first is kept, so the same copies give the same answer.
`--keep NAME,...` puts the named criteria to the front, in that order.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.pictures.metadata import GPS, RATING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from imageshelf.shelf.records import PictureRow

LOSSLESS = 100  # on the scale of JPEG quality
FOR_SENDING = 50
_QUALITY = {"GIF": FOR_SENDING, "WEBP": FOR_SENDING, "AVIF": FOR_SENDING}
_MARKS = re.compile(
    r"(?<![^\W\d_])(copy|kopie|copie|copia|cópia|kopia|duplicate)(?![^\W\d_])|\(\d{1,3}\)\s*$|~\d+$",
    re.IGNORECASE,
)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Copy(NamedTuple):
    """What the criteria look at."""

    path: str
    width: int
    height: int
    format: str
    mtime_ns: int
    captured_at: int | None = None
    camera: str | None = None
    metadata_flags: int = 0
    jpeg_quality: int | None = None
    sound: bool | None = None  # None: not decoded in full yet
    reference: str = ""  # the protected folder that it lies in


class Criterion(NamedTuple):
    """One reason to prefer a copy: the greater value is kept, and why in words."""

    name: str
    value: Callable[[Copy], tuple[int, ...]]
    words: Callable[[Copy, Copy], str]  # of the better and the worse one


class UnknownCriterionError(ValueError):
    """A criterion that is none; one sentence."""


def _pixels(better: Copy, worse: Copy) -> str:
    sizes = (f"{copy.width}x{copy.height}" for copy in (better, worse))
    return "more pixels: {} against {}".format(*sizes)


def _quality(copy: Copy) -> int:
    if copy.jpeg_quality is not None:
        return copy.jpeg_quality
    return _QUALITY.get(copy.format, LOSSLESS)


def _compression(better: Copy, worse: Copy) -> str:
    described = (
        copy.format if copy.jpeg_quality is None else f"{copy.format} quality {copy.jpeg_quality}"
        for copy in (better, worse)
    )
    return "less compressed: {} against {}".format(*described)


def _metadata(better: Copy, worse: Copy) -> str:
    return "has " + " and ".join(_lacking(_date_and_camera(better), _date_and_camera(worse)))


def _date_and_camera(copy: Copy) -> dict[str, bool]:
    return {"a capture date": copy.captured_at is not None, "a camera": bool(copy.camera)}


def _lacking(some: dict[str, bool], others: dict[str, bool]) -> list[str]:
    return [name for name, there in some.items() if there and not others[name]]


def _day(time_ns: int) -> str:
    return f"{_EPOCH + dt.timedelta(microseconds=time_ns // 1000):%Y-%m-%d}"


def _older(better: Copy, worse: Copy) -> str:
    days = [_day(copy.mtime_ns) for copy in (better, worse)]
    if days[0] == days[1]:
        return f"older: written earlier on {days[0]}"
    return f"older: written {days[0]} against {days[1]}"


def _stem(copy: Copy) -> str:
    return os.path.splitext(os.path.basename(copy.path))[0]


def _marked(copy: Copy) -> bool:
    return bool(_MARKS.search(_stem(copy)))


CRITERIA = (
    Criterion(
        "sound",
        lambda copy: (copy.sound is not False,),
        lambda *_: "the other is damaged",
    ),
    Criterion(
        "reference",
        lambda copy: (bool(copy.reference),),
        lambda better, _: f"is in the reference folder {better.reference}",
    ),
    Criterion("pixels", lambda copy: (copy.width * copy.height,), _pixels),
    Criterion("compression", lambda copy: (_quality(copy),), _compression),
    Criterion("metadata", lambda copy: (sum(_date_and_camera(copy).values()),), _metadata),
    Criterion("older", lambda copy: (-copy.mtime_ns,), _older),
    Criterion(
        "plain-name",
        lambda copy: (not _marked(copy),),
        lambda _, worse: f"the other is named {_stem(worse)}",
    ),
    Criterion("short-path", lambda copy: (-len(copy.path),), lambda *_: "shorter path"),
)
NAMES = tuple(criterion.name for criterion in CRITERIA)


class Rule:
    """A chain of criteria; `keep` names those that come to the front, in their order.

    Raises UnknownCriterionError for a name that is none, or is there twice.
    """

    def __init__(self, keep: Sequence[str] = ()) -> None:
        for name in keep:
            if name not in NAMES:
                raise UnknownCriterionError(f"{name!r} is none of: {', '.join(NAMES)}")
        if len(set(keep)) < len(keep):
            raise UnknownCriterionError("a criterion is named twice")
        first = [name for name in keep if name != NAMES[0]]
        order = [NAMES[0], *first, *(name for name in NAMES[1:] if name not in first)]
        self.chain = tuple(CRITERIA[NAMES.index(name)] for name in order)

    def rank(self, copy: Copy) -> tuple[tuple[int, ...] | str, ...]:
        """Return what copies are sorted by: the one to keep comes first."""
        values = [tuple(-part for part in criterion.value(copy)) for criterion in self.chain]
        return (*values, copy.path)

    def reason(self, better: Copy, worse: Copy) -> str:
        """Return in words why one copy is kept rather than the other, which ranks after it."""
        for criterion in self.chain:
            if criterion.value(better) != criterion.value(worse):
                return criterion.words(better, worse)
        return "equal, and its path sorts first"


def copy_of(path: str, row: PictureRow, *, sound: bool | None = None, reference: str = "") -> Copy:
    """Return what the criteria look at of a picture of the catalogue."""
    return Copy(
        path,
        row.width,
        row.height,
        row.format,
        row.mtime_ns,
        row.captured_at,
        row.camera,
        row.metadata_flags,
        row.jpeg_quality,
        sound,
        reference,
    )


def warning(going: Copy, kept: Copy) -> str:
    """Return what the copy that goes has and the one that is kept lacks; "" for nothing."""
    missing = _lacking(_metadata_of(going), _metadata_of(kept))
    return f"has {_listed(missing)} that the one to keep lacks" if missing else ""


def _metadata_of(copy: Copy) -> dict[str, bool]:
    flags = {"a place (GPS)": GPS, "a rating": RATING}
    found = {name: bool(copy.metadata_flags & flag) for name, flag in flags.items()}
    return {"a capture date": copy.captured_at is not None, **found}


def _listed(things: Iterable[str]) -> str:
    *most, last = things
    return f"{', '.join(most)} and {last}" if most else last
