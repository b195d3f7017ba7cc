"""Digest every pixel of every frame of a picture file, however the pixels are packed.

Two files with equal pixel digests show the same pictures and hold the same samples. Only metadata
or packing differ: one is a PNG compressed again, a JPEG stored as PNG, a palette written out, an
EXIF turn applied. Samples of 1, 2 and 4 bits and palettes count as 8 bits, grey counts as equal
red, green and blue, and a fully opaque alpha channel counts as none: all of that is packing. Alpha,
colours under transparent pixels, more than 8 bits, a colour profile, frame times and whatever else
is in the file (`imageshelf.pictures.appended`) are not.

If Pillow returns less than the file holds, the digest is that of the file's bytes: such a picture
has identical pixels with its exact copies only.
"""

import os
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

from PIL import Image

from imageshelf.pictures import deep_samples, metadata, reduction
from imageshelf.pictures.appended import UnknownContent, appended_digest
from imageshelf.pictures.decoding import (
    avif_crop,
    checked_size,
    opened,
    pillow_settings,
    recognised,
    with_mending,
)
from imageshelf.pictures.formats import RAW
from imageshelf.system.files import UnreadableImage, open_regular, unreadable

T = TypeVar("T")

FRAME_LIMIT = 1000
PIXEL_LIMIT = 1_000_000_000  # in all frames together
DIGEST_BYTES = 32

_RGB_MODES = {"1", "L", "P", "RGB", "RGBX"}
_ALPHA_MODES = {"LA", "PA", "RGBA"}
_SUB_DIRECTORIES, _PHOTOSHOP_LAYERS = 330, 37724


def digest(path: str) -> bytes:
    """Return the BLAKE2b-256 of a file's bytes; raises UnreadableImage."""
    return _guarded(path, _bytes_digest)


def pixel_digest(path: str) -> bytes:
    """Return 32 bytes that are equal for pictures with identical pixels.

    Reads every frame up to FRAME_LIMIT and PIXEL_LIMIT; raises UnreadableImage.
    """
    return _guarded(path, lambda stream: pixel_digest_of(stream, path))


def digest_of(stream: BinaryIO, path: str, *, pixels: bool) -> bytes:
    """Return the digest of the bytes or of the pixels of a picture that is already open.

    `path` only words a refusal. Raises UnreadableImage.
    """
    try:
        return pixel_digest_of(stream, path) if pixels else _bytes_digest(stream)
    except (OSError, MemoryError) as exc:
        raise unreadable(exc) from exc


def _guarded(path: str, read: Callable[[BinaryIO], T]) -> T:
    """Return what `read` returns for the open file, which must not change meanwhile."""
    try:
        with open_regular(path) as stream:
            before = os.fstat(stream.fileno())
            result = read(stream)
            after = os.fstat(stream.fileno())
    except (OSError, MemoryError) as exc:
        raise unreadable(exc) from exc
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise UnreadableImage("changed while being read", lasting=False)
    return result


def _bytes_digest(stream: BinaryIO) -> bytes:
    import hashlib

    stream.seek(0)
    return hashlib.file_digest(
        stream,  # type: ignore[arg-type]  # typeshed asks for a protocol of its own
        lambda: hashlib.blake2b(digest_size=DIGEST_BYTES),
    ).digest()


def pixel_digest_of(stream: BinaryIO, path: str) -> bytes:
    """Return the pixel digest of an open picture; raises UnreadableImage or OSError."""
    import hashlib

    whole = stream
    content, stream, _ = recognised(stream, path)
    total = hashlib.blake2b(b"imageshelf pixels 1", digest_size=DIGEST_BYTES)

    def attempt(source: BinaryIO) -> bytes | None:
        """Return the digest of the picture, None if it is not all that the file holds."""
        try:
            frames, deep = _frames_digest(source, content.format, low=False)
            if deep:  # Pillow returns 8 bits of a sample, so the low bytes need a second decode
                frames += _frames_digest(source, content.format, low=True)[0]
        except UnknownContent:
            return None
        return frames if source is stream else None

    if content.other == RAW:  # a preview is not all that it holds
        total.update(b"bytes" + _bytes_digest(whole))
        return total.digest()
    try:
        total.update(appended_digest(stream, content.format))
        _require_usual(stream, content.format)
        frames = with_mending(stream, content, attempt)
    except UnknownContent:
        frames = None
    total.update(b"bytes" + _bytes_digest(stream) if frames is None else frames)
    return total.digest()


def _require_usual(stream: BinaryIO, name: str) -> None:
    """Raise UnknownContent for a file that is shown otherwise than Pillow returns it."""
    if avif_crop(stream, name):
        raise UnknownContent
    if name == "TIFF":
        from imageshelf.pictures import tiff_layouts

        if tiff_layouts.is_unusual(stream):
            raise UnknownContent


def _frames_digest(stream: BinaryIO, name: str, *, low: bool) -> tuple[bytes, bool]:
    """Return the digest of all frames, and whether any has more than 8 bits per sample.

    If `low`, the digest is of the lower bytes of such frames, otherwise of the higher ones.
    """
    parts: list[bytes] = []
    any_deep = False
    with pillow_settings():
        for image, deep in _frames(opened(stream, name), low=low):
            any_deep |= deep
            turn = None
            if name != "TIFF":  # Pillow turns TIFF pictures itself
                turn = reduction.EXIF_TURNS.get(metadata.embedded(image)[0].orientation)
            upright = image.transpose(turn) if turn is not None else image
            parts.append(_frame_digest(upright, deep=deep, low=low))
            parts.append(f"{float(image.info.get('duration') or 0):.1f} ms".encode())
            loop = image.info.get("loop")
    if len(parts) > 2:
        return b"".join([*parts, repr(loop).encode()]), any_deep
    return parts[0], any_deep


def _frames(image: Image.Image, *, low: bool) -> Iterator[tuple[Image.Image, bool]]:
    """Yield each decoded frame and whether its samples have more than 8 bits."""
    pixels = 0
    for number in range(FRAME_LIMIT):
        try:
            image.seek(number)
        except EOFError:
            return
        width, height = checked_size(image.size)
        pixels += width * height
        if pixels > PIXEL_LIMIT:
            raise UnknownContent
        _require_one_picture(image)
        deep = deep_samples.prepare(image, low=low)
        image.load()
        if deep and image.has_transparency_data and "A" not in image.getbands():
            raise UnknownContent
        yield image, deep
    try:
        image.seek(FRAME_LIMIT)
    except EOFError:
        return
    raise UnknownContent


def _require_one_picture(image: Image.Image) -> None:
    tags = getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}
    if _SUB_DIRECTORIES in tags or _PHOTOSHOP_LAYERS in tags:
        raise UnknownContent
    if image.info.get("aux") or image.info.get("depth_images"):
        raise UnknownContent
    if int(image.info.get("bit_depth") or 8) > 8 and image.format == "HEIF":
        raise UnknownContent


def _frame_digest(image: Image.Image, *, deep: bool, low: bool) -> bytes:
    """Return the digest of one frame: its kind, its colours, its alpha unless opaque."""
    import hashlib

    if image.mode in _RGB_MODES and not image.has_transparency_data:
        kind = "RGB"
    elif image.mode in _ALPHA_MODES or image.mode in _RGB_MODES:
        kind = "RGBA"
    else:
        kind = "RGB" if image.mode.startswith("I;16") else image.mode
    colours, alpha = (hashlib.blake2b(digest_size=DIGEST_BYTES) for _ in range(2))
    opaque = True
    for strip in reduction.strips(image):
        if kind == "RGBA":
            strip = strip.convert("RGBA")  # noqa: PLW2901
            opacity = strip.getchannel("A")
            opaque = opaque and opacity.getextrema() == (255, 255)
            alpha.update(opacity.tobytes())
        colours.update(_samples(strip, kind, low=low))
    total = hashlib.blake2b(digest_size=DIGEST_BYTES)
    what = kind.removesuffix("A") if kind == "RGBA" else kind
    total.update(f"{what} {image.width}x{image.height} {16 if deep else 8} bits".encode())
    total.update(hashlib.blake2b(_profile(image)).digest())
    total.update(colours.digest())
    if not opaque:
        total.update(alpha.digest())
    return total.digest()


def _samples(strip: Image.Image, kind: str, *, low: bool) -> bytes:
    if strip.mode.startswith("I;16"):
        data = strip.tobytes()
        high_first = strip.mode.endswith("B")
        strip = Image.frombytes("L", strip.size, data[int(low == high_first) :: 2])
    return (strip.convert("RGB") if kind in {"RGB", "RGBA"} else strip).tobytes()


def _profile(image: Image.Image) -> bytes:
    profile = image.info.get("icc_profile") or b""
    return profile if isinstance(profile, bytes) else b""
