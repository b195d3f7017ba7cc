"""From 128 numbers to 64 bits, of which equal surroundings have nearly all in common.

A linear projection, learnt from keypoints of one place seen twice: what noise changes is left out,
what tells places apart is kept, and rotated until every bit says as much as the others. That is a
linear discriminant analysis; `tests/benchmarks/piece_projection.py` repeats it, and its docstring
has the recipe. Of two sightings 4 bits differ in the median, of strangers 32.
"""

import functools
import zlib
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imageshelf.pieces.descriptors import VALUES
from imageshelf.pieces.scale_space import Floats

Bits = npt.NDArray[np.uint64]

BITS = 64
FILE = "projection.bin"  # a line of text, the recipe; then mean, matrix and thresholds
_MEAN, _MATRIX = np.dtype("<f4"), np.dtype("<f2")
_NUMBER_BYTES = VALUES * _MEAN.itemsize + VALUES * BITS * _MATRIX.itemsize + BITS * _MEAN.itemsize


class Projection(NamedTuple):
    """What makes bits of descriptors, and the recipe by which it was learnt."""

    mean: Floats  # [VALUES]
    matrix: Floats  # [VALUES, BITS], in units of the noise
    threshold: Floats  # [BITS]
    recipe: str

    def margins(self, descriptors: Floats) -> Floats:
        """Return float32[n, BITS]: how far each bit is from being the other one."""
        return np.asarray((descriptors - self.mean) @ self.matrix - self.threshold, np.float32)

    def to_bytes(self) -> bytes:
        """Return the content of a file from which `read` makes the same projection."""
        mean, threshold = self.mean.astype(_MEAN), self.threshold.astype(_MEAN)
        numbers = mean.tobytes() + self.matrix.astype(_MATRIX).tobytes() + threshold.tobytes()
        return self.recipe.encode() + b"\n" + numbers


def read(data: bytes) -> Projection:
    """Return the projection in a file; ValueError if it is none."""
    text, numbers = data[:-_NUMBER_BYTES], data[-_NUMBER_BYTES:]
    if not text.endswith(b"\n") or len(numbers) != _NUMBER_BYTES:
        raise ValueError(f"expected a projection of {_NUMBER_BYTES:,} bytes after a line of text")
    mean = np.frombuffer(numbers, _MEAN, VALUES)
    halves = np.frombuffer(numbers, _MATRIX, VALUES * BITS, mean.nbytes)
    threshold = np.frombuffer(numbers, _MEAN, BITS, mean.nbytes + halves.nbytes)
    matrix = halves.reshape(VALUES, BITS).astype(np.float32)
    return Projection(mean, matrix, threshold, text[:-1].decode())


@functools.cache
def _data() -> bytes:
    return files("imageshelf.pieces").joinpath(FILE).read_bytes()


@functools.cache
def learnt() -> Projection:
    """Return the projection that comes with the package."""
    return read(_data())


def checksum() -> str:
    """Return what changes with the projection, as 8 hex digits."""
    return f"{zlib.crc32(_data()):08x}"


def packed(margins: Floats) -> Bits:
    """Return uint64[n]: bit k is set where margin k is positive."""
    return np.packbits(margins > 0, axis=1, bitorder="little").view("<u8").ravel()
