"""The keypoints of a picture, as a shelf keeps them and as a query asks with them.

Places are in *units*: the longer side of every picture has 256 of them, whatever its pixels.
"""

import zlib
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from imageshelf.pieces import descriptors, projection
from imageshelf.pieces.descriptors import TURN, Sampler
from imageshelf.pieces.projection import Bits
from imageshelf.pieces.scale_space import (
    MOST_ASKED,
    Floats,
    Keypoints,
    Luma,
    detected,
    scale_space,
    spread,
    strongest,
)

LONGEST = 256.0  # units of the longer side
STORED_PIXELS, ASKED_PIXELS = 256, 480  # along the longer side of what points are looked for in
STORED_MOST, ASKED_MOST = 150, 600  # keypoints; a query has more, as it may hold other things too
KEY_BITS = 24  # whose margins a query needs: of a key index of 200 million points
MIRRORED_MOST = 60  # points of which a shelf keeps the mirrored bits: a pair has enough of them
POINT_BYTES, MIRRORED_BYTES = 14, 8
THUMB_PIXELS = 48  # along the longer side; at 32 a fifth of hard copies is lost
_THUMB_BITS = 6  # of 8 kept: rounding changes a window's variance by 1, of at least 25
PLACES_A_UNIT, SIZES_AN_OCTAVE = 64, 32
LEAST_SIZE = -1.0  # log2 of units: sizes are stored from there, in a byte up to 7
_BITS, _PLACE = np.dtype("<u8"), np.dtype("<u2")


class PiecePoints(NamedTuple):
    """Keypoints of a picture, n of each array; the first of them have `mirrored` bits, too."""

    bits: Bits
    mirrored: Bits  # what the bits would be in the mirrored picture
    x: Floats  # units, from the left edge
    y: Floats
    size: Floats  # log2 of units
    direction: Floats  # radians

    @property
    def places(self) -> npt.NDArray[np.complex128]:
        """The places as complex numbers."""
        return np.asarray(self.x + 1j * self.y, np.complex128)

    def flipped(self, width: float) -> Self:
        """Return the points of the mirrored picture, whose width in units is given."""
        count = len(self.mirrored)
        return type(self)(
            self.mirrored,
            self.bits[:count],
            np.asarray(width - self.x[:count], np.float32),
            self.y[:count],
            self.size[:count],
            np.asarray(np.float32(np.pi) - self.direction[:count], np.float32),
        )

    def to_bytes(self) -> bytes:
        """Return the points array after array, the mirrored bits last."""
        x, y = (np.rint(at * PLACES_A_UNIT).astype(_PLACE) for at in (self.x, self.y))
        size = np.clip(np.rint((self.size - LEAST_SIZE) * SIZES_AN_OCTAVE), 0, 255)
        direction = np.rint(self.direction * (256 / TURN)).astype(np.int64) % 256
        small = (size.astype(np.uint8), direction.astype(np.uint8))
        arrays = (self.bits.astype(_BITS), x, y, *small, self.mirrored.astype(_BITS))
        return b"".join(array.tobytes() for array in arrays)


class AskedPoints(NamedTuple):
    """Keypoints of a query, and how certain the bits are by which they are looked up."""

    points: PiecePoints
    margins: npt.NDArray[np.float16]  # [n, KEY_BITS]
    mirrored_margins: npt.NDArray[np.float16]


def recipe() -> str:
    """Return what changes whenever points of now and of before cannot be compared."""
    return f"1 {projection.checksum()} {STORED_PIXELS} {STORED_MOST} {MIRRORED_MOST}"


def from_bytes(data: bytes) -> PiecePoints:
    """Return what `stored_points(...).to_bytes()` packed; ValueError if there is a rest."""
    count = count_in(data)
    mirrored = np.frombuffer(data, _BITS, offset=POINT_BYTES * count)
    bits = np.frombuffer(data, _BITS, count)
    x, y = (np.frombuffer(data, _PLACE, count, at * count) for at in (8, 10))
    size, direction = (np.frombuffer(data, np.uint8, count, at * count) for at in (12, 13))
    unit = np.float32(1 / PLACES_A_UNIT)
    sizes = size * np.float32(1 / SIZES_AN_OCTAVE) + np.float32(LEAST_SIZE)
    return PiecePoints(
        bits, mirrored, x * unit, y * unit, sizes, direction * np.float32(TURN / 256)
    )


def count_in(data: bytes) -> int:
    """Return how many points are packed in so many bytes; ValueError if there is a rest."""
    extra = MIRRORED_MOST * MIRRORED_BYTES
    if len(data) <= MIRRORED_MOST * POINT_BYTES + extra:
        count, rest = divmod(len(data), POINT_BYTES + MIRRORED_BYTES)
    else:
        count, rest = divmod(len(data) - extra, POINT_BYTES)
    if rest:
        raise ValueError(f"keypoints of {len(data):,} bytes")
    return count


def stored_points(luma: Luma) -> PiecePoints:
    """Return what a shelf keeps of a grey picture whose longer side is about 256 pixels."""
    octaves = scale_space(luma)
    chosen = strongest(detected(octaves), STORED_MOST, luma.shape[:2])
    found = _described(luma, octaves, chosen, several=False).points
    return found._replace(mirrored=found.mirrored[:MIRRORED_MOST])


def asked_points(luma: Luma) -> AskedPoints:
    """Return what a query asks with: a grey picture whose longer side is about 480 pixels."""
    octaves = scale_space(luma)
    chosen = spread(detected(octaves, MOST_ASKED), ASKED_MOST, luma.shape[:2])
    return _described(luma, octaves, chosen, several=True)


def _described(
    luma: Luma, octaves: list[Floats], found: Keypoints, *, several: bool
) -> AskedPoints:
    values = np.zeros((0, descriptors.VALUES), np.float32)
    angles = np.zeros(0, np.float32)
    if len(found.x):
        sampler = Sampler(octaves)
        upright = sampler.patches(found, np.zeros(len(found.x), np.float32))
        which, angles = descriptors.directions(upright, several=several)
        found = found.at(which)
        values = descriptors.described(sampler.patches(found, angles))
    learnt = projection.learnt()
    margins, mirrored = (learnt.margins(each) for each in (values, values[:, descriptors.MIRROR]))
    unit = np.float32(LONGEST / max(luma.shape))
    x, y = ((at * found.unit + np.float32(0.5)) * unit for at in (found.x, found.y))
    size = np.log2(np.maximum(found.sigma * found.unit * unit, np.float32(1e-3)))
    bits, other_bits = projection.packed(margins), projection.packed(mirrored)
    points = PiecePoints(bits, other_bits, x, y, size, angles)
    half = (part[:, :KEY_BITS].astype(np.float16) for part in (margins, mirrored))
    return AskedPoints(points, *half)


def packed_thumb(thumb: Luma) -> bytes:
    """Return a small grey picture in some 900 bytes; nothing but zlib is needed to read it."""
    levels = thumb >> (8 - _THUMB_BITS)
    steps = np.diff(levels.astype(np.int8), axis=1, prepend=0).astype(np.uint8)
    return bytes(thumb.shape[::-1]) + zlib.compress(steps.tobytes(), 9)


def thumb_from_bytes(data: bytes) -> Luma:
    """Return the picture that `packed_thumb` packed; ValueError if it is none."""
    width, height = data[:2] if len(data) > 2 else (0, 0)
    if not 0 < width <= THUMB_PIXELS or not 0 < height <= THUMB_PIXELS:
        raise ValueError("a thumbnail without a size")
    try:
        steps = zlib.decompressobj().decompress(data[2:], width * height)
    except zlib.error as exc:
        raise ValueError(f"a thumbnail that cannot be read: {exc}") from exc
    if len(steps) != width * height:
        raise ValueError("a thumbnail that ends too early")
    levels = np.frombuffer(steps, np.uint8).reshape(height, width).cumsum(1, np.uint8)
    return np.asarray((levels << (8 - _THUMB_BITS)) + np.uint8(1 << (7 - _THUMB_BITS)), np.uint8)
