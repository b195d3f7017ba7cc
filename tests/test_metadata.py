"""What a file says beside its pixels, and how little it takes to be ignored."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imageshelf.pictures import extras, metadata
from imageshelf.pictures.metadata import GPS, RATING, Tags
from tests.conftest import drawn

JANUARY_2020 = 1_577_836_800_000  # ms


def block(**tags: Any) -> bytes:
    """Return EXIF with the tags named as below."""
    exif = Image.Exif()
    for name, (directory, tag) in NAMES.items():
        if name in tags:
            (exif.get_ifd(directory) if directory else exif)[tag] = tags[name]
    return exif.tobytes()


NAMES = {
    "make": (None, 271),
    "model": (None, 272),
    "orientation": (None, 274),
    "rating": (None, 18246),
    "taken": (34665, 36867),
    "fraction": (34665, 37521),
    "latitude": (34853, 2),
    "gps_version": (34853, 0),
}

UNDERSTOOD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"orientation": 6}, {"orientation": 6, "has_orientation": True}),
    ({"orientation": 1}, {"orientation": 1, "has_orientation": True}),
    ({"orientation": 9}, {"has_orientation": True}),
    ({"taken": "2020:01:01 00:00:01"}, {"captured_at": JANUARY_2020 + 1000}),
    ({"taken": "2020-01-01 00:00:01"}, {"captured_at": JANUARY_2020 + 1000}),
    ({"taken": "2020:01:01 00:00:01", "fraction": "5"}, {"captured_at": JANUARY_2020 + 1500}),
    ({"taken": "2020:01:01 00:00:01", "fraction": "05"}, {"captured_at": JANUARY_2020 + 1050}),
    ({"taken": "2020:01:01 00:00:01", "fraction": "123456"}, {"captured_at": JANUARY_2020 + 1123}),
    ({"taken": "2020:01:01 00:00:01", "fraction": "x"}, {"captured_at": JANUARY_2020 + 1000}),
    ({"taken": "1969:12:31 23:59:59"}, {"captured_at": -1000}),
    ({"taken": "0000:00:00 00:00:00"}, {}),
    ({"taken": "    :  :     :  :  "}, {}),
    ({"taken": "yesterday"}, {}),
    ({"fraction": "5"}, {}),
    ({"make": "NIKON", "model": "D90"}, {"camera": "NIKON D90"}),
    ({"make": "NIKON CORPORATION", "model": "NIKON D90"}, {"camera": "NIKON D90"}),
    ({"make": "Canon  \0rest", "model": "EOS  5D "}, {"camera": "Canon EOS 5D"}),
    ({"model": "D\x1b[31m90"}, {"camera": "D[31m90"}),
    ({"model": "\x07\x08"}, {}),
    ({"make": "x" * 500}, {"camera": "x" * 80}),
    ({"rating": 4}, {"flags": RATING}),
    ({"rating": 0}, {}),
    ({"latitude": (1.0, 2.0, 3.0)}, {"flags": GPS}),
    ({"gps_version": b"\2\3\0\0"}, {}),
    ({"latitude": (1.0, 2.0, 3.0), "rating": 1}, {"flags": GPS | RATING}),
]


@pytest.mark.parametrize(("tags", "understood"), UNDERSTOOD)
def test_tags_are_understood(tags: dict[str, Any], understood: dict[str, Any]) -> None:
    assert metadata.exif_tags(block(**tags)) == Tags(**understood)


def test_both_byte_orders_are_read() -> None:
    for order in "<>":
        head = b"II*\0" if order == "<" else b"MM\0*"
        entries = struct.pack(order + "LH", 8, 2)
        entries += struct.pack(order + "HHLHxx", 274, 3, 1, 8)
        entries += struct.pack(order + "HHLL", 18246, 4, 1, 5)
        tags = metadata.exif_tags(head + entries + bytes(4))
        assert tags == Tags(8, has_orientation=True, flags=RATING)


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_stop_the_reader(junk: bytes) -> None:
    for head in (b"", b"Exif\0\0", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        assert 1 <= metadata.exif_tags(head + junk).orientation <= 8
        assert extras.picture_count(head + junk) >= extras.from_index(head + junk) // 8


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12))
def test_damaged_exif_gives_other_tags_or_none(seed: int, flips: int) -> None:
    random = np.random.default_rng(seed)
    whole = bytearray(block(make="NIKON", orientation=6, taken="2020:01:01 00:00:01", latitude=1.0))
    for at in random.integers(0, len(whole), flips):
        whole[at] = random.integers(256)
    assert 1 <= metadata.exif_tags(bytes(whole)).orientation <= 8


def test_a_directory_that_names_itself_is_read_once() -> None:
    entry = struct.pack("<HHLL", 34665, 4, 1, 8)
    assert metadata.exif_tags(b"II*\0\x08\0\0\0\x01\0" + entry + bytes(4)) == Tags()


def test_hostile_counts_cost_nothing() -> None:
    asked: list[int] = []

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(size or 0)
            return super().read(size)

    entries = struct.pack("<HHLL", 272, 2, 2**32 - 1, 100) * 60_000
    metadata.tiff_tags(Counting(b"II*\0\x08\0\0\0\xff\xff" + entries))
    assert max(asked) <= 12 * metadata.MAX_TAGS


XMP = [
    (b'<x tiff:Orientation="6"/>', Tags(orientation=6)),
    (b"<tiff:Orientation>3</tiff:Orientation>", Tags(orientation=3)),
    (b'<x tiff:Orientation="0"/>', Tags()),
    (b'<x xmp:Rating="4"/>', Tags(flags=RATING)),
    (b"<xmp:Rating>5</xmp:Rating>", Tags(flags=RATING)),
    (b'<x xmp:Rating="0"/>', Tags()),
    (b"", Tags()),
]


@pytest.mark.parametrize(("packet", "understood"), XMP)
def test_xmp_completes_the_tags(packet: bytes, understood: Tags) -> None:
    assert metadata.with_xmp(Tags(), packet) == understood


def test_exif_decides_before_xmp() -> None:
    tags = metadata.with_xmp(Tags(8, has_orientation=True), b'tiff:Orientation="6"')
    assert tags.orientation == 8
    tags = metadata.with_xmp(Tags(1, has_orientation=True), b'tiff:Orientation="6"')
    assert tags.orientation == 1  # which is an answer


def test_exif_in_a_png_text_is_read() -> None:
    exif = block(orientation=6)
    image = drawn(1)
    image.info["Raw profile type exif"] = f"\nexif\n{len(exif):8}\n{exif.hex()}\n"
    assert metadata.embedded(image)[0].orientation == 6
    image.info["Raw profile type exif"] = "\nexif\n 8\nno hex\n"
    assert metadata.embedded(image)[0] == Tags()


def test_xmp_of_a_png_is_text() -> None:
    image = drawn(1)
    image.info["XML:com.adobe.xmp"] = '<x tiff:Orientation="6"/>'
    assert metadata.embedded(image)[0].orientation == 6


@pytest.mark.parametrize("quality", range(1, 101))
def test_the_quality_of_pillows_own_jpegs_is_found(quality: int) -> None:
    stream = io.BytesIO()
    drawn(1, (16, 16)).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as image:
        table = image.quantization[0]  # type: ignore[attr-defined]
    assert abs(metadata.jpeg_quality(table) - quality) <= (1 if quality < 3 else 0)


def test_the_quality_of_any_table_is_within_1_and_100() -> None:
    assert metadata.jpeg_quality([1] * 64) == 100
    assert metadata.jpeg_quality([65535] * 64) == 1
    assert 70 <= metadata.jpeg_quality([8] * 32 + [40] * 32) <= 80
