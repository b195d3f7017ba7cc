"""Open TIFF files: as Pillow does where it reads the samples rightly, else by way of their bytes.

Pillow knows some fifty layouts of samples, of which it misreads a few, and it passes over tags of
an unusual type. libtiff takes every type of whole number, and viewers show samples of any size.
"""

import struct
from typing import BinaryIO, NamedTuple

from PIL import Image, TiffImagePlugin

from imageshelf.pictures import metadata
from imageshelf.pictures.spliced_file import Span, pieced, size_bytes

WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES = 273, 274, 277, 278, 279
PLANAR, PREDICTOR, COLOUR_MAP, TILE_WIDTH, TILE_LENGTH = 284, 317, 320, 322, 323
TILE_OFFSETS, TILE_BYTES, EXTRA_SAMPLES, SAMPLE_FORMAT = 324, 325, 338, 339
MOST_VALUE_BYTES = 16 << 20  # of strip offsets: one for each row of a very large picture
XMP = 700
SHORT, LONG, RATIONAL, UNDEFINED = 3, 4, 5, 7
_USUAL_TYPES = {3, 4, 16}  # SHORT, LONG, LONG8
_COUNTS = {  # tags of whole numbers that the picture consists of
    *(WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, STRIP_OFFSETS, SAMPLES),
    *(ROWS_PER_STRIP, STRIP_BYTES, PLANAR, 292, 293, PREDICTOR, COLOUR_MAP, TILE_WIDTH),
    *(TILE_LENGTH, TILE_OFFSETS, TILE_BYTES, 332, EXTRA_SAMPLES, SAMPLE_FORMAT, 530, 531),
}
_JPEG_TABLES = 347
_LOSSLESS = {1, 5, 8, 32773, 32946, 34925, 50000}  # compress bytes, whatever these mean
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, CIELAB = 0, 1, 2, 5, 8
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, CMYK: 4, CIELAB: 3}
SEPARATE = 2  # planes
ASSOCIATED = 1  # alpha, by which colours are multiplied


class TiffLayout(NamedTuple):
    """How the samples of a TIFF picture are stored."""

    order: str  # as in `struct`
    bits: tuple[int, ...]
    compression: int
    photometric: int
    fill_order: int
    planar: int
    extra: tuple[int, ...]
    sample_format: tuple[int, ...]

    def needs_samples(self) -> bool:
        """Tell whether Pillow misreads it, and `tiff_samples` can read it."""
        return self._has_bytes() and self._is_misread()

    def _has_bytes(self) -> bool:
        colours = COLOURS.get(self.photometric, 0)
        alike = len(set(self.bits)) == 1 and len(set(self.sample_format)) == 1
        return alike and len(self.bits) >= colours > 0 and self.compression in _LOSSLESS

    def _is_misread(self) -> bool:
        """Tell whether Pillow returns wrong samples, or none."""
        deep, kind = self.bits[0], self.sample_format[0]
        if self.photometric == WHITE_IS_ZERO and deep > 8:
            return True
        if (kind, deep) in {(SIGNED, 8), (UNSIGNED, 12), (UNSIGNED, 32)}:
            return True
        if self.planar == SEPARATE and len(self.bits) > 1:
            usual = self.photometric in {RGB, CMYK, BLACK_IS_ZERO} and ASSOCIATED not in self.extra
            return deep != 8 or not usual
        return not self._is_known()

    def _is_known(self) -> bool:
        prefix = b"II" if self.order == "<" else b"MM"
        kinds = tuple(sorted(set(self.sample_format)))
        key = prefix, self.photometric, kinds, self.fill_order, self.bits, self.extra
        return key in TiffImagePlugin.OPEN_INFO


class TiffFile(NamedTuple):
    """What the first directory of a TIFF file says; no layout if its bits are contradictory."""

    tags: metadata.Tags
    directory: metadata.TiffDirectory
    layout: TiffLayout | None


def described(stream: BinaryIO) -> TiffFile:
    """Return what an open TIFF file says of its first picture."""
    directory = metadata.tiff_directory(stream, MOST_VALUE_BYTES)
    return TiffFile(metadata.tiff_tags(stream), directory, _layout(directory))


def opened(stream: BinaryIO, file: TiffFile) -> Image.Image:
    """Return the first picture of an open TIFF file whose samples Pillow knows, not turned."""
    plain = essentials(file.directory)
    if _is_unusual(file.directory):
        stream = rewritten(stream, file.directory, plain)
    try:
        return upright(_opened(stream))
    except (SyntaxError, TypeError, ValueError, struct.error):
        return upright(_opened(rewritten(stream, file.directory, plain)))


def is_unusual(stream: BinaryIO) -> bool:
    """Tell whether Pillow alone would misread or wrongly turn an open TIFF file."""
    file = described(stream)
    return (file.layout is not None and file.layout.needs_samples()) or _is_unusual(file.directory)


def has_unusual_turn(stream: BinaryIO) -> bool:
    """Tell whether Pillow alone would pass over the turn of an open TIFF file."""
    file = described(stream)
    if file.tags.has_orientation:
        return file.directory.kinds.get(ORIENTATION, SHORT) != SHORT
    return XMP in file.directory.tags


def _opened(stream: BinaryIO) -> Image.Image:
    stream.seek(0)
    try:
        return TiffImagePlugin.TiffImageFile(stream)
    except KeyError as exc:
        raise SyntaxError("unknown compression") from exc


def upright(image: Image.Image) -> Image.Image:
    """Have Pillow leave a TIFF picture as it is stored."""
    image.getexif()[ORIENTATION] = 1
    if hasattr(image, "_tile_size"):
        image._size = image._tile_size  # noqa: SLF001 - before the turn
    return image


def _layout(directory: metadata.TiffDirectory) -> TiffLayout | None:
    tags = directory.tags
    bits = _numbers(tags, BITS) or (1,)
    samples = (_numbers(tags, SAMPLES) or (len(bits),))[0]
    bits = (bits * samples if len(bits) == 1 else bits)[:samples]
    if samples < 1 or len(bits) != samples or samples > TiffImagePlugin.MAX_SAMPLESPERPIXEL:
        return None
    compression, photometric, fill_order, planar = (
        (_numbers(tags, tag) or (usual,))[0]
        for tag, usual in ((COMPRESSION, 1), (PHOTOMETRIC, 0), (FILL_ORDER, 1), (PLANAR, 1))
    )
    return TiffLayout(
        directory.order,
        bits,
        compression,
        photometric,
        fill_order,
        planar,
        _numbers(tags, EXTRA_SAMPLES),
        _numbers(tags, SAMPLE_FORMAT) or (UNSIGNED,),
    )


def _numbers(tags: dict[int, metadata.Value], tag: int) -> tuple[int, ...]:
    value = tags.get(tag, ())
    return value if isinstance(value, tuple) else ()


def _is_unusual(directory: metadata.TiffDirectory) -> bool:
    return any(kind not in _USUAL_TYPES for tag, kind in directory.kinds.items() if tag in _COUNTS)


def essentials(directory: metadata.TiffDirectory) -> dict[int, metadata.Value]:
    """Return the tags of which a picture consists."""
    wanted = {*_COUNTS, _JPEG_TABLES}
    return {tag: value for tag, value in directory.tags.items() if tag in wanted}


def rewritten(
    stream: BinaryIO, directory: metadata.TiffDirectory, tags: dict[int, metadata.Value]
) -> BinaryIO:
    """Return a TIFF file with the data of the open one and only the given tags."""
    order, total = directory.order, size_bytes(stream)
    start = total + total % 2
    entries, values = b"", b""
    place = start + 2 + 12 * len(tags) + 4
    for tag, value in sorted(tags.items()):
        packed = value if isinstance(value, bytes) else struct.pack(f"{order}{len(value)}L", *value)
        kind = UNDEFINED if isinstance(value, bytes) else LONG
        entries += struct.pack(order + "HHL", tag, kind, len(value))
        if len(packed) <= 4:
            entries += packed.ljust(4, b"\0")
        else:
            entries += struct.pack(order + "L", place + len(values))
            values += packed + bytes(len(packed) % 2)
    head = struct.pack(order + "2sHL", b"II" if order == "<" else b"MM", 42, start)
    table = struct.pack(order + "H", len(tags)) + entries + bytes(4)
    return pieced(stream, [head, Span(8, total), bytes(total % 2), table, values])
