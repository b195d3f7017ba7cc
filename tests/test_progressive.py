"""A progressive JPEG's 1/8 luma, from its averages alone and from all of it, is the same."""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from imageshelf.pictures import decoding, images, progressive
from imageshelf.pictures.progressive import without_detail
from imageshelf.system.files import UnreadableImage
from tests.conftest import drawn

SIZES = [(576, 512), (577, 513), (583, 519), (600, 1031), (1280, 960), (2049, 600)]
SAMPLINGS = ["4:4:4", "4:2:2", "4:2:0"]
Segment = tuple[int, bytes]  # a marker, and its bytes with what follows up to the next


def encoded(picture: Image.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", progressive=True, **options)
    return stream.getvalue()


def eighth(data: bytes) -> tuple[tuple[int, int], bytes]:
    """Give the 1/8 luma as Pillow decodes it."""
    image = JpegImageFile(io.BytesIO(data))
    image.draft("L", (72, 64))
    assert (image.mode, image.decoderconfig) == ("L", (8, 0))
    image.load()
    return image.size, image.tobytes()


def segments(data: bytes) -> list[Segment]:
    """Take a well-formed file apart, its first marker left out."""
    cuts, at = [], 2
    while data[at + 1] != progressive.END:
        cuts.append(at)
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == progressive.SCAN:
            found = progressive._NEXT_MARKER.search(data, end)
            assert found is not None
            end = found.start()
        at = end
    cuts.append(at)
    parts = [data[one:other] for one, other in itertools.pairwise([*cuts, len(data)])]
    return [(part[1], part) for part in parts]


def joined(parts: list[Segment]) -> bytes:
    return b"\xff\xd8" + b"".join(part for _, part in parts)


def of_scans(data: bytes) -> list[Segment]:
    return [part for part in segments(data) if part[0] == progressive.SCAN]


def outcome(data: bytes) -> tuple[Any, ...]:
    """Give what the catalogue would hold of a file: everything its decoder says, or why not."""
    try:
        decoded = decoding.decode(io.BytesIO(data), "a.jpg", full_decode=False)
    except UnreadableImage as exc:
        return exc.reason, exc.lasting, exc.other
    exact = decoded.exact
    return exact.picture.size, exact.picture.tobytes(), exact.box, decoded._replace(exact=None)  # type: ignore[arg-type]


def ordinary(data: bytes) -> tuple[Any, ...]:
    """Give the same where no file is ever made light."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progressive, "without_detail", lambda _: None)
        return outcome(data)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("quality", [100, 75, 12])
def test_the_luma_is_the_same_bit_for_bit(
    size: tuple[int, int], sampling: str, quality: int
) -> None:
    data = encoded(drawn(1, size), quality=quality, subsampling=sampling)
    light = without_detail(data)
    assert light is not None
    assert len(light) < len(data)
    assert eighth(light) == eighth(data)


@pytest.mark.parametrize("restart", [{"restart_marker_blocks": 7}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_restart_markers_and_grey_make_no_difference(restart: dict[str, int], mode: str) -> None:
    data = encoded(drawn(2, (800, 600)).convert(mode), **restart)
    light = without_detail(data)
    assert light is not None
    assert eighth(light) == eighth(data)


def test_most_of_a_camera_file_is_left_out() -> None:
    data = encoded(drawn(3, (1600, 1200)), quality=90)
    light = without_detail(data)
    assert light is not None
    assert len(light) < len(data) / 2


def test_other_orders_of_the_scans_give_the_same_luma() -> None:
    """Every order in which nothing is refined before it was sent, of a seeded twenty."""
    data = encoded(drawn(4, (640, 520)))
    parts = segments(data)
    first = next(n for n, (marker, _) in enumerate(parts) if marker == progressive.SCAN)
    groups: list[list[Segment]] = [[]]  # a scan with the tables before it
    for part in parts[first:-1]:
        groups[-1].append(part)
        if part[0] == progressive.SCAN:
            groups.append([])
    head, rest = groups[0], [group for group in groups[1:] if group]
    assert len(rest) == 9
    shuffle, orders = random.Random(1), 0  # seeded
    while orders < 20:
        mixed = shuffle.sample(rest, len(rest))
        if not _each_refinement_follows(head, mixed):
            continue
        orders += 1
        other = joined([*parts[:first], *head, *itertools.chain(*mixed), parts[-1]])
        light = without_detail(other)
        assert light is not None
        assert eighth(light) == eighth(other)


def _each_refinement_follows(head: list[Segment], groups: list[list[Segment]]) -> bool:
    at_hand: dict[tuple[bytes, int], int] = {}
    for _, scan in (head[-1], *(group[-1] for group in groups)):
        count = scan[4]
        low, high, bits = scan[5 + 2 * count : 8 + 2 * count]
        for key in ((scan[5 : 5 + 2 * count : 2][n : n + 1], k) for n in range(count)
                    for k in range(low, high + 1)):  # fmt: skip
            if at_hand.get(key, 0) != bits >> 4:
                return False
            at_hand[key] = bits & 15
    return True


@pytest.mark.parametrize("left_out", range(10))
def test_a_file_that_lacks_a_scan_is_the_same_as_ever(left_out: int) -> None:
    """Without a last refinement a decoder guesses detail from averages: the ordinary way."""
    data = encoded(drawn(5, (640, 520)))
    missing = of_scans(data)[left_out]
    fewer = joined([part for part in segments(data) if part != missing])
    assert len(fewer) < len(data)
    assert (without_detail(fewer) is None) == (left_out > 5)
    assert outcome(fewer) == ordinary(fewer)


def test_a_baseline_file_is_left_as_it_is() -> None:
    stream = io.BytesIO()
    drawn(6, (640, 520)).save(stream, "JPEG")
    assert without_detail(stream.getvalue()) is None


RGB = bytes.maketrans(b"\1\2\3", b"RGB")


def swapped(data: bytes, marker: int, change: Callable[[bytes], bytes]) -> bytes:
    """Give a file with its first such segment changed."""
    parts = segments(data)
    at = next(n for n, part in enumerate(parts) if part[0] == marker)
    return joined([*parts[:at], (marker, change(parts[at][1])), *parts[at + 1 :]])


ODD: dict[str, Callable[[bytes], bytes]] = {
    "arithmetic coding": lambda data: swapped(data, 0xC2, lambda part: b"\xff\xca" + part[2:]),
    "12 bits": lambda data: swapped(data, 0xC2, lambda part: part[:4] + b"\x0c" + part[5:]),
    "stored as RGB": lambda data: swapped(
        data, 0xC2, lambda part: part[:10] + part[10:].translate(RGB)
    ),
    "an Adobe file without luma": lambda data: (
        data[:2] + b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0" + data[2:]
    ),
    "chroma finer than luma": lambda data: swapped(
        data, 0xC2, lambda part: part[:11] + b"\x11" + part[12:14] + b"\x22" + part[15:]
    ),
    "a frame too many": lambda data: swapped(data, 0xC2, lambda part: part + part),
    "an unknown component": lambda data: swapped(
        data, 0xDA, lambda part: part[:5] + b"\x09" + part[6:]
    ),
    "a number of lines later": lambda data: swapped(
        data, 0xDA, lambda part: part + b"\xff\xdc\0\4\2\x08"
    ),
    "nothing in it": lambda _: b"\xff\xd8\xff\xd9",
    "nothing at all": lambda _: b"",
    "a gap between segments": lambda data: swapped(data, 0xDB, lambda part: part + b"\0"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ODD)
def test_what_is_odd_goes_the_ordinary_way(kind: str) -> None:
    data = ODD[kind](encoded(drawn(7, (640, 520))))
    assert without_detail(data) is None
    assert outcome(data) == ordinary(data)


def test_four_colours_go_the_ordinary_way() -> None:
    data = encoded(drawn(7, (640, 520)).convert("CMYK"))
    assert without_detail(data) is None
    assert outcome(data) == ordinary(data)


@pytest.mark.parametrize("cut", [30, 500, 5000])
def test_a_truncated_file_is_noticed(cut: int) -> None:
    data = encoded(drawn(8, (640, 520)))[:-cut]
    assert without_detail(data) is None
    assert outcome(data)[0] == "is a JPEG picture that ends too early"


@pytest.mark.parametrize("cut", [1, 2])
def test_a_file_that_lacks_only_its_end_marker_is_read(cut: int) -> None:
    data = encoded(drawn(8, (640, 520)))
    assert outcome(data[:-cut]) == outcome(data)


def test_what_follows_the_end_is_not_looked_at() -> None:
    data = encoded(drawn(8, (640, 520)))
    assert without_detail(data + b"\xff\xd8 a film") == without_detail(data)


def test_broken_tables_of_left_out_scans_are_refused_all_the_same() -> None:
    data = encoded(drawn(9, (640, 520)))
    parts = segments(data)
    at = max(n for n, (marker, _) in enumerate(parts) if marker == 0xC4)
    table = parts[at][1]
    lengths = b"\x03" + table[6:21]  # three codes of one bit
    parts[at] = (0xC4, table[:5] + lengths + table[21:])
    broken = joined(parts)
    assert outcome(broken) == ordinary(broken)
    assert "damaged" in outcome(broken)[0]


@pytest.mark.parametrize("place", [4, 5, 6, 7, 8, 9])  # components, id, table, band, bits
def test_a_scan_of_detail_is_refused_for_what_a_decoder_would_refuse(place: int) -> None:
    data = encoded(drawn(9, (576, 512)), quality=40)
    parts = segments(data)
    at = max(n for n, (marker, _) in enumerate(parts) if marker == 0xDA)
    start = 2 + sum(len(part) for _, part in parts[:at])
    assert joined(parts)[start : start + 2] == b"\xff\xda"
    for value in range(256):
        changed = bytearray(joined(parts))
        changed[start + place] = value
        assert outcome(bytes(changed)) == ordinary(bytes(changed)), value


def test_tables_of_detail_are_refused_for_what_a_decoder_would_refuse() -> None:
    data = encoded(drawn(9, (576, 512)), quality=40)
    parts = segments(data)
    at = max(n for n, (marker, _) in enumerate(parts) if marker == 0xC4)
    start = 2 + sum(len(part) for _, part in parts[:at])
    assert joined(parts)[start : start + 2] == b"\xff\xc4"
    for place in range(4, 21):  # class and number, and how many codes there are of each length
        for value in (0, 1, 2, 3, 4, 0x10, 0x11, 0x14, 0x20, 0x31, 255):
            changed = bytearray(joined(parts))
            changed[start + place] = value
            assert outcome(bytes(changed)) == ordinary(bytes(changed)), (place, value)


def test_tables_that_are_spoiled_after_their_last_use_do_no_harm() -> None:
    data = encoded(drawn(9, (576, 512)), quality=40)
    parts = segments(data)
    spoiled = (0xC4, b"\xff\xc4" + (2 + 17 + 3).to_bytes(2, "big") + b"\x10\3" + bytes(15 + 3))
    changed = joined([*parts[:-1], spoiled, parts[-1]])
    assert outcome(changed) == ordinary(changed) == outcome(data)


def test_the_index_is_the_same_as_without(tmp_path: Any) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(drawn(10, (1280, 960)), exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"))
    light = images.read(str(path), turned=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progressive, "without_detail", lambda _: None)
        assert images.read(str(path), turned=True) == light


def test_only_an_eighth_is_taken_from_the_averages(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(progressive, "without_detail", lambda data: asked.append(len(data)))
    for size, full_decode in (((575, 512), False), ((576, 511), False), ((576, 512), True)):
        data = encoded(drawn(11, size))
        decoding.decode(io.BytesIO(data), "", full_decode=full_decode)
    assert asked == []
    data = encoded(drawn(11, (576, 512)))
    decoding.decode(io.BytesIO(data), "", full_decode=False)
    assert asked == [len(data)]


def test_a_huge_file_goes_the_ordinary_way(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(drawn(11, (576, 512)))
    monkeypatch.setattr(decoding, "PROGRESSIVE_BYTES", len(data) - 1)
    monkeypatch.setattr(progressive, "without_detail", lambda _: 1 / 0)
    assert decoding.decode(io.BytesIO(data), "", full_decode=False).size == (576, 512)


SOUND = [
    encoded(drawn(12, (576, 512)), quality=60),
    encoded(drawn(13, (600, 520)).convert("L"), quality=30),
    encoded(drawn(14, (576, 520)), quality=40, restart_marker_rows=3),
]
STRUCTURE = [  # where a changed byte is no mere pixel
    [at for at, byte in enumerate(data[:-3]) if (byte == 0xFF and data[at + 1]) or at < 640]
    for data in SOUND
]


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_mutated_files_give_what_the_ordinary_way_gives(data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(SOUND) - 1))
    mutated = bytearray(SOUND[which])
    for _ in range(data.draw(st.integers(1, 4))):
        near = data.draw(st.sampled_from(STRUCTURE[which]))
        at = data.draw(st.sampled_from([near, near + 1, near + 3, near + 5, near + 9]))
        at = data.draw(st.integers(2, len(mutated) - 1) | st.just(min(at, len(mutated) - 1)))
        mutated[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        start = data.draw(st.integers(2, len(mutated)))
        end = data.draw(st.integers(start, len(mutated)))
        mutated[start:end] = data.draw(st.binary(max_size=8))
    changed = bytes(mutated)
    assert outcome(changed) == ordinary(changed)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_are_too_odd(junk: bytes) -> None:
    assert without_detail(junk) is None
    assert without_detail(SOUND[0][:300] + junk) is None
