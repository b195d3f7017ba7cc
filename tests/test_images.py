"""What `examine` makes of good, odd and bad files."""

from __future__ import annotations

import io
import os
import socket
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import pytest
from PIL import Image, ImageOps

from imageshelf.hashing.fingerprints import fingerprints, grid
from imageshelf.hashing.views import Sketch, Thumbnails
from imageshelf.pictures import decoding, extras, images, recipe
from imageshelf.pictures.reduction import ORIENTATIONS
from imageshelf.pictures.tasks import Picture, Refusal, Task
from imageshelf.system.files import UnreadableImage
from tests.conftest import drawn


def examined(path: Path | str, **options: Any) -> Picture:
    answer = images.examine(Task(str(path), **options))
    assert isinstance(answer, Picture), answer
    return answer


def refused(path: Path | str, **options: Any) -> Refusal:
    answer = images.examine(Task(str(path), **options))
    assert isinstance(answer, Refusal), answer
    return answer


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def row_distance(one: Picture, other: Picture) -> int:
    rows = fingerprints([one.whole, other.whole]).row.tolist()
    return int(rows[0] ^ rows[1]).bit_count()


def with_orientation(value: int) -> bytes:
    exif = Image.Exif()
    exif[274] = value
    return exif.tobytes()


@pytest.fixture
def put(tmp_path: Path) -> Any:
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


KINDS = [
    ("JPEG", {"quality": 92}, "JPEG"),
    ("JPEG", {"quality": 92, "progressive": True}, "JPEG"),
    ("PNG", {}, "PNG"),
    ("WEBP", {"quality": 92}, "WEBP"),
    ("WEBP", {"lossless": True}, "WEBP"),
    ("BMP", {}, "BMP"),
    ("TIFF", {}, "TIFF"),
    ("TIFF", {"compression": "tiff_lzw"}, "TIFF"),
    ("TIFF", {"compression": "jpeg"}, "TIFF"),
    ("AVIF", {"quality": 90}, "AVIF"),
    ("GIF", {}, "GIF"),
]


@pytest.mark.parametrize(("kind", "options", "name"), KINDS)
def test_one_picture_in_every_format_is_one_picture(
    put: Any, kind: str, options: dict[str, Any], name: str
) -> None:
    original = drawn(1, (640, 480))
    reference = examined(put("reference.png", encoded(original, "PNG")))
    picture = examined(put("file", encoded(original, kind, **options)))
    assert picture.facts.format == name
    assert (picture.facts.width, picture.facts.height) == (640, 480)
    assert picture.facts.bits == 8
    assert row_distance(picture, reference) <= 3


def test_a_heif_picture_is_read_through_its_plugin(put: Any) -> None:
    heif = pytest.importorskip("pillow_heif")
    original = drawn(1, (640, 480))
    stream = io.BytesIO()
    heif.from_pillow(original).save(stream, quality=90)
    picture = examined(put("IMG_1.HEIC", stream.getvalue()))
    reference = examined(put("reference.png", encoded(original, "PNG")))
    assert picture.facts.format == "HEIF"
    assert row_distance(picture, reference) <= 3


def test_a_heif_picture_without_the_plugin_says_what_to_install(
    put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    path = put("IMG_1.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))
    answer = refused(path)
    assert "install pillow-heif" in answer.reason
    assert answer.other == ""


def test_thumbnails_have_their_sizes(put: Any) -> None:
    picture = examined(put("a.jpg", encoded(drawn(2), "JPEG")))
    assert isinstance(picture.whole, Sketch)
    assert (len(picture.whole.pixels), len(picture.whole.row)) == (48 * 48, 72)
    assert picture.centre == (picture.whole.pixels, b"", True)
    exact = images.read(str(put("b.jpg", encoded(drawn(2), "JPEG"))), full_decode=True).whole
    assert isinstance(exact, Thumbnails)
    assert [len(each) for each in exact] == [72, 72, 1024]
    assert len(picture.luma) == 256
    assert picture.turned == ()


@pytest.mark.parametrize("size", [(640, 480), (3000, 2001), (1501, 1127), (97, 4001), (9, 8)])
def test_the_reduced_key_is_near_the_key_of_a_full_decode(put: Any, size: tuple[int, int]) -> None:
    path = put("a.jpg", encoded(drawn(3, size), "JPEG", quality=90))
    assert row_distance(examined(path), examined(path, full_decode=True)) <= 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_orientation_is_applied(put: Any, kind: str, orientation: int) -> None:
    stored = drawn(4, (403, 287))
    exif = with_orientation(orientation)
    path = put("a.x", encoded(stored, kind, quality=95, exif=exif))
    with Image.open(path) as image:
        shown = ImageOps.exif_transpose(image)
    upright = examined(put("b.png", encoded(shown, "PNG")))
    picture = examined(path)
    assert (picture.facts.width, picture.facts.height) == shown.size
    assert picture.facts.orientation == orientation
    assert row_distance(picture, upright) <= 2


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_turned_tiff_is_turned_once(put: Any, orientation: int) -> None:
    stored = drawn(4, (400, 300))
    path = put("a.tif", encoded(stored, "TIFF", tiffinfo={274: orientation}))
    turns = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270}
    turns[8] = Image.Transpose.ROTATE_90
    shown = stored.transpose(turns[orientation]) if orientation in turns else stored
    picture = examined(path)
    assert (picture.facts.width, picture.facts.height) == shown.size
    assert picture.facts.orientation == orientation
    assert row_distance(picture, examined(put("b.png", encoded(shown, "PNG")))) == 0


@pytest.mark.parametrize("number", range(1, 8))
def test_a_turned_query_looks_like_the_turned_file(put: Any, number: int) -> None:
    original = drawn(5, (1200, 803))
    path = put("query.jpg", encoded(original, "JPEG", quality=95))
    query = images.read(str(path), turned=True)
    assert len(query.turned) == 7
    name, turn = ORIENTATIONS[number]
    assert turn is not None
    match = examined(put("match.jpg", encoded(original.transpose(turn), "JPEG", quality=95)))
    turned = fingerprints([query.turned[number - 1], match.whole])
    for hashes in turned[:3]:
        one, other = hashes.tolist()
        assert (one ^ other).bit_count() <= 4, f"{name}\n{grid(one)}\n\n{grid(other)}"


TRANSPARENT = [
    ("RGBA", "PNG"),
    ("LA", "PNG"),
    ("RGBA", "WEBP"),
    ("P with alpha", "PNG"),
    ("P", "GIF"),
    ("L with a colour", "PNG"),
    ("RGB with a colour", "PNG"),
]


@pytest.mark.parametrize(("mode", "kind"), TRANSPARENT)
def test_transparency_is_shown_over_white(put: Any, mode: str, kind: str) -> None:
    size, options = (64, 64), dict[str, Any]()
    hidden = Image.new("L", size, 255)
    hidden.paste(0, (0, 0, 32, 64))  # the left half shows nothing
    if mode in {"RGBA", "LA"}:
        image = Image.new(mode[:-1], size, 0)
        image.putalpha(hidden)
        options = {"lossless": True} if kind == "WEBP" else {}
    elif mode.startswith("P"):
        image = hidden.convert("P")
        image.putpalette(bytes(768))
        options = {"transparency": bytes([0]) + b"\xff" * 255 if "alpha" in mode else 0}
    else:
        image = hidden.point(lambda level: 7 if level == 0 else 0).convert(mode.partition(" ")[0])
        options = {"transparency": 7 if mode.startswith("L") else (7, 7, 7)}
    picture = examined(put("a.x", encoded(image, kind, **options)))
    luma = np.frombuffer(picture.luma, np.uint8).reshape(16, 16)
    assert picture.facts.alpha
    assert luma[:, :6].min() > 250
    assert luma[:, 10:].max() < 5


def test_sixteen_bits_are_scaled_not_clipped(put: Any) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(1, 256).repeat(64, axis=0)
    for name, kind in (("a.png", "PNG"), ("a.tif", "TIFF")):
        picture = examined(put(name, encoded(Image.fromarray(ramp), kind)))
        luma = np.frombuffer(picture.luma, np.uint8).reshape(16, 16)[8].astype(int)
        assert np.abs(luma - np.linspace(8, 247, 16)).max() < 6
        assert picture.facts.bits == 16


@pytest.mark.parametrize("top", [1.0, 200.0, 40000.0, 1e6])
def test_float_samples_are_scaled_by_the_range_they_use(put: Any, top: float) -> None:
    ramp = np.linspace(0, top, 256, dtype=np.float32).reshape(1, 256).repeat(64, axis=0)
    picture = examined(put("a.tif", encoded(Image.fromarray(ramp), "TIFF")))
    luma = np.frombuffer(picture.luma, np.uint8).reshape(16, 16)[8].astype(int)
    assert (np.diff(luma) > 4).all()


def test_whole_number_samples_of_32_bits_are_scaled(put: Any) -> None:
    ramp = np.linspace(0, 2**30, 256).astype(np.int32).reshape(1, 256).repeat(64, axis=0)
    picture = examined(put("a.tif", encoded(Image.fromarray(ramp), "TIFF")))
    luma = np.frombuffer(picture.luma, np.uint8).reshape(16, 16)[8].astype(int)
    assert (np.diff(luma) > 4).all()


@pytest.mark.parametrize(("mode", "kind"), [("CMYK", "JPEG"), ("CMYK", "TIFF"), ("LAB", "TIFF")])
def test_other_colours_are_converted(put: Any, mode: str, kind: str) -> None:
    grey = drawn(6, (320, 240)).convert("L").convert("RGB")
    if mode == "LAB":
        flat = Image.new("L", grey.size, 128)
        image = Image.merge("LAB", (grey.getchannel(0), flat, flat))
    else:
        image = grey.convert(mode)
    picture = examined(put("a.x", encoded(image, kind)))
    reference = examined(put("b.png", encoded(grey, "PNG")))
    assert row_distance(picture, reference) <= 4


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_an_animation_is_its_first_frame(put: Any, kind: str) -> None:
    first, *rest = (drawn(seed) for seed in range(4))
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(first, kind, save_all=True, append_images=rest, **options)
    picture = examined(put("a.x", data))
    still = examined(put("b.x", encoded(first, kind, **options)))
    assert row_distance(picture, still) == 0
    assert picture.facts.frames == 4


def test_the_frames_of_a_long_gif_are_not_walked_through(
    put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import GifImagePlugin

    path = put("a.gif", encoded(drawn(1), "GIF", save_all=True, append_images=[drawn(2)] * 9))
    walked: list[int] = []
    whole = GifImagePlugin.GifImageFile._seek

    def seek(self: Any, frame: int, *rest: Any, **more: Any) -> None:
        walked.append(frame)
        whole(self, frame, *rest, **more)

    monkeypatch.setattr(GifImagePlugin.GifImageFile, "_seek", seek)
    examined(path)
    assert set(walked) == {0}


def test_an_mpo_is_its_first_picture_and_has_extras(put: Any) -> None:
    data = encoded(drawn(1), "MPO", save_all=True, append_images=[drawn(2)])
    picture = examined(put("a.jpg", data))
    assert (picture.facts.format, picture.facts.extras) == ("MPO", extras.PICTURES)
    assert row_distance(picture, examined(put("b.jpg", encoded(drawn(1), "JPEG")))) == 0


# ---- what is no picture


def test_content_decides_not_the_name(put: Any) -> None:
    assert examined(put("notes.txt", encoded(drawn(1), "JPEG"))).facts.format == "JPEG"
    assert examined(put("a.jpg", encoded(drawn(1), "PNG"))).facts.format == "PNG"


REFUSALS = [  # name, content, words of the reason, other
    ("a.jpg", b"", "is not a picture: it is an empty file", ""),
    ("a.jpg", b"Dear diary,\n", "is not a picture: it is text", ""),
    ("a.jpg", b"<html><body>404", "is not a picture: it is a web page", ""),
    ("a.jpg", b"%PDF-1.7\n", "is not a picture: it is a PDF document", ""),
    ("a.jpg", bytes(4096), "is not a picture: it is zero bytes", ""),
    ("a.jpg", b"\x93\x01\x02\xff" * 64, "is not a picture: it is no known format", ""),
    ("a.jpg", b"%!PS-Adobe-3.0 EPSF-3.0", "a PostScript file, a kind that is not read", ""),
    ("a.jpg", b"8BPS\0\x01" + bytes(64), "a Photoshop file of a kind that is not read: 0 bits", ""),
    ("a.psb", b"8BPS\0\x02" + bytes(64), "a large Photoshop file (PSB), a kind that is not", ""),
    ("a.jxr", b"II\xbc\x01" + bytes(64), "a JPEG XR picture, a kind that is not read", ""),
    ("notes.txt", b"Dear diary,\n", "is text", "document"),
    ("empty.txt", b"", "is an empty file", "document"),
    ("a.xmp", b"<x:xmpmeta>", "is text", "sidecar"),
    ("a.mov", b"\0\0\0\x14ftypqt  " + bytes(64), "is a video", "video"),
    ("a.mp4", bytes(64), "is zero bytes", "video"),
    ("a.zip", b"PK\x03\x04" + bytes(64), "is a zip archive", "archive"),
    ("no_name", b"\x93\x01\x02\xff" * 64, "is no known format", "file"),
    ("a.cr2", b"II*\0\x10\0\0\0CR\x02\0" + bytes(64), "camera RAW", ""),
    ("a.cr3", b"\0\0\0\x18ftypcrx " + bytes(64), "camera RAW", ""),
    ("a.raf", b"FUJIFILMCCD-RAW 0201" + bytes(64), "camera RAW", ""),
    ("a.rw2", b"IIU\0\x18\0\0\0" + bytes(64), "camera RAW", ""),
    ("a.orf", b"IIRO\x08\0\0\0" + bytes(64), "camera RAW", ""),
    ("disguised.jpg", b"FUJIFILMCCD-RAW 0201" + bytes(64), "camera RAW", "raw"),
]


@pytest.mark.parametrize(("name", "content", "words", "other"), REFUSALS)
def test_what_is_no_picture_is_told_in_words(
    put: Any, name: str, content: bytes, words: str, other: str
) -> None:
    answer = refused(put(name, content))
    assert words in answer.reason
    assert (answer.lasting, answer.other) == (True, other)


@pytest.mark.parametrize("name", ["a.nef", "a.ARW", "a.dng", "a.pef"])
def test_a_tiff_with_the_name_of_a_raw_is_no_tiff(put: Any, name: str) -> None:
    assert "is a camera RAW file" in refused(put(name, encoded(drawn(1), "TIFF"))).reason


@pytest.mark.parametrize("tags", [{50706: b"\x01\x04\0\0"}, {262: 32803}])
def test_a_raw_under_another_name_is_a_raw_by_its_tags(put: Any, tags: dict[int, Any]) -> None:
    entries = {256: 16, 257: 16, **tags}
    directory = struct.pack("<H", len(entries))
    for tag, value in sorted(entries.items()):
        kind = 1 if isinstance(value, bytes) else 3
        directory += struct.pack("<HHL", tag, kind, 4 if kind == 1 else 1)
        directory += value if isinstance(value, bytes) else struct.pack("<L", value)
    assert refused(put("a.tif", b"II*\0\x08\0\0\0" + directory + bytes(4))).other == "raw"


# ---- damage


CUTS = [10, 1000, 0.25, 0.5, 0.9]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("full_decode", [False, True])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_truncated_jpeg_is_noticed(
    put: Any, cut: float, full_decode: bool, progressive: bool
) -> None:
    data = encoded(drawn(1, (900, 700)), "JPEG", progressive=progressive)
    missing = cut if isinstance(cut, int) else int(cut * len(data))
    answer = refused(put("a.jpg", data[:-missing]), full_decode=full_decode)
    assert answer.reason == "is a JPEG picture that ends too early"
    assert answer.lasting


@pytest.mark.parametrize(("kind", "options", "name"), KINDS)
def test_half_a_file_is_refused_in_every_format(
    put: Any, kind: str, options: dict[str, Any], name: str
) -> None:
    data = encoded(drawn(1, (640, 480)), kind, **options)
    answer = refused(put("a.x", data[: len(data) // 2]))
    assert "ends too early" in answer.reason or "damaged" in answer.reason
    assert (answer.lasting, answer.other) == (True, "")


@pytest.mark.parametrize(("kind", "options", "name"), KINDS)
def test_flipped_bits_give_a_picture_or_a_reason(
    put: Any, kind: str, options: dict[str, Any], name: str
) -> None:
    random = np.random.default_rng(len(kind))
    data = encoded(drawn(1, (320, 240)), kind, **options)
    for _ in range(40):
        damaged = bytearray(data)
        for at in random.integers(0, len(data), 4):
            damaged[at] ^= 1 << random.integers(8)
        answer = images.examine(Task(str(put("a.x", bytes(damaged)))))
        assert isinstance(answer, Picture) or answer.reason


def test_a_flipped_bit_in_the_pixels_of_a_jpeg_is_still_a_picture(put: Any) -> None:
    data = bytearray(encoded(drawn(1, (640, 480)), "JPEG"))
    data[len(data) // 2] ^= 1
    examined(put("a.jpg", bytes(data)))


ODD_ORIENTATIONS = [  # TIFF's kind, count, value: what real files carry instead of 1 to 8
    (3, 1, b"\0\0"),
    (3, 1, b"\x09\0"),
    (3, 1, b"\xff\xff"),
    (3, 2, b"\x06\0\x06\0"),
    (2, 4, b"abc\0"),
    (2, 2, b"6\0"),
    (11, 1, b"\0\0\xc0\x7f"),
    (7, 1, b"\x06"),
]


@pytest.mark.parametrize(("kind", "count", "value"), ODD_ORIENTATIONS)
def test_an_orientation_that_is_none_is_ignored(
    put: Any, kind: int, count: int, value: bytes
) -> None:
    entry = struct.pack("<HHL4s", 274, kind, count, value)
    block = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + bytes(4)
    picture = examined(put("a.jpg", encoded(drawn(1), "JPEG", exif=block)))
    assert (picture.facts.width, picture.facts.orientation) == (160, 1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "block",
    [
        b"Exif\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 40,
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x08",
        b"Exif\0\0nonsense",
    ],
)
def test_broken_exif_never_stops_a_picture(put: Any, kind: str, block: bytes) -> None:
    picture = examined(put("a.x", encoded(drawn(1), kind, exif=block)))
    assert (picture.facts.width, picture.facts.captured_at) == (160, None)


def test_nothing_is_printed_about_odd_files(put: Any, capfd: pytest.CaptureFixture[str]) -> None:
    data = encoded(drawn(1).quantize(), "PNG", exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0junk")
    examined(put("a.png", data))
    refused(put("b.png", data[:60]))
    assert capfd.readouterr() == ("", "")


# ---- bombs


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data))


def png(width: int, height: int, *between: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(between) + pixels + chunk(b"IEND", b"")


def test_too_many_pixels_are_refused_with_the_numbers(put: Any) -> None:
    answer = refused(put("a.png", png(30_000, 20_000)))
    assert answer.reason == "is too large: 600 million pixels, more than the limit of 205 million"
    assert not answer.lasting  # the next run may have another limit


def test_the_memory_limit_decides_how_many_pixels_there_may_be(put: Any) -> None:
    before = Image.MAX_IMAGE_PIXELS
    large = drawn(1).resize((400, 251))
    for kind, _, _ in KINDS:
        path = str(put("a.x", encoded(large, kind)))
        answer = images.examine(Task(path, memory_limit_mb=1))  # 100,000 pixels
        assert isinstance(answer, Refusal), kind
        assert answer.reason.startswith("is too large: 0 million pixels, more than"), kind
        assert isinstance(images.examine(Task(path, memory_limit_mb=2)), Picture), kind
    assert before == Image.MAX_IMAGE_PIXELS
    assert decoding.pixel_limit() == 204_800_000


def test_a_phone_picture_of_108_million_pixels_is_read(put: Any) -> None:
    picture = examined(put("a.jpg", encoded(Image.new("L", (12_000, 9_000), 90), "JPEG")))
    assert (picture.facts.width, picture.facts.height) == (12_000, 9_000)


def test_a_text_chunk_bomb_is_left_out(put: Any) -> None:
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9))
    assert (
        examined(put("a.png", png(40, 20, text))).luma == examined(put("b.png", png(40, 20))).luma
    )
    assert "damaged" in refused(put("b.png", png(40, 25, text))).reason  # the pixels are too few


# ---- files


def test_a_missing_file_vanished(tmp_path: Path) -> None:
    assert refused(tmp_path / "gone.jpg") == Refusal("vanished before it could be read", False, "")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    answer = refused(tmp_path / "x.jpg")
    assert not answer.lasting
    assert answer.other == ""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_fifos_sockets_and_devices_do_not_hold_us_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.jpg")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(os.path.relpath(tmp_path / "socket.jpg"))
        for path in (tmp_path / "fifo.jpg", tmp_path / "socket.jpg", "/dev/zero"):
            assert refused(path) == Refusal("is not a regular file", False, "")


def test_a_link_loop_has_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to("b.jpg")
    (tmp_path / "b.jpg").symlink_to("a.jpg")
    assert refused(tmp_path / "a.jpg") == Refusal("is a link that leads in a circle", False, "")


def test_names_that_no_system_opens_have_a_reason(tmp_path: Path) -> None:
    assert "too long" in refused(tmp_path / ("a" * 5000)).reason
    assert "cannot be opened" in refused(str(tmp_path / "a\0b")).reason


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_an_unreadable_file_is_told_but_not_for_good(put: Any) -> None:  # pragma: no cover
    path = put("a.jpg", encoded(drawn(1), "JPEG"))
    path.chmod(0)
    assert refused(path) == Refusal("may not be read: permission denied", False, "")


def test_a_failing_disk_is_not_the_pictures_fault(
    put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(images, "decode", broken)
    answer = refused(put("a.jpg", encoded(drawn(1), "JPEG")))
    assert answer == Refusal("cannot be read: Input/output error", False, "")


def test_too_little_memory_is_not_the_pictures_fault(
    put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(images, "decode", greedy)
    answer = refused(put("a.jpg", encoded(drawn(1), "JPEG")))
    assert answer == Refusal("needs more memory than there is", False, "")


def test_a_file_that_is_not_as_the_scan_saw_it_has_changed(put: Any) -> None:
    path = put("a.jpg", encoded(drawn(1), "JPEG"))
    status = path.stat()
    examined(path, size_bytes=status.st_size, mtime_ns=status.st_mtime_ns)
    changed = Refusal("changed while being read", lasting=False, other="")
    assert refused(path, size_bytes=status.st_size + 1) == changed
    assert refused(path, mtime_ns=status.st_mtime_ns + 1) == changed


@pytest.mark.parametrize("cut", [0, 100])
def test_a_file_that_grows_while_it_is_read_has_changed(
    put: Any, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    data = encoded(drawn(1), "JPEG")
    path = put("a.jpg", data[: len(data) - cut])
    whole = decoding.decode

    def slow(*arguments: Any, **options: Any) -> Any:
        with path.open("ab") as file:
            file.write(b"more")
        return whole(*arguments, **options)

    monkeypatch.setattr(images, "decode", slow)
    assert refused(path) == Refusal("changed while being read", lasting=False, other="")


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are text there")
def test_a_name_that_is_not_utf8_is_read(put: Any, tmp_path: Path) -> None:
    name = os.fsencode(put("a.jpg", encoded(drawn(1), "JPEG")))
    os.rename(name, os.fsencode(tmp_path) + b"/\xff\n'.jpg")
    examined(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n'.jpg"))


def test_a_look_is_an_examination_in_all_orientations(put: Any) -> None:
    task = Task(str(put("a.jpg", encoded(drawn(1), "JPEG"))))
    seen = images.examine(task, turned=True)
    assert isinstance(seen, Picture)
    assert len(seen.turned) == 7
    assert seen._replace(turned=()) == images.examine(task)
    text = Task(str(put("a.txt", b"text")))
    assert images.examine(text, turned=True) == images.examine(text)


def test_read_raises_what_examine_returns(put: Any) -> None:
    with pytest.raises(UnreadableImage, match="it is text") as caught:
        images.read(str(put("a.jpg", b"text")))
    assert (caught.value.lasting, caught.value.other) == (True, "")


# ---- the rules for worker processes


def test_workers_load_neither_numpy_nor_plugins() -> None:
    code = (
        "import sys, imageshelf.pictures.images\n"
        "print([n for n in sys.modules if n.split('.')[0] in ('numpy', 'imagehash', 'scipy',"
        " 'pillow_heif') or n.endswith('ImagePlugin')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['PIL.JpegImagePlugin']"


def test_decoders_name_the_versions() -> None:
    assert f"Pillow {PIL.__version__}" in recipe.decoders()
    assert "heif" in recipe.decoders().lower()


def test_a_decoder_of_no_listed_format_is_never_reached(put: Any) -> None:
    code = (
        "import sys\n"
        "from PIL import Image\n"
        "Image.init()\n"
        "reached = []\n"
        "def explode(name):\n"
        "    return lambda *a: reached.append(name)\n"
        "from imageshelf.pictures import decoding, images\n"
        "from imageshelf.pictures.tasks import Task\n"
        "for name in set(Image.OPEN) - set(decoding.PLUGINS) - {'JPEG'}:\n"
        "    Image.OPEN[name] = (explode(name), explode(name))\n"
        "for path in sys.argv[1:]:\n"
        "    images.examine(Task(path))\n"
        "print(reached)"
    )
    heads = [b"%!PS-Adobe-3.0", b"8BPS\0\1", b"\0\0\1\0", b"P6\n1 1\n255\nabc", b"\n\5\1\1", b"BMx"]
    paths = [str(put(f"{n}.jpg", head + bytes(200))) for n, head in enumerate(heads)]
    run = subprocess.run(
        [sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
