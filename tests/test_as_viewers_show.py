"""Pictures are read as viewers show them: turns, samples, transparency, and what else is inside."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from imageshelf.hashing.fingerprints import fingerprints
from imageshelf.pictures import images
from imageshelf.pictures.reduction import EXIF_TURNS
from imageshelf.pictures.tasks import Picture, Task
from tests.conftest import drawn

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SIZE = WIDTH, HEIGHT = 160, 120
SHOT = drawn(3, SIZE)
XMP_TURN = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def heif(image: Image.Image, **options: Any) -> bytes:
    plugin = pytest.importorskip("pillow_heif")
    stream = io.BytesIO()
    plugin.from_pillow(image).save(stream, quality=95, **options)
    return stream.getvalue()


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], str]:
    def write(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return write


def examined(path: str, **options: Any) -> Picture:
    answer = images.examine(Task(path, **options))
    assert isinstance(answer, Picture), answer
    return answer


def distance(one: Picture, other: Picture) -> int:
    rows = fingerprints([one.whole, other.whole]).row.tolist()
    return int(rows[0] ^ rows[1]).bit_count()


def tool(*names: str) -> str:
    """Return the path of an independent tool, or skip the test."""
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"{' or '.join(names)} is not installed")


# ---- samples


def packed(levels: NDArray[np.float64], bits: int, kind: int, order: str) -> bytes:
    """Return rows of levels from 0 to 1 as TIFF samples; `kind` is TIFF's sample format."""
    if kind == 3:
        return bytes(levels.astype(f"{order}f{bits // 8}").tobytes())
    if kind == 2:
        signed = np.rint(levels * (2**bits - 1) - 2 ** (bits - 1))
        return bytes(signed.astype(f"{order}i{bits // 8}").tobytes())
    whole = np.rint(levels * (2.0**bits - 1)).astype(np.uint64)
    if bits in {8, 16, 32}:
        return bytes(whole.astype(f"{order}u{bits // 8}").tobytes())
    if bits == 24:
        groups = whole.astype(">u8").view("u1").reshape(*whole.shape, 8)[..., 5:]
        ordered: NDArray[np.uint8] = groups[..., ::-1] if order == "<" else groups
        return ordered.tobytes()
    places = np.arange(bits - 1, -1, -1, dtype=np.uint64)
    digits = ((whole[..., None] >> places) & 1).astype("u1").reshape(len(whole), -1)
    return np.packbits(digits, axis=1).tobytes()


def tiff(tags: dict[int, Any], data: bytes, order: str = "<", kinds: Any = None) -> bytes:
    """Return a TIFF file of one strip; `kinds` are types other than SHORT and LONG."""
    kinds = kinds or {}
    codes = {1: "B", 3: "H", 4: "L", 6: "b", 8: "h", 9: "l", 16: "Q"}
    tags = {273: [8], 278: [HEIGHT], 279: [len(data)], 256: [WIDTH], 257: [HEIGHT], **tags}
    start = 8 + len(data) + len(data) % 2
    entries, values, place = b"", b"", start + 2 + 12 * len(tags) + 4
    for tag, numbers in sorted(tags.items()):
        kind = kinds.get(tag, 4 if tag in {273, 278, 279, 256, 257} else 3)
        value = struct.pack(f"{order}{len(numbers)}{codes[kind]}", *numbers)
        entries += struct.pack(order + "HHL", tag, kind, len(numbers))
        if len(value) > 4:
            entries += struct.pack(order + "L", place + len(values))
            values += value + bytes(len(value) % 2)
        else:
            entries += value.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", start)
    table = struct.pack(order + "H", len(tags)) + entries + bytes(4)
    return head + data + bytes(len(data) % 2) + table + values


GREY = np.asarray(SHOT.convert("L"))[..., None] / 255
RGB = np.asarray(SHOT.convert("RGB")) / 255
CMYK = np.asarray(SHOT.convert("CMYK")) / 255
LEVELS = {0: 1 - GREY, 1: GREY, 2: RGB, 5: CMYK}
DEPTHS = [(bits, 1) for bits in (7, 8, 10, 12, 14, 16, 24, 32)]
DEPTHS += [(8, 2), (16, 2), (32, 2), (16, 3), (32, 3), (64, 3)]


def layout(bits: int, kind: int, photometric: int, order: str, planar: int, alpha: int) -> bytes:
    """Return SHOT in such a layout; `alpha` is TIFF's kind of an opaque extra channel, or 0."""
    levels = LEVELS[photometric]
    if alpha:
        levels = np.concatenate([levels, np.ones((HEIGHT, WIDTH, 1))], axis=2)
    count = levels.shape[2]
    tags: dict[int, Any] = {258: [bits] * count, 259: [1], 262: [photometric], 277: [count]}
    tags |= {284: [planar], 339: [kind] * count} | ({338: [alpha]} if alpha else {})
    if planar == 1:
        return tiff(tags, packed(levels.reshape(HEIGHT, -1), bits, kind, order), order)
    planes = [packed(levels[..., n], bits, kind, order) for n in range(count)]
    starts = [8 + sum(map(len, planes[:n])) for n in range(count)]
    tags |= {273: starts, 279: [len(plane) for plane in planes]}
    return tiff(tags, b"".join(planes), order)


LAYOUTS = [
    (bits, kind, photometric, order, planar, alpha)
    for (bits, kind), photometric, order, planar, alpha in product(
        DEPTHS, (0, 1, 2), "<>", (1, 2), (0, 1, 2)
    )
    if planar == 1 or photometric == 2
]


@pytest.mark.parametrize(("bits", "kind"), DEPTHS)
@pytest.mark.parametrize("photometric", [0, 1, 2])
def test_samples_of_every_layout_are_read(put: Any, bits: int, kind: int, photometric: int) -> None:
    plain = SHOT if photometric == 2 else SHOT.convert("L")
    twin = examined(put("a.png", encoded(plain, "PNG")))
    for each in LAYOUTS:
        if each[:3] == (bits, kind, photometric):
            assert distance(examined(put("a.tif", layout(*each))), twin) <= 1, each


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("photometric", [0, 1])
def test_samples_of_few_bits_are_read(put: Any, bits: int, photometric: int) -> None:
    level = np.rint(GREY * (2**bits - 1)) / (2**bits - 1)
    coarse = Image.fromarray(np.rint(level[..., 0] * 255).astype(np.uint8))
    twin = examined(put("a.png", encoded(coarse, "PNG")))
    for order in "<>":
        path = put("a.tif", layout(bits, 1, photometric, order, 1, 0))
        assert distance(examined(path), twin) <= 1


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("bits", [16, 32])
def test_compressed_samples_are_read(put: Any, compression: str, bits: int) -> None:
    samples = np.rint(GREY[..., 0] * (2.0**bits - 1))
    if bits == 16:
        image = Image.fromarray(samples.astype(np.uint16))
        info = {262: 1}
    else:
        image = Image.fromarray((samples / 2).astype(np.int32))
        info = {262: 1, 339: 1}
    data = encoded(image, "TIFF", compression=compression, tiffinfo=info)
    twin = examined(put("a.png", encoded(SHOT.convert("L"), "PNG")))
    assert distance(examined(put("a.tif", data)), twin) <= 1


@pytest.mark.parametrize(
    "each",
    [(16, 1, 0, "<", 1, 0), (32, 1, 1, ">", 1, 0), (12, 1, 1, "<", 1, 0), (16, 1, 2, "<", 2, 0)],
)
def test_an_independent_tool_sees_the_same_samples(put: Any, tmp_path: Path, each: Any) -> None:
    path = put("a.tif", layout(*each))
    command = [tool("magick", "convert"), path, "-depth", "8", str(tmp_path / "b.png")]
    if subprocess.run(command, capture_output=True, check=False, timeout=60).returncode:
        pytest.skip("this ImageMagick does not read such a layout")
    assert distance(examined(path), examined(str(tmp_path / "b.png"))) <= 1


def test_libtiffs_own_tools_write_what_we_read(put: Any, tmp_path: Path) -> None:
    twin = examined(put("a.png", encoded(SHOT, "PNG")))
    path = put("a.tif", encoded(SHOT, "TIFF"))
    for number, options in enumerate((["-p", "separate"], ["-t"], ["-c", "lzw:2"], ["-B"], ["-8"])):
        target = tmp_path / f"{number}.tif"
        subprocess.run([tool("tiffcp"), *options, path, target], check=True, timeout=60)
        assert distance(examined(str(target)), twin) == 0, options


# ---- turns


UNUSUAL = [1, 4, 6, 8, 9, 16]  # BYTE, LONG, SBYTE, SSHORT, SLONG, LONG8
TURNED = SHOT.rotate(90, expand=True)


@pytest.mark.parametrize("kind", UNUSUAL)
def test_an_orientation_of_an_unusual_type_counts(put: Any, kind: int) -> None:
    data = np.asarray(TURNED).tobytes()
    tags = {256: [HEIGHT], 257: [WIDTH], 278: [WIDTH], 258: [8] * 3, 259: [1], 262: [2]}
    path = put("a.tif", tiff({**tags, 277: [3], 274: [6]}, data, kinds={274: kind}))
    picture = examined(path)
    assert (picture.facts.width, picture.facts.height) == SIZE
    assert distance(picture, examined(put("a.png", encoded(SHOT, "PNG")))) == 0


@pytest.mark.parametrize("tag", [256, 258, 262, 273, 277, 278, 279])
@pytest.mark.parametrize("kind", [1, 4, 8, 9])
def test_other_tags_of_an_unusual_type_count(put: Any, tag: int, kind: int) -> None:
    most = {1: 255, 8: 32767}.get(kind, 1 << 30)
    data = np.asarray(SHOT.convert("L")).tobytes()
    tags = {258: [8], 259: [1], 262: [1], 277: [1], 278: [HEIGHT], 279: [len(data)]}
    if max(tags.get(tag, [WIDTH])) > most:
        pytest.skip("the value does not fit into the type")
    path = put("a.tif", tiff(tags, data, kinds={tag: kind}))
    twin = examined(put("a.png", encoded(SHOT.convert("L"), "PNG")))
    assert distance(examined(path), twin) == 0


def test_a_bigtiff_is_turned_too(put: Any) -> None:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[274] = 6
    path = put("a.tif", encoded(TURNED, "TIFF", tiffinfo=info, big_tiff=True))
    assert distance(examined(path), examined(put("a.png", encoded(SHOT, "PNG")))) == 0


def exif(orientation: int | None, kind: int = 3) -> bytes:
    if orientation is None:
        return b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"
    value = struct.pack("<L", orientation)
    return b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHL", 274, kind, 1) + value + bytes(4)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(("tag", "shown"), [(None, 6), (1, 1), (6, 6), (8, 8)])
def test_xmp_turns_only_what_exif_says_nothing_of(
    put: Any, kind: str, tag: int | None, shown: int
) -> None:
    options: dict[str, Any] = {"exif": exif(tag)}
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP_TURN)
    else:
        options["xmp"] = XMP_TURN
    path = put("a.x", encoded(SHOT, kind, **options))
    assert examined(path).facts.orientation == shown


@pytest.mark.parametrize("tag", [(None, 3), (1, 3), (6, 3), (6, 1), (6, 4), (6, 16)])
@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_nothing_but_the_format_turns_heif_and_avif(
    put: Any, kind: str, tag: tuple[int | None, int]
) -> None:
    plain = heif(SHOT) if kind == "HEIF" else encoded(SHOT, "AVIF", quality=95)
    # Written with a tag of another number, which then becomes the orientation: no turn is stored.
    block, xmp = exif(*tag).replace(b"\x12\1", b"\x13\1"), XMP_TURN
    if kind == "HEIF":
        data = heif(SHOT, exif=block, xmp=xmp.replace(b"tiff:O", b"tiff:U"))
    else:
        data = encoded(SHOT, "AVIF", quality=95, exif=block, xmp=xmp.replace(b"tiff:O", b"tiff:U"))
    data = data.replace(block[6:], exif(*tag)[6:]).replace(b"tiff:U", b"tiff:O")
    assert exif(*tag)[6:] in data
    assert XMP_TURN in data
    picture = examined(put("a.x", data))
    assert picture.facts.orientation == 1
    assert distance(picture, examined(put("b.x", plain))) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_the_formats_own_turn_is_applied_once(
    put: Any, tmp_path: Path, kind: str, orientation: int
) -> None:
    stored = SHOT.copy()
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    data = encoded(stored, kind, quality=95, exif=exif(orientation)[6:])
    path = put("a.heic" if kind == "HEIF" else "a.avif", data)
    turn = EXIF_TURNS.get(orientation)
    shown = stored if turn is None else stored.transpose(turn)
    twin = examined(put("b.png", encoded(shown, "PNG")))
    assert distance(examined(path), twin) <= 2
    if kind == "HEIF" and (convert := shutil.which("heif-convert")):
        target = str(tmp_path / "c.png")
        subprocess.run([convert, path, target], check=True, capture_output=True)
        with Image.open(target) as image:  # it keeps the tag beside the turned pixels
            exported = put("d.png", encoded(Image.fromarray(np.asarray(image)), "PNG"))
        assert distance(examined(path), examined(exported)) <= 2


def test_an_avif_is_cropped_as_it_says(put: Any, tmp_path: Path) -> None:
    put("a.png", encoded(SHOT, "PNG"))
    crop = "100,1,80,1,-20,1,10,1"  # width, height, and the centre's distance from the centre
    command = [tool("avifenc"), "--clap", crop, "--min", "0", "--max", "8"]
    command += [str(tmp_path / name) for name in ("a.png", "a.avif")]
    if subprocess.run(command, capture_output=True, check=False, timeout=60).returncode:
        pytest.skip("this avifenc writes no crop")
    picture = examined(str(tmp_path / "a.avif"))
    cut = SHOT.crop((10, 30, 110, 110))
    assert (picture.facts.width, picture.facts.height) == cut.size
    assert distance(picture, examined(put("b.png", encoded(cut, "PNG")))) <= 2


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
@pytest.mark.parametrize("block", [b"\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"nonsense" * 9])
def test_broken_exif_costs_no_heif_or_avif(put: Any, kind: str, block: bytes) -> None:
    if kind == "HEIF":
        data, plain = heif(SHOT, exif=block), heif(SHOT)
    else:
        good = exif(None) + bytes(80)
        plain = encoded(SHOT, "AVIF", quality=95)
        data = encoded(SHOT, "AVIF", quality=95, exif=good)
        data = data.replace(good[6:], block.ljust(len(good) - 6, b"\xff")[: len(good) - 6])
    assert distance(examined(put("a.x", data)), examined(put("b.x", plain))) == 0


# ---- transparency


def glyph(seed: int, level: int) -> Image.Image:
    """Return something of one level drawn on nothing."""
    image = Image.new("LA", (96, 96), (level, 0))
    shape = drawn(seed, (96, 96)).convert("L").point(lambda value: 255 if value > 128 else 0)
    image.putalpha(shape)
    return image


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_white_glyphs_on_nothing_are_not_all_alike(put: Any, kind: str) -> None:
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    one, other = (
        examined(put(f"{seed}.x", encoded(glyph(seed, 255).convert("RGBA"), kind, **options)))
        for seed in (1, 2)
    )
    assert distance(one, other) > 4
    black = Image.new("L", (96, 96), 0)
    black.paste(255, mask=glyph(1, 255).getchannel("A"))
    assert distance(one, examined(put("b.png", encoded(black, "PNG")))) == 0


@pytest.mark.parametrize("level", [0, 90, 200])
def test_all_others_stay_on_white(put: Any, level: int) -> None:
    white = Image.new("L", (96, 96), 255)
    white.paste(level, mask=glyph(1, level).getchannel("A"))
    picture = examined(put("a.png", encoded(glyph(1, level), "PNG")))
    assert picture.luma == examined(put("b.png", encoded(white, "PNG"))).luma
