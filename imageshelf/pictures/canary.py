"""Small built-in pictures whose keys change whenever the way of making keys does.

They are part of the `recipe`. Nothing here needs NumPy, which index.py imports only while its
workers are decoding.
"""

import io
import itertools

from PIL import Image, ImageChops

from imageshelf.hashing import hash_names
from imageshelf.hashing.hash_names import HASH_BITS
from imageshelf.hashing.views import SKETCH, Sketch
from imageshelf.pictures import images, reduction

HASHING_VERSION = 1  # how hashes come from thumbnails and sketches; raised when any bit changes
_WAVES = ((3, 1, 997), (1, 4, 613), (5, 7, 389))  # steps across and down, period


def canary(*, full_decode: bool, hash_name: str = hash_names.DEFAULT) -> str:
    """Return the bits of two drawn pictures, folded into 16 hex digits.

    One is a JPEG, decoded like any file; the other is so large that its blocks are averaged first.
    A hash other than the default adds its key of the JPEG.
    """
    picture = drawn(608, 384)
    stream = _Jpeg()
    picture.save(stream, quality=90)  # format from the name: naming it loads five plug-ins
    small = images.thumbnails_of(stream, full_decode=full_decode)
    large = images.views_of(reduction.whole(picture), full_decode=full_decode).whole
    bits = HASHING_VERSION
    for view in (small, large):
        bits = _rotated(bits, 7) ^ _bits(view.row)
        if isinstance(view, Sketch):
            bits = _rotated(bits, 7) ^ _sketch_bits(view.pixels)
        else:
            bits = _rotated(bits, 7) ^ _bits(view.column)
            bits = _rotated(bits, 7) ^ _bits(view.square[::15])
    if hash_name != hash_names.DEFAULT:
        key = images.key_of(stream, hash_name, full_decode=full_decode)
        for at in range(0, len(key), HASH_BITS // 8):
            bits = _rotated(bits, 7) ^ int.from_bytes(key[at : at + HASH_BITS // 8], "big")
    return f"{bits:016x}"


class _Jpeg(io.BytesIO):
    name = "canary.jpg"


def drawn(width: int, height: int) -> Image.Image:
    """Return a grey picture of waves of similar strengths, which make many bits close calls.

    Whole numbers only, so it is the same on every machine.
    """
    waves = []
    for across, down, period in _WAVES:
        levels = [abs(at % period - period // 2) * 96 // period for at in range(3 * period)]
        line = bytes(levels) * (2 + across * width // (3 * period))
        rows = (line[y * down % period :][: width * across : across] for y in range(height))
        waves.append(Image.frombytes("L", (width, height), b"".join(rows)))
    first, second, falling = waves
    rising = ImageChops.add(first, second)
    return ImageChops.add(rising, falling.transpose(Image.Transpose.FLIP_LEFT_RIGHT), offset=40)


def _bits(levels: bytes) -> int:
    """Return a number whose bits tell whether each level is brighter than the one before."""
    bits = 0
    for before, after in itertools.pairwise(levels):
        bits = _rotated(bits, 1) ^ (after > before)
    return bits


def _sketch_bits(pixels: bytes) -> int:
    sketch = Image.frombytes("L", (SKETCH, SKETCH), pixels)
    return _bits(sketch.reduce(6).tobytes())


def _rotated(value: int, places: int) -> int:
    return (value << places | value >> (HASH_BITS - places)) & (1 << HASH_BITS) - 1
