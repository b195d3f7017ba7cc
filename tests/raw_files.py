"""Drawn camera RAW files: DNG, as Adobe's specification 1.4 has them."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from PIL import Image

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 10: 8, 13: 4}
BYTE, TEXT, SHORT, LONG, RATIONAL, SIGNED_RATIONAL = 1, 2, 3, 4, 5, 10
SRGB = (32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570)  # from XYZ under D65, / 10000
CFA, JPEG_COMPRESSION, YCBCR = 32803, 7, 6
Tag = tuple[int, list[int] | bytes]


def mosaic(picture: Image.Image) -> np.ndarray[Any, Any]:
    """Return what a sensor under red, green, green and blue filters sees: 14 bits, linear."""
    light = (np.asarray(picture.convert("RGB"), dtype=np.float64) / 255) ** 2.2
    seen = light[..., 1].copy()
    seen[::2, ::2], seen[1::2, 1::2] = light[::2, ::2, 0], light[1::2, 1::2, 2]
    return (seen * 16383).astype("<u2")


def dng(
    picture: Image.Image,
    preview: bytes | None = None,
    *,
    orientation: int = 1,
    taken: str = "2019:07:30 14:05:09",
) -> bytes:
    """Return a DNG file of a picture as the sensor has it; `preview` is a JPEG file in it."""
    sensor = mosaic(picture)
    raw: dict[int, Tag] = {
        254: (LONG, [0]), 256: (LONG, [picture.width]), 257: (LONG, [picture.height]),
        258: (SHORT, [16]), 259: (SHORT, [1]), 262: (SHORT, [CFA]), 277: (SHORT, [1]),
        278: (LONG, [picture.height]), 33421: (SHORT, [2, 2]), 33422: (BYTE, b"\0\1\1\2"),
        50714: (LONG, [0]), 50717: (LONG, [16383]), 273: (LONG, [0]), 279: (LONG, [sensor.nbytes]),
    }  # fmt: skip
    first: dict[int, Tag] = {
        271: (TEXT, b"Drawn\0"), 272: (TEXT, b"Box Camera\0"), 274: (SHORT, [orientation]),
        50706: (BYTE, b"\1\4\0\0"), 50707: (BYTE, b"\1\1\0\0"), 50708: (TEXT, b"Drawn Box\0"),
        50721: (SIGNED_RATIONAL, [number for part in SRGB for number in (part, 10000)]),
        50778: (SHORT, [21]),
        50728: (RATIONAL, [1, 1, 1, 1, 1, 1]), 34665: (LONG, [0]),
    }  # fmt: skip
    if preview is None:
        return _written([first | raw], sensor.tobytes(), b"", taken)
    first |= {
        254: (LONG, [1]), 256: (LONG, [picture.width]), 257: (LONG, [picture.height]),
        258: (SHORT, [8, 8, 8]), 259: (SHORT, [JPEG_COMPRESSION]), 262: (SHORT, [YCBCR]),
        273: (LONG, [0]), 277: (SHORT, [3]), 278: (LONG, [picture.height]),
        279: (LONG, [len(preview)]), 330: (LONG, [0]),
    }  # fmt: skip
    return _written([first, raw], sensor.tobytes(), preview, taken)


def _written(directories: list[dict[int, Tag]], sensor: bytes, preview: bytes, taken: str) -> bytes:
    every: list[dict[int, Tag]] = [*directories, {36867: (TEXT, taken.encode() + b"\0")}]
    starts, at = [], 8
    for one in every:
        starts.append(at)
        at += 2 + 12 * len(one) + 4 + sum(_padded(_bytes_of(tag)) for tag in one.values())
    preview_at, sensor_at = at, at + len(preview) + len(preview) % 2
    every[0][34665] = LONG, [starts[-1]]
    every[0][273] = LONG, [preview_at if preview else sensor_at]
    if preview:
        every[0][330] = LONG, [starts[1]]
        every[1][273] = LONG, [sensor_at]
    parts = [struct.pack("<2sHL", b"II", 42, 8)]
    for start, one in zip(starts, every, strict=True):
        entries, values = b"", b""
        values_at = start + 2 + 12 * len(one) + 4
        for tag, (kind, _) in sorted(one.items()):
            data = _bytes_of(one[tag])
            count = len(data) // SIZES[kind]
            place = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack("<L", values_at)
            entries += struct.pack("<HHL", tag, kind, count) + place
            if len(data) > 4:
                values += data + bytes(len(data) % 2)
                values_at += _padded(data)
        parts += [struct.pack("<H", len(one)), entries, bytes(4), values]
    return b"".join(parts).ljust(preview_at, b"\0") + preview + bytes(len(preview) % 2) + sensor


def _bytes_of(tag: Tag) -> bytes:
    kind, values = tag
    if isinstance(values, bytes):
        return values
    code = {SHORT: "H", LONG: "L", RATIONAL: "L", SIGNED_RATIONAL: "l"}[kind]
    return struct.pack(f"<{len(values)}{code}", *values)


def _padded(data: bytes) -> int:
    return len(data) + len(data) % 2 if len(data) > 4 else 0
