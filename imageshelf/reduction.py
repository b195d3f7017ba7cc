"""From a decoded picture to its thumbnails: brightness, reduction, views, orientations.

What a key comes from is resized by Pillow, as ImageHash would do it. Everything else is taken
from a sketch of 48x48, by `sketches`, for many pictures at a time: computing the weights of
Pillow's LANCZOS, a sine for every one, costs more here than using them.
"""

from __future__ import annotations

from typing import NamedTuple

from PIL import Image

from imageshelf.pictures import SKETCH, Thumbnails

Box = tuple[float, float, float, float]

SMALLEST = (72, 64)  # 8 pixels for each of a 9x8 thumbnail: what a JPEG is decoded to at least
FINE = (180, 160)  # what keys are made from; down to SMALLEST costs 0.2 bits more
LANCZOS = Image.Resampling.LANCZOS  # ImageHash's filter; another one changes 6 bits on average
CHEAP = Image.Resampling.BILINEAR  # a third of the time of LANCZOS; `sketches` undoes its blur

_Turn = Image.Transpose
EXIF_TURNS: dict[int, Image.Transpose] = {  # what an orientation asks a viewer to do
    2: _Turn.FLIP_LEFT_RIGHT,
    3: _Turn.ROTATE_180,
    4: _Turn.FLIP_TOP_BOTTOM,
    5: _Turn.TRANSPOSE,
    6: _Turn.ROTATE_270,
    7: _Turn.TRANSVERSE,
    8: _Turn.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)  # orientations that exchange width and height

ORIENTATIONS: tuple[tuple[str, Image.Transpose | None], ...] = (
    ("upright", None),
    ("turned 90 degrees right", _Turn.ROTATE_270),
    ("turned 180 degrees", _Turn.ROTATE_180),
    ("turned 90 degrees left", _Turn.ROTATE_90),
    ("mirrored", _Turn.FLIP_LEFT_RIGHT),
    ("mirrored and turned 90 degrees right", _Turn.TRANSVERSE),
    ("mirrored and turned 180 degrees", _Turn.FLIP_TOP_BOTTOM),
    ("mirrored and turned 90 degrees left", _Turn.TRANSPOSE),
)
"""What a query must undergo to look like its match; Pillow turns to the left."""


class Reduced(NamedTuple):
    """A small grey picture and the box of its true extent.

    Reducing rounds the size up: 500 pixels become 63 of 8, of which only 62.5 are picture.
    """

    picture: Image.Image
    box: Box

    def row(self) -> bytes:
        """Return the 8 rows of 9 that the key comes from."""
        return self._resized((9, 8))

    def thumbnails(self) -> Thumbnails:
        """Return what ImageHash would compare."""
        return Thumbnails(self.row(), self._resized((8, 9)), self._resized((32, 32)))

    def _resized(self, size: tuple[int, int]) -> bytes:
        return self.picture.resize(size, LANCZOS, self.box).tobytes()

    def sketch(self, box: Box | None = None) -> Image.Image:
        """Return `box`, or everything, at 48x48, whatever its shape: turning that is exact."""
        return self.picture.resize((SKETCH, SKETCH), CHEAP, box or self.box)

    def turned(self, turn: Image.Transpose | None) -> Reduced:
        """Return the picture turned or mirrored, its box with it."""
        if turn is None:
            return self
        (width, height), (x0, y0, x1, y1) = self.picture.size, self.box
        across, down = (width - x1, width - x0), (height - y1, height - y0)
        x, y = {
            _Turn.FLIP_LEFT_RIGHT: (across, (y0, y1)),
            _Turn.ROTATE_180: (across, down),
            _Turn.FLIP_TOP_BOTTOM: ((x0, x1), down),
            _Turn.TRANSPOSE: ((y0, y1), (x0, x1)),
            _Turn.ROTATE_270: (down, (x0, x1)),
            _Turn.TRANSVERSE: (down, across),
            _Turn.ROTATE_90: ((y0, y1), across),
        }[turn]
        return Reduced(self.picture.transpose(turn), (x[0], y[0], x[1], y[1]))

    def smaller(self, least: tuple[int, int]) -> Reduced:
        """Return the picture reduced by the largest whole factor that leaves `least` pixels.

        Averaging whole blocks first makes a long LANCZOS filter several times cheaper.
        """
        (x0, y0, x1, y1), (width, height) = self.box, least
        factor = int(min((x1 - x0) // width, (y1 - y0) // height))
        if factor <= 1:
            return self
        box = (x0 / factor, y0 / factor, x1 / factor, y1 / factor)
        return Reduced(self.picture.reduce(factor), box)


def whole(picture: Image.Image) -> Reduced:
    """Return a picture that fills its box."""
    return Reduced(picture, (0, 0, *picture.size))


def brightness(image: Image.Image) -> Image.Image:
    """Return 8-bit grey as a viewer would show it: transparency over white, samples scaled.

    Opaque 8-bit pictures give exactly `image.convert("L")`, which is what ImageHash does.
    """
    if image.mode.startswith("I;16"):
        high = 0 if image.mode.endswith("B") else 1
        return Image.frombytes("L", image.size, image.tobytes()[high::2])
    if image.mode in {"I", "F"}:
        return _scaled(image)
    if image.mode == "LAB":
        image = image.convert("RGB")
    if image.has_transparency_data:
        return _over_white(image)
    return image if image.mode == "L" else image.convert("L")


def _over_white(image: Image.Image) -> Image.Image:
    if image.mode in {"La", "RGBa"}:
        image = image.convert(image.mode.upper())
    elif image.mode not in {"LA", "RGBA"}:
        image = image.convert("RGBA")  # palettes, and a colour declared transparent
    opacity = image.getchannel("A")
    grey = image.convert("L")
    if opacity.getextrema() == (255, 255):
        return grey
    white = Image.new("L", image.size, 255)
    white.paste(grey, mask=opacity)
    return white


def _scaled(image: Image.Image) -> Image.Image:
    """Scale wide samples by the range that they appear to use: 1, 8, 16 bits, or their own."""
    low, high = image.getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    least, most = min(low, 0), next((top for top in _tops(image.mode) if high <= top), high)
    scale = 255 / (most - least) if most > least else 0
    return image.point(lambda sample: sample * scale - least * scale).convert("L")


def _tops(mode: str) -> tuple[int, ...]:
    return (1, 255, 65535) if mode == "F" else (255, 65535)
