"""Reduce a decoded picture to thumbnails: brightness, resizing, orientations.

Pillow resizes what a key is computed from, as ImageHash would. Everything else comes from a 48x48
sketch, from which `sketches` computes it for many pictures at a time: for such small results, the
weights of Pillow's LANCZOS, a sine each, cost more to compute than to use. For the same reason
several pictures of one size are resized as the bands of one picture: the weights are computed once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PIL import Image

from imageshelf.hashing.views import SKETCH, Thumbnails

Box = tuple[float, float, float, float]

SMALLEST_SIZE = (72, 64)  # of a decoded JPEG: 8 pixels for each of a 9x8 thumbnail
ROW_SIZE = (9, 8)
FINE_SIZE = (180, 160)  # that keys are computed from; SMALLEST_SIZE would change 0.2 bits more
LANCZOS = Image.Resampling.LANCZOS  # ImageHash's filter; any other changes 6 bits on average
SKETCH_FILTER = Image.Resampling.BILINEAR  # takes a third of LANCZOS; `sketches` undoes its blur

STRIP_PIXELS = 1 << 20
SWALLOWED_LEVELS = 16  # of grey: a picture over white with less contrast is put over black

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
"""What is done to a query to make it look like its match; Pillow rotates to the left."""

_MIRRORS = (_Turn.FLIP_LEFT_RIGHT, _Turn.ROTATE_180, _Turn.FLIP_TOP_BOTTOM)
_TRANSPOSED_AND = {  # the other turns: transposing, and then this
    _Turn.ROTATE_270: _Turn.FLIP_LEFT_RIGHT,
    _Turn.TRANSVERSE: _Turn.ROTATE_180,
    _Turn.ROTATE_90: _Turn.FLIP_TOP_BOTTOM,
}

# How many pictures can be the bands of one, in modes that Pillow resizes band by band. RGBA is not
# one of them: Pillow would multiply it by its last band.
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
MOST_MERGED = max(_MODES)


class Reduced(NamedTuple):
    """A small grey picture and the box of its true extent; or several, as bands of one picture.

    Reducing rounds the size up: 500 pixels become 63 blocks of 8, of which only 62.5 are picture.
    """

    picture: Image.Image
    box: Box

    def rows(self) -> list[bytes]:
        """Return, for each band, the 8 rows of 9 that the key is computed from."""
        return bands(self.resized(ROW_SIZE))

    def turned_rows(self) -> list[list[bytes]]:
        """Return, for each of the other ORIENTATIONS, the rows of each band.

        Mirroring a picture before or after LANCZOS gives the same result, so two resizes do
        instead of seven.
        """
        upright, transposed = self.resized(ROW_SIZE), self.turned(_Turn.TRANSPOSE).resized(ROW_SIZE)
        return [
            bands(
                upright.transpose(turn)
                if turn in _MIRRORS
                else _turned_transposed(transposed, turn)
            )
            for _, turn in ORIENTATIONS
            if turn is not None
        ]

    def thumbnails(self) -> Thumbnails:
        """Return the thumbnails that ImageHash would compare."""
        sizes = ROW_SIZE, ROW_SIZE[::-1], (32, 32)
        return Thumbnails(*(self.resized(size).tobytes() for size in sizes))

    def resized(self, size: tuple[int, int]) -> Image.Image:
        """Return the picture as ImageHash would resize it."""
        return self.picture.resize(size, LANCZOS, self.box)

    def sketch(self, box: Box | None = None) -> Image.Image:
        """Return `box`, or everything, at 48x48 whatever its shape: a square turns exactly."""
        return self.picture.resize((SKETCH, SKETCH), SKETCH_FILTER, box or self.box)

    def apart(self) -> list[Reduced]:
        """Return each band as a picture of its own."""
        if self.picture.mode == "L":
            return [self]
        return [Reduced(band, self.box) for band in self.picture.split()]

    def turned(self, turn: Image.Transpose | None) -> Reduced:
        """Return the picture turned or mirrored, and its box with it."""
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

        Averaging whole blocks first makes the LANCZOS filter several times cheaper.
        """
        (x0, y0, x1, y1), (width, height) = self.box, least
        factor = int(min((x1 - x0) // width, (y1 - y0) // height))
        if factor <= 1:
            return self
        box = (x0 / factor, y0 / factor, x1 / factor, y1 / factor)
        return Reduced(self.picture.reduce(factor), box)


def bands(picture: Image.Image) -> list[bytes]:
    """Return the pixels of each band, row by row."""
    number, pixels = len(picture.getbands()), picture.tobytes()
    return [pixels[band::number] for band in range(number)]


def merged(pictures: Sequence[Reduced]) -> Reduced:
    """Return one, three or four pictures of one size and box as the bands of one picture."""
    if len(pictures) == 1:
        return pictures[0]
    mode = _MODES[len(pictures)]
    return Reduced(Image.merge(mode, [reduced.picture for reduced in pictures]), pictures[0].box)


def mergeable_parts(pictures: Sequence[Reduced]) -> list[list[int]]:
    """Return the numbers of the pictures in groups that `merged` takes: of one size, up to four.

    >>> small, large = (whole(Image.new("L", (size, size))) for size in (80, 90))
    >>> mergeable_parts([small, small, large, small, small, small, large])
    [[0, 1, 3, 4], [5], [2], [6]]
    """
    alike: dict[object, list[int]] = {}
    for number, reduced in enumerate(pictures):
        alike.setdefault((reduced.picture.size, reduced.box), []).append(number)
    parts = []
    for numbers in alike.values():
        for start in range(0, len(numbers), MOST_MERGED):
            part = numbers[start : start + MOST_MERGED]
            parts += [part] if len(part) in _MODES else [[number] for number in part]
    return parts


def _turned_transposed(transposed: Image.Image, turn: Image.Transpose) -> Image.Image:
    """Return a turned picture, given the transposed one."""
    mirror = _TRANSPOSED_AND.get(turn)
    return transposed if mirror is None else transposed.transpose(mirror)


def whole(picture: Image.Image) -> Reduced:
    """Return a picture whose box is all of it."""
    return Reduced(picture, (0, 0, *picture.size))


def strips(image: Image.Image) -> Iterator[Image.Image]:
    """Yield a picture from top to bottom in strips, so that little memory is needed beside it."""
    height = max(1, STRIP_PIXELS // image.width)
    for top in range(0, image.height, height):
        yield image.crop((0, top, image.width, min(top + height, image.height)))


def brightness(image: Image.Image) -> Image.Image:
    """Return 8-bit grey as a viewer would show it: transparency over a ground, samples scaled.

    For opaque 8-bit pictures this is exactly `image.convert("L")`, as in ImageHash.
    """
    if image.mode.startswith("I;16"):
        high = 0 if image.mode.endswith("B") else 1
        return Image.frombytes("L", image.size, image.tobytes()[high::2])
    if image.mode in {"I", "F"}:
        return _scaled(image)
    if image.mode == "LAB":
        image = image.convert("RGB")
    if image.has_transparency_data:
        return _over_ground(image)
    return image if image.mode == "L" else image.convert("L")


def _over_ground(image: Image.Image) -> Image.Image:
    if image.mode in {"La", "RGBa"}:
        image = image.convert(image.mode.upper())
    elif image.mode not in {"LA", "RGBA"}:
        image = image.convert("RGBA")  # palettes, and pictures with one transparent colour
    opacity = image.getchannel("A")
    grey = image.convert("L")
    if opacity.getextrema() == (255, 255):
        return grey
    return over_ground(grey, opacity)


def over_ground(grey: Image.Image, opacity: Image.Image) -> Image.Image:
    """Return a grey picture over white, or over black if white would leave nothing to see."""
    over = _pasted(grey, opacity, 255)
    return over if ground(grey, opacity, over) else _pasted(grey, opacity, 0)


def ground(grey: Image.Image, opacity: Image.Image, white: Image.Image | None = None) -> int:
    """Return the level of the ground for a transparent picture: 255, or 0 for white on nothing."""
    on_white = _contrast(white or _pasted(grey, opacity, 255))
    if on_white >= SWALLOWED_LEVELS:
        return 255
    return 0 if _contrast(_pasted(grey, opacity, 0)) > on_white else 255


def _pasted(grey: Image.Image, opacity: Image.Image, level: int) -> Image.Image:
    over = Image.new("L", grey.size, level)
    over.paste(grey, mask=opacity)
    return over


def _contrast(grey: Image.Image) -> int:
    low, high = grey.getextrema()
    assert isinstance(low, int)
    assert isinstance(high, int)
    return high - low


def _scaled(image: Image.Image) -> Image.Image:
    """Return wide samples scaled by the range they seem to use: 1, 8, 16 bits, or their own."""
    low, high = image.getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    tops = (1, 255, 65535) if image.mode == "F" else (255, 65535)
    least, most = min(low, 0), next((top for top in tops if high <= top), high)
    scale = 255 / (most - least) if most > least else 0
    return image.point(lambda sample: sample * scale - least * scale).convert("L")
