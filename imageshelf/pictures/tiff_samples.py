"""The samples of TIFF pictures that Pillow does not know: of 1 to 64 bits, signed, float, planar.

The strips or tiles are decompressed by libtiff, as if they held plain bytes. NumPy makes samples of
these; worker processes import it only for such files.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np
from PIL import Image, TiffImagePlugin

from imageshelf.pictures import tiff_layouts as tiff
from imageshelf.pictures.tiff_layouts import CIELAB, CMYK, COLOURS, FLOAT, SIGNED, TiffLayout

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.pictures.metadata import TiffDirectory

    Bytes = npt.NDArray[np.uint8]
    Samples = npt.NDArray[np.generic]

MOST_BITS = 64
RANGES = (1.0, 255.0, 65535.0)  # that samples of 24 bits and more seem to use
_MODES = {1: ("L", "LA"), 3: ("RGB", "RGBA")}
_ALPHA = {1, 2}  # associated or not
DIFFERENCES, BYTES_APART = 2, 3  # predictors
_FLOATS = {16: "f2", 32: "f4", 64: "f8"}


class _Grid(NamedTuple):
    """The strips or tiles of a picture: width and height of one, and how many across and down."""

    width: int
    height: int
    across: int
    down: int


def size(directory: TiffDirectory) -> tuple[int, int]:
    """Return width and height as stored."""
    return _number(directory, tiff.WIDTH), _number(directory, tiff.LENGTH)


def picture(stream: BinaryIO, directory: TiffDirectory, layout: TiffLayout) -> Image.Image:
    """Return a TIFF picture with samples of 8 bits, scaled by the range that they have or use.

    Raises SyntaxError for a layout that is not read.
    """
    bits, kind = layout.bits[0], layout.sample_format[0]
    known = bits in _FLOATS if kind == FLOAT else 1 <= bits <= MOST_BITS
    if not known:
        raise SyntaxError("unknown pixel mode")
    planes = len(layout.bits) if layout.planar == tiff.SEPARATE else 1
    parts = [_plane(stream, directory, layout, number, planes) for number in range(planes)]
    samples = np.concatenate(parts, axis=2) if planes > 1 else parts[0]
    return _image(samples, layout)


def _number(directory: TiffDirectory, tag: int, usual: int = 0) -> int:
    value = directory.tags.get(tag)
    return value[0] if isinstance(value, tuple) and value else usual


def _plane(
    stream: BinaryIO,
    directory: TiffDirectory,
    layout: TiffLayout,
    number: int,
    planes: int,
) -> Samples:
    """Return the samples of one plane: rows, columns, samples of a pixel."""
    (width, height), samples = size(directory), len(layout.bits) // planes
    grid = _grid(directory, width, height)
    row_bytes = math.ceil(grid.width * samples * layout.bits[0] / 8)
    packed = _bytes(stream, directory, grid, row_bytes, number)
    rows = packed.reshape(-1, grid.across, row_bytes)
    predictor = _number(directory, tiff.PREDICTOR, 1) if layout.compression != 1 else 1
    if predictor == BYTES_APART and layout.sample_format[0] == FLOAT:
        rows, layout = _together(rows, samples, layout.bits[0]), layout._replace(order=">")
    elif predictor not in {1, DIFFERENCES}:
        raise SyntaxError("unsupported predictor")
    values = _samples(rows, layout)[:, :, : grid.width * samples]
    values = values.reshape(len(rows), grid.across, grid.width, samples)
    if predictor == DIFFERENCES:
        whole = values.view(f"u{values.itemsize}")  # floats, too, are added as whole numbers
        values = np.cumsum(whole, axis=2, dtype=whole.dtype).view(values.dtype)
    return values.reshape(len(rows), -1, samples)[:height, :width]


def _together(rows: Bytes, samples: int, bits: int) -> Bytes:
    """Undo the predictor for floats: the differences of bytes, the highest of all numbers first."""
    height, across, row_bytes = rows.shape
    differences = rows.reshape(height, across, -1, samples)
    summed = np.cumsum(differences, axis=2, dtype=np.uint8).reshape(height, across, bits // 8, -1)
    return np.ascontiguousarray(summed.swapaxes(2, 3)).reshape(height, across, row_bytes)


def _grid(directory: TiffDirectory, width: int, height: int) -> _Grid:
    if tiff.TILE_OFFSETS in directory.tags:
        wide, high = (_number(directory, tag) for tag in (tiff.TILE_WIDTH, tiff.TILE_LENGTH))
        if not wide or not high:
            raise SyntaxError("truncated: tiles without a size")
        return _Grid(wide, high, math.ceil(width / wide), math.ceil(height / high))
    rows = min(_number(directory, tiff.ROWS_PER_STRIP, height) or height, height)
    return _Grid(width, rows, 1, math.ceil(height / rows))


def _bytes(
    stream: BinaryIO, directory: TiffDirectory, grid: _Grid, row_bytes: int, number: int
) -> Bytes:
    """Return the decompressed bytes of one plane, as if they were a grey picture."""
    height = _number(directory, tiff.LENGTH)
    tags = {
        tag: value
        for tag, value in tiff.essentials(directory).items()
        if tag in {tiff.COMPRESSION, tiff.FILL_ORDER}
    }
    tags |= {tiff.BITS: (8,), tiff.PHOTOMETRIC: (1,), tiff.SAMPLES: (1,)}
    tags[tiff.WIDTH] = (grid.across * row_bytes,)
    tiled = tiff.TILE_OFFSETS in directory.tags
    tags[tiff.LENGTH] = (grid.down * grid.height if tiled else height,)
    if tiled:
        tags |= {tiff.TILE_WIDTH: (row_bytes,), tiff.TILE_LENGTH: (grid.height,)}
        places = tiff.TILE_OFFSETS, tiff.TILE_BYTES
    else:
        tags[tiff.ROWS_PER_STRIP] = (grid.height,)
        places = tiff.STRIP_OFFSETS, tiff.STRIP_BYTES
    count = grid.across * grid.down
    for tag in places:
        value = directory.tags.get(tag, ())
        if part := value[number * count : (number + 1) * count]:
            tags[tag] = part
    alone = tiff.rewritten(stream, directory, tags)
    return np.asarray(TiffImagePlugin.TiffImageFile(alone))


def _samples(rows: Bytes, layout: TiffLayout) -> Samples:
    """Return the samples along the last axis, as unsigned or signed integers or floats."""
    bits, kind, order = layout.bits[0], layout.sample_format[0], layout.order
    letter = {SIGNED: "i", FLOAT: "f"}.get(kind, "u")
    if bits in {8, 16, 32, 64}:
        whole = rows[:, :, : rows.shape[2] // (bits // 8) * (bits // 8)]
        return (
            np.ascontiguousarray(whole)
            .view(f"{order}{letter}{bits // 8}")
            .astype(f"{letter}{bits // 8}")
        )
    if kind == SIGNED:
        raise SyntaxError("unknown pixel mode")
    if bits % 8 == 0:
        groups = rows[:, :, : rows.shape[2] // (bits // 8) * (bits // 8)]
        groups = groups.reshape(*rows.shape[:2], -1, bits // 8)
        ordered = groups if order == ">" else groups[..., ::-1]
        weights = 256 ** np.arange(bits // 8 - 1, -1, -1, dtype=np.uint64)
    else:
        digits = np.unpackbits(rows, axis=2)
        digits = digits[:, :, : digits.shape[2] // bits * bits]
        ordered = digits.reshape(*rows.shape[:2], -1, bits)
        weights = 2 ** np.arange(bits - 1, -1, -1, dtype=np.uint64)
    return ordered.astype(np.uint64) @ weights


def _image(samples: Samples, layout: TiffLayout) -> Image.Image:
    colours = COLOURS[layout.photometric]
    if layout.photometric == CIELAB:
        return Image.frombytes("LAB", samples.shape[1::-1], _lab(samples[:, :, :3]).tobytes())
    levels = _levels(samples[:, :, :colours], layout)
    if layout.photometric == tiff.WHITE_IS_ZERO:
        levels = 255 - levels
    if layout.photometric == CMYK:
        return Image.fromarray(np.ascontiguousarray(levels), "CMYK")
    alpha = [n for n, extra in enumerate(layout.extra) if extra in _ALPHA][:1]
    mode = _MODES[colours][bool(alpha)]
    for n in alpha:
        opacity = _levels(samples[:, :, colours + n : colours + n + 1], layout)
        if layout.extra[n] == 1:
            shown = np.minimum(levels.astype(np.uint32) * 255 // np.maximum(opacity, 1), 255)
            levels = shown.astype(np.uint8)
        levels = np.concatenate([levels, opacity], axis=2)
    data = np.ascontiguousarray(levels).tobytes()
    return Image.frombytes(mode, samples.shape[1::-1], data)


def _lab(samples: Samples) -> Bytes:
    """Return 8-bit CIELAB as TIFF stores it: lightness unsigned, the colours signed."""
    shift = samples.dtype.itemsize * 8 - 8
    if samples.dtype.kind == "f" or shift < 0:
        raise SyntaxError("unknown pixel mode")
    return (samples.astype(np.int64) >> shift).astype(np.uint8)


def _levels(samples: Samples, layout: TiffLayout) -> Bytes:
    """Return samples as 0 to 255, rounded."""
    low, high = _range(samples, layout)
    scale = 255 / (high - low) if high > low else 0.0
    levels = np.empty(samples.shape, np.uint8)
    for row, values in enumerate(samples):
        scaled = (np.nan_to_num(values.astype(np.float64)) - low) * scale
        levels[row] = np.clip(np.rint(scaled), 0, 255)
    return levels


def _range(samples: Samples, layout: TiffLayout) -> tuple[float, float]:
    bits, kind = layout.bits[0], layout.sample_format[0]
    if kind == SIGNED:
        return -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1
    if kind != FLOAT and bits < 24:
        return 0.0, 2.0**bits - 1
    finite = samples[np.isfinite(samples)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    ranges = RANGES if kind == FLOAT else (*RANGES[1:], 2.0**bits - 1)
    return min(low, 0.0), next((top for top in ranges if high <= top), high)
