"""What a person wrote about a picture, and when and where it was taken.

    result = combined(own, [other])
    result.annotations, result.conflicts

`combined` says what a picture takes over from its copies: a field that it lacks, keywords that it
lacks. Its own values stay; where a copy says something else, that is a conflict to be told.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from imageshelf.system.words import count, shown

NEARBY_DEGREES = 2e-4  # some 20 m; programs round positions differently
FIELD_NAMES = {"taken": "capture time"}
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?")


class Position(NamedTuple):
    """Degrees north and east; metres above the sea, None if unknown."""

    latitude: float
    longitude: float
    altitude: float | None = None


class Face(NamedTuple):
    """A named region: its centre and size as shares of the picture's width and height."""

    name: str
    x: float
    y: float
    width: float
    height: float


class Annotations(NamedTuple):
    """The fields that a copy can leave to the picture that stays; empty ones are unknown."""

    taken: str = ""  # ISO 8601, with the offset from UTC if that is known
    position: Position | None = None
    rating: int | None = None  # -1 rejected, 1 to 5
    keywords: tuple[str, ...] = ()
    caption: str = ""
    title: str = ""
    faces: tuple[Face, ...] = ()

    @property
    def is_written(self) -> bool:
        """Whether a person wrote any of it; date and place come from the camera."""
        return any((self.rating, self.keywords, self.caption, self.title, self.faces))

    def in_words(self) -> str:
        """Return which fields there are: "rating, 2 keywords and caption".

        >>> Annotations(rating=3, keywords=("a", "b"), caption="c").in_words()
        'rating, 2 keywords and caption'
        """
        parts = []
        for field, value in self._asdict().items():
            if value and field in {"keywords", "faces"}:
                parts.append(count(len(value), field.removesuffix("s")))
            elif value:
                parts.append(FIELD_NAMES.get(field, field))
        return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


class Conflict(NamedTuple):
    """A field of a copy that was not taken over, and why in a sentence."""

    field: str
    sentence: str

    @property
    def is_written(self) -> bool:
        """Whether a person wrote it; date and place come from the camera."""
        return self.field not in {"taken", "position"}


class Combined(NamedTuple):
    """Annotations with those of copies, and what could not be taken over."""

    annotations: Annotations
    conflicts: tuple[Conflict, ...]


def beyond(known: Annotations, wanted: Annotations) -> Annotations:
    """Return what `wanted`, made by `combined`, has that was not known."""
    new = {name: value for name, value in wanted._asdict().items() if value != getattr(known, name)}
    if "keywords" in new:
        new["keywords"] = tuple(word for word in wanted.keywords if word not in known.keywords)
    return Annotations(**new)


def combined(own: Annotations, others: Iterable[Annotations]) -> Combined:
    """Return what a picture says of itself once its copies have left it what it lacks.

    >>> mine, other = Annotations(rating=3), Annotations(rating=5, keywords=("sea",))
    >>> combined(mine, [other]).annotations.keywords
    ('sea',)
    >>> combined(mine, [other]).conflicts[0].sentence
    'the rating is 5 there, 3 here'
    """
    conflicts: dict[Conflict, None] = {}  # in order, each once
    for other in others:
        for field, theirs in other._asdict().items():
            ours = getattr(own, field)
            if not theirs:
                continue
            if field == "keywords":
                theirs = (*ours, *(word for word in theirs if word not in ours))  # noqa: PLW2901
                own = own._replace(keywords=theirs)
            elif not ours:
                own = own._replace(**{field: theirs})
            elif not _agree(field, ours, theirs):
                conflicts[Conflict(field, _sentence(field, ours, theirs))] = None
    return Combined(own, tuple(conflicts))


def _agree(field: str, ours: object, theirs: object) -> bool:
    if isinstance(ours, Position) and isinstance(theirs, Position):
        return all(abs(a - b) <= NEARBY_DEGREES for a, b in zip(ours[:2], theirs[:2], strict=True))
    if field == "taken":  # to the second, on the camera's clock
        return str(ours)[:19] == str(theirs)[:19]
    if field == "faces":
        return _names(theirs) <= _names(ours)
    return ours == theirs


def _names(faces: object) -> set[str]:
    return {face.name for face in faces} if isinstance(faces, tuple) else set()


def _sentence(field: str, ours: object, theirs: object) -> str:
    name = FIELD_NAMES.get(field, field)
    if field == "faces":
        missing = shown(", ".join(sorted(_names(theirs) - _names(ours))))
        return f"faces are named there that are not named here: {missing}"
    if field == "position":
        return "the position is another one there"
    return f"the {name} is {_short(theirs)} there, {_short(ours)} here"


def _short(value: object) -> str:
    text = shown(" ".join(str(value).split()))
    return text if len(text) <= 40 else text[:39] + "…"
