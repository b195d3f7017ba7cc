"""What stands beside a picture never costs it; what lost data is told."""

from __future__ import annotations

import io
import random
import struct
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from imageshelf.pictures import completeness, images
from imageshelf.pictures.digests import pixel_digest
from imageshelf.pictures.header_facts import header_facts
from imageshelf.pictures.soundness import SoundnessTask, examine_soundness
from imageshelf.pictures.tasks import Picture, Refusal, Task
from imageshelf.pictures.thumbnails import ThumbnailTask, make_thumbnail
from imageshelf.system.files import stamp
from imageshelf.workers.pool import workers
from tests.conftest import drawn
from tests.test_extras import box, trailer
from tests.test_further_formats import photoshop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHOT = drawn(1, (403, 302))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


PNG = encoded(SHOT, "PNG")
JPEG = encoded(SHOT, "JPEG", quality=90)
PROGRESSIVE = encoded(drawn(2, (640, 520)), "JPEG", quality=90, progressive=True)
WEBP = encoded(SHOT, "WEBP", quality=90, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0")
TEXT = zlib.compress(b"step " * 500_000)


def chunk(kind: bytes, data: bytes, checksum: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + data) if checksum is None else checksum
    return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", checksum)


def segment(marker: int, data: bytes) -> bytes:
    return JPEG[:2] + struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data + JPEG[2:]


def with_chunk(*chunks: bytes, late: bool = False) -> bytes:
    at = len(PNG) - 12 if late else 33
    return PNG[:at] + b"".join(chunks) + PNG[at:]


def odd_webp(data: bytes) -> bytes:
    """Return a WebP file whose metadata are cut and whose length promises more."""
    at = data.find(b"EXIF")
    return data[:4] + struct.pack("<I", len(data) + 100) + data[8 : at + 4] + b"\xff\xff\0\0II"


BESIDE: dict[str, tuple[bytes, bytes]] = {  # name: the file, and its plain twin
    **{
        f"PNG {kind.decode()} of {len(data)} bytes{' late' * late}": (
            with_chunk(chunk(kind, data), late=late),
            PNG,
        )
        for late in (False, True)
        for kind in (
            b"iCCP",
            b"pHYs",
            b"gAMA",
            b"cHRM",
            b"sRGB",
            b"tEXt",
            b"zTXt",
            b"iTXt",
            b"eXIf",
        )
        for data in (b"", b"a", b"large\0\0" + TEXT, b"large\0\1\0\0\0" + TEXT, bytes(5))
    },
    **{
        f"PNG {kind.decode()} with a wrong sum": (with_chunk(chunk(kind, b"a\0b c", 7)), PNG)
        for kind in (b"tEXt", b"iCCP", b"pHYs", b"gAMA", b"prVt", b"acTL", b"tIME", b"bKGD")
    },
    "PNG without an end": (PNG[:-12], PNG),
    "PNG with an odd end": (PNG[:-7], PNG),
    "PNG with bytes after its end": (PNG + b"\0" * 99 + b"film", PNG),
    "PNG with an odd name of a chunk": (with_chunk(chunk(b"t\xffXt", b"a")), PNG),
    "PNG with an animation of nothing": (with_chunk(chunk(b"acTL", bytes(3))), PNG),
    **{
        f"JPEG segment {marker:x} {data!r}": (segment(marker, data), JPEG)
        for marker, contents in {
            0xE0: (b"", b"JFIF\0", b"JFXX\0"),
            0xE1: (b"", b"Exif\0\0", b"Exif\0\0II*", b"http://ns.adobe.com/xap/1.0/\0<"),
            0xE2: (b"ICC_PROFILE\0", b"ICC_PROFILE\0\1", b"MPF\0", b"MPF\0II*\0", b"FPXR\0"),
            0xED: (b"", b"Photoshop 3.0\0008BIM"),
            0xEE: (b"", b"Adobe", b"Adobe\0\x64\0"),
            0xFE: (b"",),
        }.items()
        for data in contents
    },
    "JPEG with a short JFIF header": (JPEG[:2] + b"\xff\xe0\0\7JFIF\0" + JPEG[20:], JPEG),
    "JPEG without an end": (JPEG[:-2], JPEG),
    "JPEG with half an end": (JPEG[:-1], JPEG),
    "JPEG without an end, padded": (JPEG[:-2] + bytes(300), JPEG),
    "JPEG with zeros after its end": (JPEG + bytes(100), JPEG),
    "JPEG with text after its end": (JPEG + b"stray bytes " * 9, JPEG),
    "JPEG with a line before its start": (b"\r\n" + JPEG, JPEG),
    "JPEG with zeros before its start": (bytes(512) + JPEG, JPEG),
    "JPEG after a head of text": (b"Content-Type: image/jpeg\r\n\r\n" + JPEG, JPEG),
    "JPEG with stray bytes between segments": (JPEG[:20] + b"\0\1\2" + JPEG[20:], JPEG),
    "progressive JPEG without an end": (PROGRESSIVE[:-2], PROGRESSIVE),
    "progressive JPEG with zeros after its end": (PROGRESSIVE + bytes(100), PROGRESSIVE),
    "WebP with cut metadata": (odd_webp(WEBP), WEBP),
    "WebP that promises more": (WEBP[:4] + b"\xff\xff\0\0" + WEBP[8:], WEBP),
}


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], str]:
    def write(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return write


def extension(data: bytes) -> str:
    return {b"\x89": ".png", b"R": ".webp"}.get(data[:1], ".jpg")


def examined(path: str, **options: Any) -> Picture:
    answer = images.examine(Task(path, **options))
    assert isinstance(answer, Picture), answer
    return answer


@pytest.mark.parametrize("name", BESIDE)
def test_what_stands_beside_a_picture_never_costs_it(put: Any, name: str) -> None:
    odd, plain = (put(f"{n}{extension(each)}", each) for n, each in enumerate(BESIDE[name]))
    for full_decode in (False, True):
        picture = examined(odd, full_decode=full_decode)
        twin = examined(plain, full_decode=full_decode)
        assert picture.whole == twin.whole
        assert picture.facts[5:10] == twin.facts[5:10]


@pytest.mark.parametrize("name", [name for name in BESIDE if "of 7" in name or "JPEG" in name])
def test_such_a_picture_is_sound_and_can_be_shown(put: Any, tmp_path: Path, name: str) -> None:
    path = put(f"a{extension(BESIDE[name][0])}", BESIDE[name][0])
    known = stamp((tmp_path / path).stat())
    for pixels in (False, True):
        assert examine_soundness(SoundnessTask(path, known, pixels)).problem == ""
    assert make_thumbnail(ThumbnailTask(0, path)).data
    assert len(pixel_digest(path)) == 32


def test_a_turn_survives_the_mending(put: Any) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHLL", 274, 3, 1, 6) + bytes(4)
    turned = encoded(SHOT, "JPEG", exif=exif)
    odd = turned[:2] + b"\xff\xe2\0\x0eICC_PROFILE\0" + turned[2:]
    assert examined(put("a.jpg", odd)).whole == examined(put("b.jpg", turned)).whole
    chunks = chunk(b"eXIf", exif[6:]), chunk(b"pHYs", b"")
    assert examined(put("a.png", with_chunk(*chunks))).facts.orientation == 6


def test_what_is_beside_a_broken_picture_is_no_excuse(put: Any) -> None:
    half = with_chunk(chunk(b"pHYs", b""))[: len(PNG) // 2]
    answer = images.examine(Task(put("a.png", half)))
    assert isinstance(answer, Refusal)
    assert answer.reason in {
        "is a PNG picture that is damaged",
        "is a PNG picture that ends too early",
    }


def test_the_limit_on_pixels_holds_beside_odd_parts(put: Any) -> None:
    odd = segment(0xEE, b"Adobe")
    answer = images.examine(Task(put("a.jpg", odd), memory_limit_mb=1))
    assert isinstance(answer, Refusal)
    assert answer.reason.startswith("is too large")


@pytest.mark.parametrize("name", ["a.txt", "song.mp3", "a.png", "a"])
def test_stray_bytes_are_skipped_in_a_file_with_a_jpegs_name_only(put: Any, name: str) -> None:
    assert isinstance(images.examine(Task(put(name, b"\0\1stray" + JPEG))), Refusal)


# ---- lost data


WAYS: dict[str, Callable[[bytes, int], bytes]] = {
    "closed": lambda kept, _: kept + b"\xff\xd9",
    "padded with zeros": lambda kept, lost: kept + bytes(lost),
    "padded with zeros and closed": lambda kept, lost: kept + bytes(lost) + b"\xff\xd9",
    "closed and padded with zeros": lambda kept, lost: kept + b"\xff\xd9" + bytes(lost),
    "padded with ones": lambda kept, lost: kept + b"\xff" * lost,
    "padded with spaces": lambda kept, lost: kept + b" " * lost + b"\xff\xd9",
}
CODINGS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "whole chroma": {"subsampling": 0, "quality": 95},
    "own tables": {"optimize": True},
    "restarts": {"restart_marker_blocks": 3},
    "rows of restarts": {"restart_marker_rows": 1},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("coding", CODINGS)
def test_a_jpeg_that_lost_its_end_is_told(put: Any, way: str, mode: str, coding: str) -> None:
    data = encoded(drawn(3, (350, 260)).convert(mode), "JPEG", **CODINGS[coding])
    for share in (0.5, 0.95):
        kept = int(share * len(data))
        path = put("a.jpg", WAYS[way](data[:kept], len(data) - kept))
        for full_decode in (False, True):
            answer = images.examine(Task(path, full_decode=full_decode))
            assert isinstance(answer, Refusal), (share, full_decode)
            assert answer.reason == "is a JPEG picture that ends too early"
            assert answer.lasting


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_progressive_jpeg_that_lost_its_end_is_never_sound(
    put: Any, tmp_path: Path, way: str, mode: str
) -> None:
    data = encoded(drawn(3, (350, 260)).convert(mode), "JPEG", progressive=True)
    for share in (0.1, 0.3, 0.5, 0.7, 0.95):
        kept = int(share * len(data))
        path = put("a.jpg", WAYS[way](data[:kept], len(data) - kept))
        known = stamp((tmp_path / "a.jpg").stat())
        problem = examine_soundness(SoundnessTask(path, known)).problem
        assert "ends too early" in problem or "damaged" in problem, share


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.4])
def test_a_progressive_jpeg_that_lost_scans_gets_no_key(put: Any, share: float) -> None:
    data = encoded(drawn(3, (350, 260)), "JPEG", progressive=True)
    answer = images.examine(Task(put("a.jpg", data[: int(share * len(data))] + b"\xff\xd9")))
    assert isinstance(answer, Refusal)


SOUND = [
    *(("JPEG", {**options, "quality": 60}) for options in CODINGS.values()),
    ("JPEG", {"progressive": True}),
    ("JPEG", {"progressive": True, "restart_marker_rows": 2}),
]


@pytest.mark.parametrize(("kind", "options"), SOUND)
@pytest.mark.parametrize("picture", ["grey", "white below", "black", "photo", "noise", "one pixel"])
def test_a_whole_jpeg_is_never_suspected(
    put: Any, tmp_path: Path, kind: str, options: dict[str, Any], picture: str
) -> None:
    image = {
        "grey": lambda: Image.new("RGB", (300, 200), (128, 128, 128)),
        "black": lambda: Image.new("RGB", (1000, 900), 0),
        "photo": lambda: drawn(5, (500, 375)),
        "noise": lambda: Image.effect_noise((300, 200), 90),
        "one pixel": lambda: Image.new("L", (1, 1), 128),
    }.get(picture, lambda: drawn(6, (300, 200)).crop((0, 0, 300, 900)))()
    if picture == "white below":
        image.paste("white", (0, 200, 300, 900))
    data = encoded(image, kind, **options)
    assert not completeness.lost_data(data)
    assert not completeness.lost_data(data[:-2])
    for each in (data, data[:-2], data + bytes(64)):
        path = put("a.jpg", each)
        examined(path)
        known = stamp((tmp_path / "a.jpg").stat())
        assert examine_soundness(SoundnessTask(path, known)).problem == ""


def test_a_whole_jpeg_is_decoded_once(monkeypatch: pytest.MonkeyPatch, put: Any) -> None:
    monkeypatch.setattr(completeness, "lost_data", lambda *_: 1 / 0)
    examined(put("a.jpg", JPEG))
    examined(put("b.jpg", PROGRESSIVE))
    examined(put("c.jpg", JPEG), full_decode=True)
    for padding in (bytes(100), b"\xff" * 100, bytes((1 << 16) - 1), bytes(200_000)):
        examined(put("d.jpg", JPEG + padding))
        examined(put("d.jpg", JPEG + padding + b"\xff\xd9"))


@pytest.mark.parametrize("padding", [16, 34, (1 << 16) - 2, (1 << 16) - 1, 1 << 16, 1 << 18])
def test_an_end_marker_before_padding_is_found(padding: int) -> None:
    for kept, ended in (
        (b"a\xff\xd9", True),
        (b"\xff\xd9", True),
        (b"a\xff\xd9a", False),
        (b"", False),
    ):
        for end in (b"", b"\xff\xd9"):
            data = kept + bytes(padding) + end
            assert completeness.ended_before_padding(io.BytesIO(data)) == ended


# ---- rare kinds


def patched(data: bytes, *changes: tuple[int, int]) -> bytes:
    changed = bytearray(data)
    for at, value in changes:
        changed[at] = value
    return bytes(changed)


FRAME = JPEG.find(b"\xff\xc0")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (patched(JPEG, (FRAME + 4, 12)), "12 bits per sample"),
        (patched(JPEG, (FRAME + 1, 0xC3)), "lossless JPEG"),
        (patched(JPEG, (FRAME + 1, 0xC5)), "hierarchical JPEG"),
    ],
)
def test_a_jpeg_of_a_rare_kind_is_not_called_damaged(put: Any, data: bytes, words: str) -> None:
    answer = images.examine(Task(put("a.jpg", data)))
    assert isinstance(answer, Refusal)
    assert answer.reason == f"is a JPEG picture of a kind that is not read: {words}"


# ---- mutations


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return a file with a few bytes changed, left out or doubled, mostly in its head."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        most = len(changed) if chance.random() < 0.3 else min(len(changed), 700)
        at = chance.randrange(most)
        what = chance.randrange(4)
        if what == 0:
            changed[at] = chance.randrange(256)
        elif what == 1:
            del changed[at : at + chance.randint(1, 40)]
        elif what == 2:
            changed[at:at] = changed[at : at + chance.randint(1, 40)]
        else:
            changed[at : at + 4] = chance.randbytes(4)
    return bytes(changed) or b"\0"


def boxed(kind: str) -> bytes:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    return encoded(SHOT, kind, exif=b"II*\0\x08\0\0\0\0\0\0\0\0\0", xmp=b"<x/>")


def several(kind: str) -> bytes:
    more = [drawn(2, SHOT.size)]  # new ones: an encoder leaves its settings on them
    return encoded(SHOT.copy(), kind, save_all=True, append_images=more)


def deep_tiff() -> bytes:
    samples = np.asarray(SHOT.convert("L")).astype(np.int32) << 22
    return encoded(Image.fromarray(samples), "TIFF", compression="tiff_lzw", tiffinfo={339: 1})


@pytest.mark.parametrize("count", [1000, pytest.param(10_000, marks=pytest.mark.stress)])
def test_a_run_over_mutated_files_always_ends_well(tmp_path: Path, count: int) -> None:
    chance = random.Random(count)
    originals = [odd for odd, _ in BESIDE.values() if len(odd) < 100_000]
    originals += [boxed("HEIF"), boxed("AVIF"), deep_tiff(), encoded(SHOT, "TIFF"), PROGRESSIVE]
    originals += [JPEG + trailer(0x0A01, 0x0A30), boxed("HEIF") + box(b"sefd", trailer(0x0A30))]
    originals += [several(kind) for kind in ("GIF", "MPO", "TIFF", "AVIF", "WEBP")]
    originals += [encoded(SHOT, "JPEG2000"), photoshop(SHOT, [(1058, b"II*\0"), (1060, b"<x/>")])]
    with suppress(ImportError):
        import pillow_jxl.JpegXLImagePlugin  # noqa: F401

        originals += [encoded(SHOT, "JXL", use_container=whole) for whole in (False, True)]
    paths = [str(tmp_path / f"{number}.jpg") for number in range(count)]
    for path in paths:
        with open(path, "wb") as file:
            file.write(mutated(chance.choice(originals), chance))
    run: Any
    with workers("imageshelf.pictures.images:examine", jobs=2, time_limit_s=20) as run:
        answers = list(run(map(Task, paths)))
    assert sorted(task.path for task, _ in answers) == sorted(paths)
    for task, answer in answers:
        assert isinstance(answer, (Picture, Refusal)), (task, answer)  # none Lost: no crash
    read = sum(isinstance(answer, Picture) for _, answer in answers)
    assert 0.2 * count < read < count
    for path in paths:
        with open(path, "rb") as file:
            header_facts(file)
