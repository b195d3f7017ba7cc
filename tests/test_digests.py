"""Equal pixels however they are packed; and everything that makes two pictures differ."""

import contextlib
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin, TiffImagePlugin

from imageshelf.pictures import digests, reduction
from imageshelf.pictures.digests import digest, pixel_digest
from imageshelf.system.files import UnreadableImage

RGB = np.random.default_rng(7).integers(0, 256, (37, 53, 3)).astype(np.uint8)
FEW = (RGB // 86) * 85  # four levels a channel: 64 colours, a palette holds them
GREY = RGB[..., 0]
ALPHA = np.dstack([RGB, np.where(GREY > 99, GREY, 0).astype(np.uint8)])
DEEP = np.random.default_rng(8).integers(0, 65536, (11, 13, 4)).astype(np.uint16)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def encoded(picture: Image.Image, kind: str, **how: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def png(array: np.ndarray, **how: object) -> bytes:
    return encoded(Image.fromarray(array), "PNG", **how)


def jpeg(array: np.ndarray, **how: object) -> bytes:
    return encoded(Image.fromarray(array), "JPEG", **{"quality": 90, **how})


def decoded(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def turned_by_exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def named(software: str) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0131] = software
    return exif


def deep_png(samples: np.ndarray) -> bytes:
    """Return uint16[height, width, channels] as a PNG of 16 bits, which Pillow cannot write."""
    height, width, channels = samples.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def chunk(kind: bytes, data: bytes) -> bytes:
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def with_chunk(data: bytes, kind: bytes, body: bytes) -> bytes:
    at = 33  # behind the header chunk
    return data[:at] + chunk(kind, body) + data[at:]


def deep_tiff(samples: np.ndarray, *, big_endian: bool = False) -> bytes:
    """Return uint16[height, width, 3] as an uncompressed TIFF of 16 bits."""
    order = ">" if big_endian else "<"
    height, width, _ = samples.shape
    data = samples.astype(order + "u2").tobytes()
    entries = (
        (256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, 8), (259, 3, 1, 1), (262, 3, 1, 2),
        (273, 4, 1, 14), (277, 3, 1, 3), (278, 3, 1, height), (279, 4, 1, len(data)),
    )  # fmt: skip
    head = (b"MM\0*" if big_endian else b"II*\0") + struct.pack(order + "I", 14 + len(data))
    body = struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        packed = struct.pack(order + ("I" if kind == 4 or count > 1 else "H"), value).ljust(
            4, b"\0"
        )
        body += struct.pack(order + "HHI", tag, kind, count) + packed
    return head + struct.pack(order + "3H", 16, 16, 16) + data + body + bytes(4)


def tagged(tag: int, data: bytes) -> TiffImagePlugin.ImageFileDirectory_v2:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[tag] = data
    tags.tagtype[tag] = 7
    return tags


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def with_segment(data: bytes, marker: int, body: bytes) -> bytes:
    return data[:2] + segment(marker, body) + data[2:]


def animation(kind: str, last: int, duration: int = 100) -> bytes:
    frames = [Image.new("L", (20, 10), level) for level in (0, 90, 180, last)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=duration)


def box(kind: bytes, body: bytes) -> bytes:
    """Return a box of an ISO base media file."""
    return struct.pack(">I", len(body) + 8) + kind + body


def heif(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(array)).save(file, quality=80)
    return file.getvalue()


@pytest.fixture
def pixels_of(tmp_path: Path) -> Callable[[bytes], bytes]:
    def measured(data: bytes) -> bytes:
        path = tmp_path / "picture"
        path.write_bytes(data)
        return pixel_digest(str(path))

    return measured


SHOT = jpeg(RGB)
AVIF = encoded(Image.fromarray(RGB), "AVIF")
HEIF = heif(RGB)
SHOWN = np.asarray(decoded(SHOT))

SAME: dict[str, tuple[bytes, bytes]] = {
    "metadata rewritten": (jpeg(RGB, exif=named("camera")), jpeg(RGB, exif=named("organiser"))),
    "JPEG comment added": (SHOT, with_segment(SHOT, 0xFE, b"a comment")),
    "JPEG optimised without loss": (SHOT, jpeg(RGB, optimize=True)),
    "JPEG made progressive": (SHOT, jpeg(RGB, progressive=True)),
    "JPEG padded with zeros": (SHOT, SHOT + bytes(3_000_000)),
    "JPEG stored as PNG": (SHOT, png(SHOWN)),
    "PNG compressed anew": (png(RGB, compress_level=1), png(RGB, compress_level=9)),
    "PNG text added": (png(RGB), with_chunk(png(RGB), b"tEXt", b"Comment\0" + bytes(9000))),
    "PNG of the usual gamma": (png(RGB), with_chunk(png(RGB), b"gAMA", struct.pack(">I", 45455))),
    "PNG and BMP": (png(RGB), encoded(Image.fromarray(RGB), "BMP")),
    "PNG and TIFF": (png(RGB), encoded(Image.fromarray(RGB), "TIFF", compression="tiff_lzw")),
    "PNG and lossless WebP": (png(RGB), encoded(Image.fromarray(RGB), "WEBP", lossless=True)),
    "alpha in PNG and WebP": (
        png(ALPHA),
        encoded(Image.fromarray(ALPHA), "WEBP", lossless=True, exact=True),
    ),
    "palette written out": (
        png(FEW),
        encoded(Image.fromarray(FEW).quantize(256, dither=Image.Dither.NONE), "PNG"),
    ),
    "grey as equal colours": (png(GREY), png(np.dstack([GREY] * 3))),
    "one bit as eight": (
        encoded(Image.fromarray(GREY > 99), "PNG"),
        png(((GREY > 99) * 255).astype(np.uint8)),
    ),
    "alpha opaque throughout": (png(RGB), png(np.dstack([RGB, np.full_like(GREY, 255)]))),
    "turned by EXIF and in store": (
        jpeg(RGB, exif=turned_by_exif(6)),
        png(np.asarray(decoded(SHOT).transpose(Image.Transpose.ROTATE_270))),
    ),
    "TIFF turned and PNG": (
        encoded(Image.fromarray(RGB), "TIFF", exif=turned_by_exif(8)),
        png(np.rot90(RGB)),
    ),
    "profile kept": (jpeg(RGB, icc_profile=SRGB), png(SHOWN, icc_profile=SRGB)),
    "16-bit grey in PNG and TIFF": (
        deep_png(DEEP[..., :1]),
        encoded(Image.fromarray(DEEP[..., 0]), "TIFF"),
    ),
    "16-bit colour in PNG and TIFF": (deep_png(DEEP[..., :3]), deep_tiff(DEEP[..., :3])),
    "TIFF of the other byte order": (
        deep_tiff(DEEP[..., :3]),
        deep_tiff(DEEP[..., :3], big_endian=True),
    ),
    "animation compressed anew": (
        encoded(decoded(animation("PNG", 250)), "PNG", save_all=True, compress_level=0),
        animation("PNG", 250),
    ),
    "AVIF padded": (AVIF, AVIF + box(b"free", bytes(50))),
    "HEIF padded": (HEIF, HEIF + box(b"free", bytes(50))),
    "appended film with both": (
        with_segment(SHOT, 0xFE, b"c") + b"ftypmp42 a film",
        SHOT + b"ftypmp42 a film",
    ),
}

LOW_BYTE = DEEP.copy()
LOW_BYTE[5, 6, 1] ^= 1
ONE_PIXEL = RGB.copy()
ONE_PIXEL[-1, -1, 2] ^= 1
BELOW = ALPHA.copy()
BELOW[BELOW[..., 3] == 0] ^= np.array([1, 0, 0, 0], np.uint8)

DIFFERENT: dict[str, tuple[bytes, bytes]] = {
    "one pixel by one level": (png(RGB), png(ONE_PIXEL)),
    "JPEG saved again": (SHOT, jpeg(SHOWN, quality=85)),
    "lossy WebP": (png(RGB), encoded(Image.fromarray(RGB), "WEBP", quality=90)),
    "other shape of equal data": (png(RGB), png(RGB.reshape(53, 37, 3))),
    "last frame of a GIF": (animation("GIF", 250), animation("GIF", 251)),
    "last frame of a WebP": (animation("WEBP", 250), animation("WEBP", 40)),
    "one frame more": (animation("PNG", 250), png(np.zeros((10, 20), np.uint8))),
    "frame times": (animation("GIF", 250), animation("GIF", 250, duration=50)),
    "layers in a TIFF": (
        encoded(Image.fromarray(RGB), "TIFF"),
        encoded(Image.fromarray(RGB), "TIFF", tiffinfo=tagged(37724, b"8BIM layers")),
    ),
    "16 bits, transparent colour": (
        deep_png(DEEP[..., :3]),
        with_chunk(deep_png(DEEP[..., :3]), b"tRNS", DEEP[0, 0, :3].astype(">u2").tobytes()),
    ),
    "transparent colour": (png(RGB), with_chunk(png(RGB), b"tRNS", struct.pack(">3H", *RGB[0, 0]))),
    "second page of a TIFF": (
        encoded(Image.fromarray(RGB), "TIFF"),
        encoded(Image.fromarray(RGB), "TIFF", save_all=True, append_images=[Image.fromarray(GREY)]),
    ),
    "film appended": (SHOT, SHOT + b"ftypmp42 a film"),
    "film after padding": (SHOT + bytes(70), SHOT + bytes(70) + b"x"),
    "another film": (SHOT + b"ftypmp42 one film", SHOT + b"ftypmp42 two film"),
    "data behind a PNG": (png(RGB), png(RGB) + b"PK\x03\x04"),
    "data behind a GIF": (animation("GIF", 1), animation("GIF", 1) + b"!"),
    "data behind a WebP": (
        encoded(Image.fromarray(RGB), "WEBP"),
        encoded(Image.fromarray(RGB), "WEBP") + b"!",
    ),
    "data behind a BMP": (
        encoded(Image.fromarray(RGB), "BMP"),
        encoded(Image.fromarray(RGB), "BMP") + b"!",
    ),
    "film box in an AVIF": (AVIF, AVIF + box(b"mpvd", b"a film")),
    "film box in a HEIF": (HEIF, HEIF + box(b"mpvd", b"a film")),
    "another film box": (HEIF + box(b"mpvd", b"one film"), HEIF + box(b"mpvd", b"two film")),
    "long film box": (HEIF, HEIF + struct.pack(">I4sQ", 1, b"mpvd", 22) + b"a film"),
    "gain map in an AVIF": (AVIF, AVIF.replace(b"pixi", b"tmap", 1) + box(b"free", b"")),
    "second picture of an MPO": (
        SHOT,
        encoded(
            Image.fromarray(RGB),
            "MPO",
            quality=90,
            save_all=True,
            append_images=[Image.fromarray(RGB)],
        ),
    ),
    "gain map announced": (
        SHOT,
        with_segment(SHOT, 0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0"),
    ),
    "depth map in extended XMP": (
        SHOT,
        with_segment(SHOT, 0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(99)),
    ),
    "layers in a private chunk": (png(RGB), with_chunk(png(RGB), b"prVW", bytes(5000))),
    "profile dropped": (jpeg(RGB, icc_profile=SRGB), SHOT),
    "another profile": (png(RGB, icc_profile=SRGB), png(RGB, icc_profile=LAB)),
    "Adobe RGB by EXIF only": (
        SHOT,
        with_segment(SHOT, 0xE1, b"Exif\0\0II*\0...." + b"\1\0\2\0\4\0\0\0R03\0"),
    ),
    "another gamma": (png(RGB), with_chunk(png(RGB), b"gAMA", struct.pack(">I", 100000))),
    "HDR colours": (png(RGB), with_chunk(png(RGB), b"cICP", b"\x09\x10\0\1")),
    "16 bits, low byte, grey": (deep_png(DEEP[..., 1:2]), deep_png(LOW_BYTE[..., 1:2])),
    "16 bits, low byte, grey with alpha": (deep_png(DEEP[..., 1:3]), deep_png(LOW_BYTE[..., 1:3])),
    "16 bits, low byte, colour": (deep_png(DEEP[..., :3]), deep_png(LOW_BYTE[..., :3])),
    "16 bits, low byte, alpha": (deep_png(DEEP), deep_png(LOW_BYTE)),
    "16 bits, low byte, TIFF": (deep_tiff(DEEP[..., :3]), deep_tiff(LOW_BYTE[..., :3])),
    "16 bits reduced to 8": (
        deep_png(RGB.astype(np.uint16) * 257),
        png(RGB),
    ),
    "alpha": (png(ALPHA), png(np.dstack([RGB, ALPHA[..., 3] // 2]))),
    "alpha dropped": (png(ALPHA), png(RGB)),
    "colours under transparent pixels": (png(ALPHA), png(BELOW)),
    "shown alike over white": (png(ALPHA), png(np.asarray(Image.fromarray(ALPHA).convert("RGB")))),
    "CMYK and its RGB": (
        encoded(Image.fromarray(RGB).convert("CMYK"), "TIFF"),
        png(np.asarray(Image.fromarray(RGB).convert("CMYK").convert("RGB"))),
    ),
    "turned in store only": (SHOT, png(np.rot90(SHOWN))),
}


@pytest.mark.parametrize("name", SAME)
def test_equal_pixels_stay_equal(name: str, pixels_of: Callable[[bytes], bytes]) -> None:
    one, other = SAME[name]
    assert one != other
    assert pixels_of(one) == pixels_of(other)


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_difference_is_seen_in(name: str, pixels_of: Callable[[bytes], bytes]) -> None:
    one, other = DIFFERENT[name]
    assert pixels_of(one) != pixels_of(other)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_exif_turn_equals_the_turned_picture(
    orientation: int, pixels_of: Callable[[bytes], bytes]
) -> None:
    shot = jpeg(RGB, exif=turned_by_exif(orientation))
    shown = ImageOps.exif_transpose(decoded(shot))
    assert pixels_of(shot) == pixels_of(encoded(shown, "PNG", exif=Image.Exif()))


def test_too_many_frames_equal_their_own_bytes_only(
    pixels_of: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    film = animation("GIF", 250)
    noted = film[:-1] + b"!\xfe\x04note\0" + film[-1:]  # a comment block
    assert pixels_of(film) == pixels_of(noted)
    monkeypatch.setattr(digests, "FRAME_LIMIT", 3)
    assert pixels_of(film) == pixels_of(film)
    assert pixels_of(film) != pixels_of(noted)


def test_a_5000_frame_gif_is_decoded_up_to_the_limit_only(
    pixels_of: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [Image.new("1", (8, 8), number % 2) for number in range(5000)]
    film = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    seen: list[bool] = []
    real = digests._frame_digest

    def counted(image: Image.Image, *, deep: bool, low: bool) -> bytes:
        seen.append(deep)
        return real(image, deep=deep, low=low)

    monkeypatch.setattr(digests, "_frame_digest", counted)
    assert pixels_of(film) == pixels_of(film)
    assert 0 < len(seen) <= 2 * digests.FRAME_LIMIT


def test_too_many_pixels_equal_their_own_bytes_only(
    pixels_of: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "PIXEL_LIMIT", RGB[..., 0].size - 1)
    one, other = SAME["PNG compressed anew"]
    assert pixels_of(one) == pixels_of(one)
    assert pixels_of(one) != pixels_of(other)


def test_strips_do_not_change_the_digest(
    pixels_of: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [pixels_of(data) for data in (png(RGB), png(ALPHA), deep_png(DEEP))]
    monkeypatch.setattr(reduction, "STRIP_PIXELS", 100)
    assert [pixels_of(data) for data in (png(RGB), png(ALPHA), deep_png(DEEP))] == before


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"shopping list\n", "not a picture|text"),
        (SHOT[: len(SHOT) // 2], "ends too early"),
        (png(RGB)[:2000], "ends too early|damaged"),
        (png(RGB)[:29] + b"\xff" * 4 + png(RGB)[33:], "damaged"),
    ],
)
def test_a_damaged_file_is_unreadable(
    data: bytes, reason: str, pixels_of: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(UnreadableImage, match=reason):
        pixels_of(data)


def test_a_missing_file_is_unreadable_for_now(tmp_path: Path) -> None:
    for measure in (digest, pixel_digest):
        with pytest.raises(UnreadableImage) as caught:
            measure(str(tmp_path / "gone.jpg"))
        assert not caught.value.lasting


def test_a_file_that_changes_meanwhile_is_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(RGB))
    real = digests._frame_digest

    def grown(image: Image.Image, *, deep: bool, low: bool) -> bytes:
        with path.open("ab") as file:
            file.write(b"more")
        return real(image, deep=deep, low=low)

    monkeypatch.setattr(digests, "_frame_digest", grown)
    with pytest.raises(UnreadableImage, match="changed"):
        pixel_digest(str(path))


def test_random_bytes_behind_a_header_never_escape_as_other_errors(
    pixels_of: Callable[[bytes], bytes],
) -> None:
    rng = np.random.default_rng(3)
    exif = PngImagePlugin.PngInfo()
    exif.add_text("Comment", "x")
    whole = [SHOT, png(RGB, pnginfo=exif), animation("GIF", 9), animation("WEBP", 9)]
    whole += [encoded(Image.fromarray(RGB), "BMP"), deep_tiff(DEEP[..., :3])]
    whole += [encoded(Image.fromarray(RGB), "AVIF")]
    for _ in range(60):
        for data in whole:
            broken = bytearray(data)
            for at in rng.integers(3, len(data), rng.integers(1, 6)):
                broken[at] = rng.integers(256)
            with contextlib.suppress(UnreadableImage):
                assert len(pixels_of(bytes(broken))) == digests.DIGEST_BYTES
