"""Which of several copies to keep, and why: a chain of criteria; the first that differs decides.

    name         keeps the picture that
    sound        can be read to its end (not yet decoded counts as sound)
    reference    lies in a folder that --reference protects
    exists       is on the disk, and not in a recycle bin or snapshot
    prefer       lies in the earlier of the folders of --prefer
    contents     holds more: pages or frames, films, maps, other pictures, bits for each sample
    scene        shows more of the scene
    colour       has colour
    companions   has more files that hang on it (see `companions`)
    camera       was written by the camera as it is, then has more of camera, capture date and place
    pixels       has more real pixels: those of an enlarged copy count as those of its original
    compression  is compressed less, where the pixels differ: JPEG by its quality, lossless formats
                 and HEIF count as 100, what is made for sending as 50 (GIF, WebP, AVIF, JPEG XL,
                 JPEG 2000)
    written      has more of what a person wrote: keywords, caption, title, faces, rating
    plain-name   has no "copy", "(1)", "edited" and the like in its name, and no messenger's
    older        was written earlier, by more than file systems round
    short-path   has the shorter path

If all are equal, the path that sorts first is kept, so that the same copies always get the same
answer. `--keep NAME,...` puts the named criteria right after `prefer`, in that order. Above the
chain stands one rule: nothing goes that has more of anything than the copy that stays (`merits`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.copies.criterion_names import ALWAYS_FIRST, CRITERION_NAMES
from imageshelf.pictures.extras import WORDS
from imageshelf.pictures.metadata import GPS
from imageshelf.system.words import day

if TYPE_CHECKING:
    from imageshelf.copies.companions import Companion
    from imageshelf.pictures.origin import Origin
    from imageshelf.shelf.records import PictureRow

LOSSLESS = 100  # on the scale of JPEG quality
FOR_SENDING = 50
_QUALITY = dict.fromkeys(("GIF", "WEBP", "AVIF", "JXL", "JPEG2000"), FOR_SENDING)
_MARKS = re.compile(
    r"(?<![^\W\d_])(copy|kopie|copie|copia|cópia|kopia|duplicate|edited|bearbeitet|modifié|editado"
    r"|resized|thumb(nail)?|whatsapp|telegram)(?![^\W\d_])"
    r"|\(\d{1,3}\)\s*$|~\d+$|-WA\d{4}|^IMG_E\d{4}|^FB_IMG_|^received_\d|^signal-\d{4}-"
    r"|^photo_\d{4}-\d\d-\d\d_",
    re.IGNORECASE,
)
SECOND_NS = 10**9
ROUNDED_NS, HOUR_NS = 2 * SECOND_NS, 3600 * SECOND_NS  # by FAT; by which daylight saving shifts it


class RankedCopy(NamedTuple):
    """A picture as the criteria see it.

    The last fields are learned from pairs: the share of the scene relative to the other copies, the
    lack of colour, and pixels and quality if they are really another's.
    """

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
    frames: int = 1
    extras: int = 0  # bits of pictures/extras.py
    bits: int = 8
    reference: str = ""  # the protected folder that holds it
    preferred: tuple[int, str] = (0, "")  # the lower the better, and the folder
    exists: bool = True
    discarded: str = ""  # kind of the folder that a system will empty, if it lies in one
    companions: tuple[Companion, ...] = ()
    origin: Origin | None = None
    scene: float = 1.0
    grey: bool = False
    real_pixels: int | None = None
    quality: int | None = None

    @property
    def name(self) -> str:
        """The name without the folder."""
        return os.path.basename(self.path)

    @property
    def signs(self) -> tuple[str, ...]:
        """Signs that the camera wrote it as it is; none if there is a doubt."""
        if not self.camera or self.origin is None or self.origin.doubts:
            return ()
        return self.origin.signs

    @property
    def deep_bits(self) -> int:
        """Bits for each sample, if these are more than a JPEG has."""
        return max(self.bits, 8)


class Criterion(NamedTuple):
    """One reason to prefer a copy: the one with the greater value is kept, and why in words."""

    name: str
    value: Callable[[RankedCopy], tuple[float, ...]]
    words: Callable[[RankedCopy, RankedCopy], str]  # the better and the worse copy


class UnknownCriterionError(ValueError):
    """A criterion that does not exist, or is named twice; one sentence."""


def _existence(_: RankedCopy, worse: RankedCopy) -> str:
    return f"the other is in a {worse.discarded}" if worse.exists else "the other is not there"


def frames_in_words(copy: RankedCopy) -> str:
    """Return how many frames, pages or pictures a file has, in words."""
    noun = {"TIFF": "page", "JPEG": "picture", "HEIF": "picture"}.get(copy.format, "frame")
    return f"{copy.frames:,} {noun}{'s' * (copy.frames != 1)}"


def _contents(better: RankedCopy, worse: RankedCopy) -> str:
    if better.frames != worse.frames:
        return f"has {frames_in_words(better)}, the other {worse.frames:,}"
    more = [words for bit, words in WORDS.items() if better.extras & ~worse.extras & bit]
    if more:
        return f"has {joined(more)} in the file"
    return f"has {better.deep_bits} bits for each sample, the other {worse.deep_bits}"


def _companions(better: RankedCopy, worse: RankedCopy) -> str:
    kinds = [companion.kind for companion in worse.companions]
    more = [one.kind for one in better.companions if one.kind not in kinds]
    return f"its {joined(dict.fromkeys(more or [c.kind for c in better.companions]))} hangs on it"


def _camera(better: RankedCopy, worse: RankedCopy) -> str:
    if bool(better.signs) != bool(worse.signs):
        doubts = worse.origin.doubts if worse.origin and worse.camera else ()
        why = f"; of the other, {doubts[0]}" if doubts else ""
        return f"written by the camera, {better.camera}: {better.signs[0]}{why}"
    return "has " + joined(lacking(_provenance(better), _provenance(worse)))


def camera_value(copy: RankedCopy) -> tuple[int, int]:
    """Return how sure it is that a camera wrote a copy; zeros where nothing says so."""
    return int(bool(copy.signs)), sum(_provenance(copy).values())


def _provenance(copy: RankedCopy) -> dict[str, bool]:
    return {
        "a capture date": copy.captured_at is not None,
        "a camera": bool(copy.camera),
        "a place (GPS)": bool(copy.metadata_flags & GPS),
    }


def pixel_count(copy: RankedCopy) -> int:
    """Return how many real pixels a copy has, on the scale of the copies that it is laid over."""
    return copy.width * copy.height if copy.real_pixels is None else copy.real_pixels


def _pixels(better: RankedCopy, worse: RankedCopy) -> str:
    if worse.width * worse.height > better.width * better.height:
        size = f"{worse.width}x{worse.height}"
        return f"more real pixels: the other's {size} are enlarged, or hold a border"
    sizes = (f"{copy.width}x{copy.height}" for copy in (better, worse))
    return "more pixels: {} against {}".format(*sizes)


def quality_of(copy: RankedCopy) -> int:
    """Return how little a copy is compressed, on the scale of JPEG quality."""
    if copy.quality is not None:
        return copy.quality
    if copy.jpeg_quality is not None:
        return copy.jpeg_quality
    return _QUALITY.get(copy.format, LOSSLESS)


def _compression(better: RankedCopy, worse: RankedCopy) -> str:
    described = (
        copy.format if copy.jpeg_quality is None else f"{copy.format} quality {copy.jpeg_quality}"
        for copy in (better, worse)
    )
    return "less compressed: {} against {}".format(*described)


def _written(better: RankedCopy, worse: RankedCopy) -> str:
    return f"has {joined(written_beyond(better, worse))}"


def written_beyond(one: RankedCopy, other: RankedCopy) -> list[str]:
    """Return in words what a person wrote into one copy and not into the other."""
    there = other.origin.written if other.origin else ()
    more: dict[str, list[str]] = {}
    for field, value in one.origin.written if one.origin else ():
        if (field, value) not in there:
            more.setdefault(field, []).append(value)
    return [_field_in_words(field, values) for field, values in more.items()]


def _field_in_words(field: str, values: list[str]) -> str:
    if field == "words":
        return f"words {values[0]}"
    if field in {"caption", "title"}:
        return f"a {field}"
    return f"the {field}{'s' * (len(values) > 1)} {joined(values)}"


def lacking(ours: dict[str, bool], theirs: dict[str, bool]) -> list[str]:
    """Return the names of what the first has and the second lacks."""
    return [name for name, present in ours.items() if present and not theirs[name]]


def _older(better: RankedCopy, worse: RankedCopy) -> str:
    days = [day(copy.mtime_ns) for copy in (better, worse)]
    if days[0] == days[1]:
        return f"older: written earlier on {days[0]}"
    return f"older: written {days[0]} against {days[1]}"


def written_together(a_ns: int, b_ns: int) -> bool:
    """Tell whether two times differ by no more than file systems round, or daylight saving."""
    apart = abs(a_ns - b_ns)
    return min(apart, abs(apart - HOUR_NS)) <= ROUNDED_NS


def _stem(copy: RankedCopy) -> str:
    return os.path.splitext(copy.name)[0]


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
    Criterion("exists", lambda copy: (copy.exists, not copy.discarded), _existence),
    Criterion(
        "prefer",
        lambda copy: (-copy.preferred[0],),
        lambda better, _: f"is in the preferred folder {better.preferred[1]}",
    ),
    Criterion(
        "contents",
        lambda copy: (copy.frames, copy.extras.bit_count(), copy.deep_bits),
        _contents,
    ),
    Criterion("scene", lambda copy: (copy.scene,), lambda *_: "shows more of the scene"),
    Criterion("colour", lambda copy: (not copy.grey,), lambda *_: "the other has lost its colour"),
    Criterion("companions", lambda copy: (len(copy.companions),), _companions),
    Criterion("camera", camera_value, _camera),
    Criterion("pixels", lambda copy: (pixel_count(copy),), _pixels),
    Criterion("compression", lambda copy: (quality_of(copy),), _compression),
    Criterion(
        "written",
        lambda copy: (len(copy.origin.written) if copy.origin else 0,),
        _written,
    ),
    Criterion(
        "plain-name",
        lambda copy: (not _marked(copy),),
        lambda _, worse: f"the other is named {_stem(worse)}",
    ),
    Criterion("older", lambda copy: (-copy.mtime_ns,), _older),
    Criterion("short-path", lambda copy: (-len(copy.path),), lambda *_: "shorter path"),
)
FORMER = {"metadata": "camera"}  # names of 0.1.0


class KeepRule:
    """A chain of criteria; those named in `keep` come first, in that order.

    Soundness, protected and preferred folders, and being there at all come before them. Raises
    UnknownCriterionError for an unknown name, and for one named twice.
    """

    def __init__(self, keep: Sequence[str] = ()) -> None:
        keep = [FORMER.get(name, name) for name in keep]
        for name in keep:
            if name not in CRITERION_NAMES:
                raise UnknownCriterionError(f"{name!r} is none of: {', '.join(CRITERION_NAMES)}")
        if len(set(keep)) < len(keep):
            raise UnknownCriterionError("a criterion is named twice")
        self.keep = tuple(keep)
        order = dict.fromkeys((*ALWAYS_FIRST, *keep, *CRITERION_NAMES))
        self.chain = tuple(CRITERIA[CRITERION_NAMES.index(name)] for name in order)

    def rank(self, copy: RankedCopy) -> tuple[tuple[float, ...] | str, ...]:
        """Return the sort key of a copy; the copy to keep sorts first."""
        values = [tuple(-part for part in criterion.value(copy)) for criterion in self.chain]
        return (*values, copy.path)

    def reason(self, better: RankedCopy, worse: RankedCopy) -> str:
        """Return in words why the better-ranked copy is kept."""
        for criterion in self.chain:
            if criterion.value(better) != criterion.value(worse):
                return criterion.words(better, worse)
        return "equal, and its path sorts first"


def ranked_copy(path: str, row: PictureRow) -> RankedCopy:
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
        frames=row.frames or 1,
        extras=row.extras,
        bits=row.bits,
    )


def loss_warning(going: RankedCopy, kept: RankedCopy) -> str:
    """Return a sentence about where and when, if only the copy that goes tells it, or ""."""
    missing = lacking(_provenance(going), _provenance(kept))
    return f"has {joined(missing)} that the one to keep lacks" if missing else ""


def joined(things: Iterable[str]) -> str:
    """Return "a, b and c"."""
    *most, last = things
    return f"{', '.join(most)} and {last}" if most else last
