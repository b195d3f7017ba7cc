"""What a picture looks like at the sizes that are hashed: the views that workers send."""

from __future__ import annotations

from typing import NamedTuple

SKETCH = 48  # pixels each way, of what everything but the key is taken from


class Thumbnails(NamedTuple):
    """One view at the three sizes that are hashed: brightness, one byte a pixel, row by row."""

    row: bytes  # 8 rows of 9
    column: bytes  # 9 rows of 8
    square: bytes  # 32 rows of 32


class Sketch(NamedTuple):
    """One view as workers send it: brightness, one byte a pixel, row by row."""

    pixels: bytes  # 48 rows of 48
    row: bytes = b""  # 8 rows of 9, where they are better than what the sketch would give
    centre: bool = False  # whether the middle 90 % of the sketch is the view


View = Thumbnails | Sketch
