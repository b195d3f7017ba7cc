"""Both bytes of samples with more than 8 bits, of which Pillow returns only the higher one.

Pillow reads 16-bit colour by a raw mode that takes the high byte of each sample; there is one mode
for each byte order. With the wrong order it takes the low byte.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from imageshelf.pictures.appended import UnknownContent

if TYPE_CHECKING:
    from PIL import Image

_WIDE_MODES = {"I", "F"}  # decoded without loss of bits
_DEEP = {
    f"{mode};16" for mode in ("RGB", "RGBX", "RGBA", "RGBa", "CMYK")
}  # each with L and B variants
_NATIVE = "L" if sys.byteorder == "little" else "B"
_BITS_PER_SAMPLE = 258


def prepare(image: Image.Image, *, low: bool) -> bool:
    """Tell whether a picture's samples have lower bytes; if `low`, have those decoded.

    Call it before the picture is loaded. Raises UnknownContent if there are lower bytes that cannot
    be decoded.
    """
    if image.mode.startswith("I;16"):
        return True
    tile = getattr(image, "tile", [])
    raws = {t.args if isinstance(t.args, str) else t.args[0] for t in tile if t.args}
    deep = {raw for raw in raws if isinstance(raw, str) and ";16" in raw}
    bits = max(_bits(image), default=8)
    if not deep and bits > 8 and image.mode not in _WIDE_MODES:
        raise UnknownContent
    if not deep or image.mode in _WIDE_MODES:
        return False
    if any(raw[:-1] not in _DEEP for raw in deep):
        raise UnknownContent
    if low:
        image.tile = [  # type: ignore[attr-defined]
            t._replace(args=_other_order(t.args)) for t in tile
        ]
    return True


def _bits(image: Image.Image) -> tuple[int, ...]:
    tags = getattr(image, "tag_v2", None)
    return tags.get(_BITS_PER_SAMPLE, (1,)) if tags is not None and image.format == "TIFF" else ()


def _other_order(args: str | tuple[object, ...]) -> str | tuple[object, ...]:
    if isinstance(args, tuple):
        return (_other_order(str(args[0])), *args[1:])
    order = _NATIVE if args[-1] == "N" else args[-1]
    return args[:-1] + {"L": "B", "B": "L"}[order]
