"""Which of several copies to keep, and why: a chain of criteria; the first that differs decides.

    name         keeps the picture that
    sound        can be read to its end (not yet decoded counts as sound); always comes first
    reference    lies in a folder that --reference protects
    pixels       has more pixels
    compression  is compressed less: JPEG by its quality, lossless formats and HEIF count as 100,
                 GIF, WebP and AVIF, which are made for sending, count as 50
    metadata     has a capture date and a camera rather than one of them or neither
    older        was written earlier (modification time)
    plain-name   has no "copy", "(1)" and the like in its name
    short-path   has the shorter path

If all are equal, the path that sorts first is kept, so that the same copies always get the same
answer. `--keep NAME,...` puts the named criteria first, in that order.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.pictures.metadata import GPS, RATING
from imageshelf.system.words import day

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


class RankedCopy(NamedTuple):
    """A picture as the criteria see it."""

    path: str
    width: int
    height: int
    format: str
    mtime_ns: int
    captured_at: int | None = None
    camera: str | None = None
    metadata_flags: int = 0
    jpeg_quality: int | None = None
    sound: bool | None = None  # None: not yet decoded in full
    reference: str = ""  # the protected folder that holds it


class Criterion(NamedTuple):
    """One reason to prefer a copy: the one with the greater value is kept, and why in words."""

    name: str
    value: Callable[[RankedCopy], tuple[int, ...]]
    words: Callable[[RankedCopy, RankedCopy], str]  # the better and the worse copy


class UnknownCriterionError(ValueError):
    """A criterion that does not exist, or is named twice; one sentence."""


def _pixels(better: RankedCopy, worse: RankedCopy) -> str:
    sizes = (f"{copy.width}x{copy.height}" for copy in (better, worse))
    return "more pixels: {} against {}".format(*sizes)


def _quality_of(copy: RankedCopy) -> int:
    if copy.jpeg_quality is not None:
        return copy.jpeg_quality
    return _QUALITY.get(copy.format, LOSSLESS)


def _compression(better: RankedCopy, worse: RankedCopy) -> str:
    described = (
        copy.format if copy.jpeg_quality is None else f"{copy.format} quality {copy.jpeg_quality}"
        for copy in (better, worse)
    )
    return "less compressed: {} against {}".format(*described)


def _metadata(better: RankedCopy, worse: RankedCopy) -> str:
    return "has " + " and ".join(_lacking(_date_and_camera(better), _date_and_camera(worse)))


def _date_and_camera(copy: RankedCopy) -> dict[str, bool]:
    return {"a capture date": copy.captured_at is not None, "a camera": bool(copy.camera)}


def _lacking(ours: dict[str, bool], theirs: dict[str, bool]) -> list[str]:
    """Return the names of what the first has and the second lacks."""
    return [name for name, present in ours.items() if present and not theirs[name]]


def _older(better: RankedCopy, worse: RankedCopy) -> str:
    days = [day(copy.mtime_ns) for copy in (better, worse)]
    if days[0] == days[1]:
        return f"older: written earlier on {days[0]}"
    return f"older: written {days[0]} against {days[1]}"


def _stem(copy: RankedCopy) -> str:
    return os.path.splitext(os.path.basename(copy.path))[0]


def _marked(copy: RankedCopy) -> bool:
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
    Criterion("compression", lambda copy: (_quality_of(copy),), _compression),
    Criterion("metadata", lambda copy: (sum(_date_and_camera(copy).values()),), _metadata),
    Criterion("older", lambda copy: (-copy.mtime_ns,), _older),
    Criterion(
        "plain-name",
        lambda copy: (not _marked(copy),),
        lambda _, worse: f"the other is named {_stem(worse)}",
    ),
    Criterion("short-path", lambda copy: (-len(copy.path),), lambda *_: "shorter path"),
)
CRITERION_NAMES = tuple(criterion.name for criterion in CRITERIA)


class KeepRule:
    """A chain of criteria; those named in `keep` come first, in that order.

    Raises UnknownCriterionError for an unknown name, and for one named twice.
    """

    def __init__(self, keep: Sequence[str] = ()) -> None:
        for name in keep:
            if name not in CRITERION_NAMES:
                raise UnknownCriterionError(f"{name!r} is none of: {', '.join(CRITERION_NAMES)}")
        if len(set(keep)) < len(keep):
            raise UnknownCriterionError("a criterion is named twice")
        first = [name for name in keep if name != CRITERION_NAMES[0]]
        order = [
            CRITERION_NAMES[0],
            *first,
            *(name for name in CRITERION_NAMES[1:] if name not in first),
        ]
        self.chain = tuple(CRITERIA[CRITERION_NAMES.index(name)] for name in order)

    def rank(self, copy: RankedCopy) -> tuple[tuple[int, ...] | str, ...]:
        """Return the sort key of a copy; the copy to keep sorts first."""
        values = [tuple(-part for part in criterion.value(copy)) for criterion in self.chain]
        return (*values, copy.path)

    def reason(self, better: RankedCopy, worse: RankedCopy) -> str:
        """Return in words why the better-ranked copy is kept."""
        for criterion in self.chain:
            if criterion.value(better) != criterion.value(worse):
                return criterion.words(better, worse)
        return "equal, and its path sorts first"


def ranked_copy(
    path: str, row: PictureRow, *, sound: bool | None = None, reference: str = ""
) -> RankedCopy:
    """Return a picture of the catalogue as the criteria see it."""
    return RankedCopy(
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


def loss_warning(going: RankedCopy, kept: RankedCopy) -> str:
    """Return a sentence about metadata that only the copy that goes has, or ""."""
    missing = _lacking(_metadata_of(going), _metadata_of(kept))
    return f"has {_joined(missing)} that the one to keep lacks" if missing else ""


def _metadata_of(copy: RankedCopy) -> dict[str, bool]:
    flags = {"a place (GPS)": GPS, "a rating": RATING}
    flagged = {name: bool(copy.metadata_flags & flag) for name, flag in flags.items()}
    return {"a capture date": copy.captured_at is not None, **flagged}


def _joined(things: Iterable[str]) -> str:
    *most, last = things
    return f"{', '.join(most)} and {last}" if most else last
