"""Views of a picture, small enough to be hashed: what workers send."""

from typing import NamedTuple

SKETCH = 48  # pixels, the side of the square that everything but the key is computed from


class Thumbnails(NamedTuple):
    """One view at the three sizes that are hashed: brightness, one byte per pixel, row by row."""

    row: bytes  # 8 rows of 9
    column: bytes  # 9 rows of 8
    square: bytes  # 32 rows of 32


class Sketch(NamedTuple):
    """One view as workers send it: brightness, one byte per pixel, row by row."""

    pixels: bytes  # 48 rows of 48
    row: bytes = b""  # 8 rows of 9, if better than what the sketch would give
    centre: bool = False  # whether the middle 90 % of the sketch is the view


View = Thumbnails | Sketch


def inverted(view: View) -> View:
    """Return a view whose light is dark, as in a dark mode."""
    if isinstance(view, Thumbnails):
        return Thumbnails(*map(_complement, view))
    return view._replace(pixels=_complement(view.pixels), row=_complement(view.row))


def _complement(levels: bytes) -> bytes:
    return levels.translate(bytes(range(255, -1, -1)))
