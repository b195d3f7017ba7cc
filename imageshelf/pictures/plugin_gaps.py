"""What Pillow's plug-ins for JPEG 2000, JPEG XL and Photoshop files leave out.

They tell nothing, or not all, of EXIF, XMP, bits and frames; JPEG XL's decodes a picture before its
size can be looked at. Only the headers are read here; a damaged one tells nothing.
"""

import struct
from collections.abc import Sequence
from typing import Any, BinaryIO, NamedTuple

from PIL import PsdImagePlugin

from imageshelf.pictures import extras
from imageshelf.pictures.boxes import top_boxes
from imageshelf.pictures.formats import NOT_READ
from imageshelf.system.files import UnreadableImage

EXTRAS = "imageshelf_extras"  # the key of bits of extras.py in a picture's info
MOST_HEADER_BYTES = 1 << 16
MOST_PACKET_BYTES = 8 << 20
LEAST_OVER = 4  # times the wanted size: a wavelet's reduction shifts a picture by half a pixel
_TIFF = (b"II*\0", b"MM\0*")
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF_UUID = b"JpgTiffExif->JP2"
_PSD_MERGED, _PSD_EXIF, _PSD_XMP = 1057, 1058, 1060  # resources: Adobe's Photoshop File Formats


class JxlHeader(NamedTuple):
    """What the first bits of a JPEG XL codestream say."""

    size: tuple[int, int]  # as stored
    bits: int
    animated: bool


def fill(image: Any, stream: BinaryIO) -> None:
    """Add to an open picture what its plug-in left out.

    Raises UnreadableImage for a Photoshop file that was saved without the picture of its layers.
    """
    at = stream.tell()
    if image.format == "PSD":
        _fill_photoshop(image)
    else:
        _fill_boxed(image, stream)
    stream.seek(at)


def require_samples(stream: BinaryIO) -> None:
    """Raise UnreadableImage for a Photoshop file whose samples Pillow does not read."""
    stream.seek(0)
    depth, kind = struct.unpack(">22xHH", stream.read(26).ljust(26, b"\0"))
    if (kind, depth) not in PsdImagePlugin.MODES:
        raise UnreadableImage(f"is a Photoshop file {NOT_READ}: {depth} bits per sample")


def _fill_photoshop(image: Any) -> None:
    resources = {number: data for number, _, data in reversed(image.resources)}
    if resources.get(_PSD_MERGED, b"\0\0\0\1\1")[4:5] == b"\0":
        reason = "is a Photoshop file without a picture of its layers: save it with compatibility"
        raise UnreadableImage(reason)
    for number, name in ((_PSD_EXIF, "exif"), (_PSD_XMP, "xmp")):
        if number in resources:
            image.info[name] = resources[number]
    image.info[EXTRAS] = extras.LAYERS if getattr(image, "_layers_position", None) else 0


def _fill_boxed(image: Any, stream: BinaryIO) -> None:
    for kind, start, end in top_boxes(stream):
        stream.seek(start)
        if kind == b"xml " and image.format == "JXL":
            image.info["xmp"] = stream.read(min(end - start, MOST_PACKET_BYTES))
        elif kind == b"brob":  # compressed by Brotli, which only the decoder's plug-in could read
            image.info[EXTRAS] = extras.UNKNOWN
        elif kind == b"uuid":
            name = stream.read(16)
            packet = stream.read(min(end - start, MOST_PACKET_BYTES))
            if name == _XMP_UUID:
                image.info["xmp"] = packet
            elif name == _EXIF_UUID and packet.startswith(_TIFF):
                image.info["exif"] = packet
    if image.format == "JXL" and (header := jxl_header(stream)):
        image.info["bit_depth"] = header.bits
        image.n_frames = None if header.animated else 1  # Pillow's plug-in does not count them
    elif image.format == "JPEG2000" and (depth := _codestream(stream)[42:43]):
        image.info["bit_depth"] = (depth[0] & 0x7F) + 1  # of the first component


def reduce_wavelets(image: Any, stream: BinaryIO, least: tuple[int, int]) -> None:
    """Have a JPEG 2000 picture decoded at the lowest resolution with LEAST_OVER times `least`."""
    at = stream.tell()
    data = _codestream(stream)
    stream.seek(at)
    over = min(
        size // (LEAST_OVER * wanted) for size, wanted in zip(image.size, least, strict=True)
    )
    image.reduce = max(0, min(_levels(data), over.bit_length() - 1))


def _codestream(stream: BinaryIO) -> bytes:
    """Return the start of a JPEG 2000 codestream, bare or in the boxes of a file."""
    stream.seek(0)
    data = stream.read(MOST_HEADER_BYTES)
    if data.startswith(b"\xff\x4f"):
        return data
    for kind, start, _ in top_boxes(stream):
        if kind == b"jp2c":
            stream.seek(start)
            return stream.read(MOST_HEADER_BYTES)
    return b""


def _levels(data: bytes) -> int:
    """Return how often the wavelets of a codestream halve it: COD, ISO/IEC 15444-1, table A.13."""
    at = 2
    while len(data) >= at + 10 and data[at] == 0xFF and data[at + 1] != 0x90:  # SOT: a tile begins
        if data[at + 1] == 0x52:
            return data[at + 9]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return 0


# -- JPEG XL: ISO/IEC 18181-1, annexes C and D ----------------------------------------------------


def jxl_header(stream: BinaryIO) -> JxlHeader | None:
    """Return what the header of a JPEG XL file says, bare or in boxes; None if it is damaged."""
    stream.seek(0)
    data = stream.read(MOST_HEADER_BYTES)
    for kind, start, _ in () if data.startswith(b"\xff\x0a") else top_boxes(stream):
        if kind in {b"jxlc", b"jxlp"}:
            stream.seek(start + 4 * (kind == b"jxlp"))  # parts are numbered
            data = stream.read(MOST_HEADER_BYTES)
            break
    if not data.startswith(b"\xff\x0a"):
        return None
    bits = _Bits(data[2:66])
    try:
        return _jxl_metadata(bits)
    except (IndexError, struct.error):
        return None


class _Bits:
    """Bits from the lowest of the first byte on."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "little"), 8 * len(data)

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise IndexError
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        return value

    def chosen(self, ways: Sequence[tuple[int, int]]) -> int:
        """Return U32: two bits choose one of four ways, a constant and a number of bits."""
        least, count = ways[self.read(2)]
        return least + self.read(count)


_SIZES = ((1, 9), (1, 13), (1, 18), (1, 30))
_RATIOS = ((1, 1), (6, 5), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


def _jxl_size(bits: _Bits) -> tuple[int, int]:
    small = bits.read(1)

    def side() -> int:
        return 8 * (bits.read(5) + 1) if small else bits.chosen(_SIZES)

    height = side()
    if ratio := bits.read(3):
        across, down = _RATIOS[ratio - 1]
        return height * across // down, height
    return side(), height


def _jxl_metadata(bits: _Bits) -> JxlHeader:
    size = _jxl_size(bits)
    if bits.read(1):  # all else is the default
        return JxlHeader(size, 8, False)
    animated = False
    if bits.read(1):
        bits.read(3)  # the orientation, which the decoder applies
        if bits.read(1):
            _jxl_size(bits)  # in which it is to be shown
        if bits.read(1):
            _skip_preview(bits)
        if animated := bool(bits.read(1)):
            bits.chosen(((100, 0), (1000, 0), (1, 10), (1, 30)))
            bits.chosen(((1, 0), (1001, 0), (1, 8), (1, 10)))
            bits.chosen(((0, 0), (0, 3), (0, 16), (0, 32)))
            bits.read(1)
    if bits.read(1):  # floating point
        return JxlHeader(size, bits.chosen(((32, 0), (16, 0), (24, 0), (1, 6))), animated)
    return JxlHeader(size, bits.chosen(((8, 0), (10, 0), (12, 0), (1, 6))), animated)


def _skip_preview(bits: _Bits) -> None:
    eighths = ((16, 0), (32, 0), (1, 5), (33, 9))
    ways = eighths if bits.read(1) else ((1, 6), (65, 8), (321, 10), (1345, 12))
    bits.chosen(ways)
    if not bits.read(3):
        bits.chosen(ways)
