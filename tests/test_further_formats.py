"""JPEG 2000, JPEG XL and Photoshop files: the key of their plain twin, and what is in the file."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from imageshelf.hashing.fingerprints import fingerprints
from imageshelf.pictures import extras, images, plugin_gaps
from imageshelf.pictures.annotated_file import read_picture
from imageshelf.pictures.colour import colour_picture
from imageshelf.pictures.digests import pixel_digest_of
from imageshelf.pictures.look_tasks import ColourTask
from imageshelf.pictures.tasks import Picture, Refusal, Task
from tests.conftest import drawn, encoded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHOT = drawn(1, (403, 302))
LARGE = drawn(2, (1603, 1202))
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
    b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:xmp='
    b'"http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
)


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[274] = orientation
    block.get_ifd(0x8769)[36867] = "2019:07:30 14:05:09"
    return block.tobytes().removeprefix(b"Exif\0\0")


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def photoshop(
    picture: Image.Image,
    resources: Sequence[tuple[int, bytes]] = (),
    *,
    layers: bytes = b"",
    depth: int = 8,
    packed: bool = False,
) -> bytes:
    """Return a Photoshop file (version 1), its samples raw or `packed`."""
    kind = {"L": 1, "RGB": 3, "RGBA": 3, "CMYK": 4, "LAB": 9}[picture.mode]
    header = struct.pack(
        ">4sH6xHIIHH",
        b"8BPS",
        1,
        len(picture.getbands()),
        picture.height,
        picture.width,
        depth,
        kind,
    )
    blocks = b"".join(
        struct.pack(">4sHH", b"8BIM", number, 0)
        + struct.pack(">I", len(data))
        + data
        + bytes(len(data) % 2)
        for number, data in resources
    )
    section = struct.pack(">I", len(layers)) + layers if layers else b""
    bands = [band.tobytes() for band in picture.split()]
    if picture.mode == "CMYK":
        bands = [bytes(255 - value for value in band) for band in bands]
    samples = b"\0\0" + b"".join(bands)
    if packed:
        lines = [_packed(band[at : at + picture.width]) for band in bands
                 for at in range(0, len(band), picture.width)]  # fmt: skip
        lengths = struct.pack(f">{len(lines)}H", *map(len, lines))
        samples = b"\0\1" + lengths + b"".join(lines)
    parts = [struct.pack(">I", len(part)) + part for part in (b"", blocks, section)]
    return header + b"".join(parts) + samples


def _packed(line: bytes) -> bytes:
    """Return a line as PackBits, whose runs are all literal."""
    pieces = (line[at : at + 128] for at in range(0, len(line), 128))
    return b"".join(bytes([len(piece) - 1]) + piece for piece in pieces)


def jxl(picture: Image.Image, **options: Any) -> bytes:
    pytest.importorskip("pillow_jxl.JpegXLImagePlugin")
    return encoded(picture, "JXL", **options)


def examined(folder: Path, data: bytes, *, full_decode: bool = False) -> Picture:
    path = folder / f"{len(list(folder.iterdir()))}.bin"
    path.write_bytes(data)
    answer = images.examine(Task(str(path), full_decode=full_decode))
    assert isinstance(answer, Picture), answer
    return answer


def refused(folder: Path, data: bytes) -> str:
    (folder / "bad").write_bytes(data)
    answer = images.examine(Task(str(folder / "bad")))
    assert isinstance(answer, Refusal), answer
    return answer.reason


def bits_apart(*pictures: Picture) -> int:
    rows = fingerprints([picture.whole for picture in pictures]).row.tolist()
    return int(rows[0] ^ rows[1]).bit_count()


def same(folder: Path, data: bytes, twin: Image.Image) -> Picture:
    """Return a picture that has the key and the size of its plain twin."""
    ours, plain = examined(folder, data), examined(folder, encoded(twin, "PNG"))
    assert bits_apart(ours, plain) <= 1
    assert ours.facts[6:8] == plain.facts[6:8] == twin.size
    return ours


WAVELETS: dict[str, dict[str, Any]] = {
    "lossless": {},
    "a bare codestream": {"no_jp2": True},
    "lossy": {"irreversible": True, "quality_mode": "rates", "quality_layers": [30]},
    "tiles": {"tile_size": (256, 256)},
    "one resolution": {"num_resolutions": 1},
}


@pytest.mark.parametrize("how", WAVELETS)
def test_jpeg_2000_is_read_at_the_resolution_that_does(how: str, tmp_path: Path) -> None:
    data = encoded(LARGE, "JPEG2000", **WAVELETS[how])
    found = same(tmp_path, data, LARGE)
    assert (found.facts.format, found.facts.bits, found.facts.frames) == ("JPEG2000", 8, 1)
    assert bits_apart(found, examined(tmp_path, data, full_decode=True)) <= 1
    (tmp_path / "a").write_bytes(data)
    reduced = colour_picture(ColourTask(str(tmp_path / "a"), 256))
    assert (reduced.width, reduced.height, reduced.size) == (256, 192, LARGE.size)


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA"])
def test_jpeg_2000_of_other_modes_is_read(mode: str, tmp_path: Path) -> None:
    same(tmp_path, encoded(SHOT.convert(mode), "JPEG2000"), SHOT.convert(mode))


def test_jpeg_2000_of_16_bits_is_read(tmp_path: Path) -> None:
    deep = Image.fromarray(np.asarray(SHOT.convert("L")).astype(np.uint16) * 257)
    assert same(tmp_path, encoded(deep, "JPEG2000"), SHOT.convert("L")).facts.bits == 16


def test_exif_and_xmp_of_jpeg_2000_count(tmp_path: Path) -> None:
    attached = box(b"uuid", b"JpgTiffExif->JP2" + exif(6)) + box(
        b"uuid", plugin_gaps._XMP_UUID + XMP
    )
    data = encoded(SHOT, "JPEG2000") + attached
    found = same(tmp_path, data, SHOT.transpose(Image.Transpose.ROTATE_270))
    assert found.facts.captured_at
    (tmp_path / "a.jp2").write_bytes(data)
    assert read_picture(str(tmp_path / "a.jp2")).rating == 4


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK"])
def test_photoshop_files_show_their_composite(mode: str, tmp_path: Path) -> None:
    twin = SHOT.convert(mode)
    found = same(tmp_path, photoshop(twin), twin.convert("RGB") if mode == "CMYK" else twin)
    assert (found.facts.format, found.facts.extras, found.facts.frames) == ("PSD", 0, 1)


def test_what_is_in_a_photoshop_file_is_noted(tmp_path: Path) -> None:
    resources = [(1058, exif(8)), (1060, XMP), (1057, struct.pack(">IB", 1, 1) + b"xyz")]
    data = photoshop(SHOT, resources, layers=struct.pack(">IH", 2, 0))
    found = same(tmp_path, data, SHOT.transpose(Image.Transpose.ROTATE_90))
    assert found.facts.extras == extras.LAYERS
    assert found.facts.captured_at
    (tmp_path / "a.psd").write_bytes(data)
    assert read_picture(str(tmp_path / "a.psd")).rating == 4


def test_photoshop_files_without_a_composite_are_refused(tmp_path: Path) -> None:
    data = photoshop(SHOT, [(1057, struct.pack(">IB", 1, 0))])
    assert "without a picture of its layers" in refused(tmp_path, data)
    assert refused(tmp_path, photoshop(SHOT, depth=16)).endswith("not read: 16 bits per sample")
    assert "PSB" in refused(tmp_path, b"8BPS\0\2" + bytes(99))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA"])
def test_jpeg_xl_is_read(mode: str, tmp_path: Path) -> None:
    twin = SHOT.convert(mode)
    found = same(tmp_path, jxl(twin, lossless=True), twin)
    assert (found.facts.format, found.facts.bits, found.facts.frames) == ("JXL", 8, 1)


def test_a_jpeg_xl_file_turns_its_picture_itself(tmp_path: Path) -> None:
    upright = SHOT.transpose(Image.Transpose.ROTATE_270)
    same(tmp_path, jxl(SHOT, exif=exif(6), use_container=True), SHOT)  # EXIF says nothing there
    (tmp_path / "a.jpg").write_bytes(encoded(SHOT, "JPEG", exif=b"Exif\0\0" + exif(6), quality=92))
    for options in ((), ("--lossless_jpeg=0",)):  # the JPEG in another dress, and its pixels anew
        same(tmp_path, converted(tmp_path, "a.jpg", *options), upright)


def test_jpeg_xl_of_more_bits_and_frames_is_told(tmp_path: Path) -> None:
    deep = Image.fromarray(np.asarray(SHOT.convert("L")).astype(np.uint16) * 257)
    assert same(tmp_path, jxl(deep, lossless=True), SHOT.convert("L")).facts.bits == 16
    SHOT.save(tmp_path / "a.gif", save_all=True, append_images=[LARGE.resize(SHOT.size)])
    moving = examined(tmp_path, converted(tmp_path, "a.gif"))
    assert moving.facts.frames is None  # more than one, but nobody counts them


def test_packets_of_a_jpeg_xl_file_count(tmp_path: Path) -> None:
    data = jxl(SHOT, use_container=True) + box(b"xml ", XMP)
    (tmp_path / "a.jxl").write_bytes(data)
    assert read_picture(str(tmp_path / "a.jxl")).rating == 4
    assert examined(tmp_path, data + box(b"brob", b"xml ?")).facts.extras == extras.UNKNOWN


def converted(folder: Path, name: str, *options: str) -> bytes:
    """Return a file as JPEG XL's own encoder converts it."""
    if shutil.which("cjxl") is None:
        pytest.skip("cjxl (Debian: libjxl-tools) is not installed")
    subprocess.run(
        ["cjxl", folder / name, folder / "converted.jxl", *options], check=True, capture_output=True
    )
    return (folder / "converted.jxl").read_bytes()


@pytest.mark.parametrize("size", [(8, 8), (64, 64), (403, 302), (1600, 900), (300, 200), (9, 600)])
@pytest.mark.parametrize("container", [False, True])
def test_the_size_of_a_jpeg_xl_picture_is_known_beforehand(
    size: tuple[int, int], container: bool
) -> None:
    data = jxl(SHOT.resize(size), use_container=container)
    assert plugin_gaps.jxl_header(io.BytesIO(data)) == plugin_gaps.JxlHeader(size, 8, False)


def test_a_jpeg_xl_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    pytest.importorskip("pillow_jxl")
    # Not small, 2^30 rows in 30 bits, as many columns (ratio 1): SizeHeader of ISO/IEC 18181-1.
    bits = 0 | 3 << 1 | (2**30 - 1) << 3 | 1 << 33
    bomb = b"\xff\x0a" + bits.to_bytes(8, "little") + bytes(50)
    assert "is too large: 1,152,921,504,607 million pixels" in refused(tmp_path, bomb)


@pytest.mark.parametrize("cut", range(2, 12))
def test_a_short_header_tells_nothing(cut: int) -> None:
    plugin_gaps.jxl_header(io.BytesIO((b"\xff\x0a" + bytes([6] * 12))[:cut]))
    assert plugin_gaps.jxl_header(io.BytesIO(b"\xff\x0a")) is None


def test_without_the_plug_in_the_remedy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_jxl.JpegXLImagePlugin", None)
    assert refused(tmp_path, b"\xff\x0a" + bytes(99)) == (
        "is a JPEG XL picture: install pillow-jxl-plugin"
    )


@pytest.mark.parametrize("kind", ["JPEG2000", "PSD", "JXL"])
def test_pixels_are_compared_by_no_digest(kind: str) -> None:
    """Their files may hold layers and more bits than are decoded: only equal bytes are equal."""
    data = {"JPEG2000": lambda: encoded(SHOT, "JPEG2000"), "PSD": lambda: photoshop(SHOT)}
    made = data.get(kind, lambda: jxl(SHOT))()
    digests = {pixel_digest_of(io.BytesIO(made + more), "a") for more in (b"", b"\0", b"\0\0")}
    assert len(digests) == 3
