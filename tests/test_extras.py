"""What a file holds besides its picture is noted, each kind for itself, in every format."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import pytest
from PIL.PngImagePlugin import PngInfo

from imageshelf.pictures import boxes, extras, images
from imageshelf.pictures.extras import DEPTH, FILM, GAIN_MAP, PICTURES, UNKNOWN
from imageshelf.pictures.metadata import Facts
from imageshelf.pictures.tasks import Picture, Task
from imageshelf.shelf.records import Entry, picture_row, picture_values
from tests.conftest import drawn, encoded
from tests.shelf_entries import entry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHOT = drawn(1, (303, 202))


@pytest.fixture
def facts(tmp_path: Path) -> Callable[[bytes], Facts]:
    def read(data: bytes) -> Facts:
        (tmp_path / "a.x").write_bytes(data)
        picture = images.examine(Task(str(tmp_path / "a.x")))
        assert isinstance(picture, Picture), picture
        return picture.facts

    return read


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


PACKETS = [
    (b'<GCamera:x GCamera:MotionPhoto="1"/>', FILM),
    (b"<GCamera:MotionPhoto>1</GCamera:MotionPhoto>", FILM),
    (b'<GCamera:x GCamera:MotionPhoto="0"/>', 0),
    (b'<x GCamera:MicroVideo="1"/>', FILM),
    (b'<x GAudio:Mime="audio/mp4"/>', FILM),
    (b'<x hdrgm:Version="1.0"/>', GAIN_MAP),
    (b'<x GDepth:Format="RangeInverse"/>', DEPTH),
    (b'<x Item:Semantic="GainMap"/><x Item:Semantic="MotionPhoto"/>', GAIN_MAP | FILM),
    (b'<x Item:Semantic="Depth"/><x Item:Semantic="Original"/>', DEPTH | PICTURES),
    (b'<x Item:Semantic="Primary"/>', 0),
]


@pytest.mark.parametrize(("packet", "noted"), PACKETS)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "PNG", "HEIF"])
def test_xmp_tells_in_every_format(facts: Any, kind: str, packet: bytes, noted: int) -> None:
    options: dict[str, Any] = {"xmp": packet}
    if kind == "PNG":
        options = {"pnginfo": PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", packet)
    assert facts(encoded(SHOT, kind, **options)).extras == noted


URNS = [
    (b"urn:com:apple:photo:2020:aux:hdrgainmap", GAIN_MAP),
    (b"urn:iso:std:iso:ts:21496:-1", GAIN_MAP),
    (b"urn:mpeg:hevc:2015:auxid:2", DEPTH),
    (b"urn:mpeg:mpegB:cicp:systems:auxiliary:depth", DEPTH),
    (b"urn:com:apple:photo:2018:aux:portraiteffectsmatte", PICTURES),
    (b"urn:mpeg:hevc:2015:auxid:1", 0),
    (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", 0),
]


@pytest.mark.parametrize(("urn", "noted"), URNS)
def test_boxes_tell_of_maps(urn: bytes, noted: int) -> None:
    auxiliary = box(b"auxC", bytes(4) + urn + b"\0")
    meta = box(b"meta", bytes(4) + box(b"iprp", box(b"ipco", auxiliary)))
    assert boxes.box_facts(io.BytesIO(box(b"ftyp", b"heic") + meta)).extras == noted


def trailer(*kinds: int, start: bytes = b"SEFH") -> bytes:
    """Return what Samsung's cameras append: a film, say, and the list of what was appended."""
    contents = [
        struct.pack("<HHL", 0, kind, 16) + b"MotionPhoto_Data" + b"a film" for kind in kinds
    ]
    entries, place = b"", sum(map(len, contents))
    for kind, content in zip(kinds, contents, strict=True):
        entries += struct.pack("<HHLL", 0, kind, place, len(content))
        place -= len(content)
    listed = start + struct.pack("<LL", 107, len(kinds)) + entries
    return b"".join(contents) + listed + struct.pack("<L", len(listed)) + b"SEFT"


TRAILERS = [
    ((0x0A01, 0x0A30), FILM),
    ((0x0100,), FILM),
    ((0x0A01, 0x0B41, 0x0A20), DEPTH | PICTURES),
    ((0x0A01, 0x0AA1), 0),  # the time and the country only
    ((), 0),
]


@pytest.mark.parametrize(("kinds", "noted"), TRAILERS)
def test_samsungs_trailer_tells(facts: Any, kinds: tuple[int, ...], noted: int) -> None:
    assert facts(encoded(SHOT, "JPEG") + trailer(*kinds)).extras == noted
    heic = encoded(SHOT, "HEIF") + box(b"sefd", trailer(*kinds)) + box(b"free", b"a")
    assert facts(heic).extras == noted


@pytest.mark.parametrize("damaged", [trailer(0x0A30, start=b"xxxx"), b"\xff\xff\xff\xffSEFT"])
def test_a_trailer_that_cannot_be_read_counts_as_unknown(facts: Any, damaged: bytes) -> None:
    assert facts(encoded(SHOT, "JPEG") + damaged).extras == UNKNOWN


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_boxes_tell_of_films(facts: Any, kind: str) -> None:
    data = encoded(SHOT, kind)
    assert facts(data).extras == 0
    assert facts(data + box(b"free", b"a")).extras == 0
    assert facts(data + box(b"mpvd", b"a film")).extras == FILM


def test_a_gain_map_in_a_jpeg_is_noted(facts: Any) -> None:
    data = encoded(SHOT, "JPEG")
    name = b"urn:iso:std:iso:ts:21496:-1\0"
    part = b"\xff\xe2" + struct.pack(">H", len(name) + 2) + name
    assert facts(data).extras == 0
    assert facts(data[:2] + part + data[2:]).extras == GAIN_MAP


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("kinds", "noted"),
    [
        ((0x030000, 0x020002), DEPTH),
        ((0x030000, 0), PICTURES),
        ((0x030000, 0x010001), 0),  # a smaller version for televisions
        ((0x020003, 0x020003, 0x010002), PICTURES),
        ((0x030000,), 0),
        ((), PICTURES),  # no list, but a count of two
    ],
)
def test_the_index_of_an_mpo_tells_which_pictures(
    order: str, kinds: tuple[int, ...], noted: int
) -> None:
    listed = b"".join(struct.pack(order + "LLLHH", kind, 9, 9, 0, 0) for kind in kinds)
    index = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "LH", 8, 2)
    index += struct.pack(order + "HHLL", 0xB001, 4, 1, len(kinds) or 2)
    index += struct.pack(order + "HHLL", 0xB002, 7, len(listed), 38) + bytes(4) + listed
    assert extras.from_index(index) == noted


# ---- frames and pages


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF", "TIFF", "MPO"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_frames_and_pages_are_counted(facts: Any, kind: str, count: int) -> None:
    more = [drawn(number, SHOT.size) for number in range(2, count + 1)]
    found = facts(encoded(SHOT, kind, save_all=True, append_images=more))
    assert found.frames == (1 if kind == "MPO" else count)
    assert found.extras == (PICTURES if kind == "MPO" and more else 0)


def test_frames_of_a_damaged_animation_are_unknown(facts: Any) -> None:
    data = encoded(SHOT, "GIF", save_all=True, append_images=[drawn(2, SHOT.size)])
    assert facts(data[:-500]).frames is None


def pages(order: str, *kinds: int, big: bool, end: int = 0) -> bytes:
    """Return a TIFF file of directories of these kinds; `end` is where the last one points."""
    data = {"<": b"II", ">": b"MM"}[order]
    word = "Q" if big else "L"
    data += struct.pack(order + ("HHHQ" if big else "HL"), *((43, 8, 0, 16) if big else (42, 8)))
    for number, kind in enumerate(kinds, 1):
        data += struct.pack(order + ("Q" if big else "H"), 1)
        data += struct.pack(
            order + "HH" + word * 2, 254, 4, 1, kind if not big or order == "<" else kind << 32
        )
        place = len(data) + struct.calcsize("=" + word)
        data += struct.pack(order + word, place if number < len(kinds) else end)
    return data


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("big", [False, True])
def test_smaller_versions_and_masks_are_no_pages(order: str, big: bool) -> None:
    file = io.BytesIO(pages(order, 0, 1, 2, 4, 2, big=big))
    assert extras.tiff_pages(file) == 3


@pytest.mark.parametrize("end", [8, 10**6, 3])
def test_pages_that_never_end_are_counted_once(end: int) -> None:
    assert 1 <= extras.tiff_pages(io.BytesIO(pages("<", 0, 0, big=False, end=end))) <= 3


# ---- the catalogue


@pytest.mark.parametrize("noted", range(32))
def test_the_catalogue_keeps_each_kind(noted: int) -> None:
    stored: Entry = entry(b"a.jpg", 1, extras=noted)
    values = picture_values(1, None, stored)
    assert picture_row(values, stored.key).extras == noted


def test_rows_of_older_versions_tell_that_there_is_something() -> None:
    values = list(picture_values(1, None, entry(b"a.jpg", 1, extras=0)))
    values[14] |= 4
    assert picture_row(tuple(values), "0" * 16).extras == UNKNOWN
