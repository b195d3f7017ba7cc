"""Pairs of files, drawn, with the one to keep and the sentence that says why.

`PAIRS` maps a name to what draws a pair into a folder, the file that stays, the reason, and what
becomes of the other: "goes", or the beginning of the sentence that lets both stay.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageFilter, ImageOps
from PIL.PngImagePlugin import PngInfo

from tests.conftest import drawn

SIZE = (480, 360)
AGE_NS = 10**18
DAY_NS = 86_400 * 10**9
GOES = "goes"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"m" * 2000
MOTION = b'<rdf:Description xmlns:GCamera="g" GCamera:MotionPhoto="1"/>'
CANON = [8, 7, 7, 8, 6, 11, 9, 9, 13, 9, 9, 9, 13, 18, 18, 21] * 4  # tables no libjpeg writes


Drawing = Callable[[Path, Image.Image], object]


class PairOfFiles(NamedTuple):
    draw: Drawing
    keeps: str
    reason: str
    other: str = GOES


def photo(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Return broad patches with the grain of a sensor, which an enlarged copy has not."""
    rng = np.random.default_rng(seed)
    grain = rng.normal(0, 9, (*size[::-1], 3))
    return Image.fromarray(np.clip(np.asarray(drawn(seed, size)) + grain, 0, 255).astype(np.uint8))


def save(path: Path, picture: Image.Image, age_ns: int = AGE_NS, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **{"quality": 90, **options})
    os.utime(path, ns=(age_ns, age_ns))
    return path


def copy(source: Path, name: str, *, add: bytes = b"", tail: bytes = b"", age: int = 0) -> Path:
    """Copy a JPEG file byte for byte, with a segment after its start, or bytes behind its end."""
    data = source.read_bytes()
    path = source.parent / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data[:2] + add + data[2:] + tail)
    os.utime(path, ns=(AGE_NS + age, AGE_NS + age))
    return path


def segment(marker: int, content: bytes) -> bytes:
    return bytes([255, marker]) + (len(content) + 2).to_bytes(2, "big") + content


def xmp(body: bytes) -> bytes:
    rdf = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    meta = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    return segment(0xE1, XMP + meta + rdf + body + b"</rdf:RDF></x:xmpmeta>")


def subject(*words: str) -> bytes:
    listed = b"".join(b"<rdf:li>" + word.encode() + b"</rdf:li>" for word in words)
    return (
        b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        b"<dc:subject><rdf:Bag>" + listed + b"</rdf:Bag></dc:subject></rdf:Description>"
    )


def rating(stars: int) -> bytes:
    return (
        b'<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="'
        + str(stars).encode()
        + b'"/>'
    )


def iptc(*fields: tuple[int, str]) -> bytes:
    data = b"".join(
        b"\x1c\2" + bytes([number]) + len(text).to_bytes(2, "big") + text.encode()
        for number, text in fields
    )
    data += b"\0" * (len(data) % 2)
    head = b"Photoshop 3.0\x008BIM\4\4\0\0" + len(data).to_bytes(4, "big")
    return segment(0xED, head + data)


def exif(
    *,
    size: tuple[int, int] | None = None,
    camera: str = "Box 1",
    date: str = "2019:07:30 14:05:09",
    gps: bool = False,
    software: str = "",
    thumbnail: Image.Image | None = None,
) -> bytes:
    """Return the EXIF block that a camera writes."""
    block = Image.Exif()
    block[271] = camera
    if software:
        block[305] = software
    more = block.get_ifd(0x8769)
    more[36867] = date
    if size:
        more[40962], more[40963] = size
    if gps:
        place = block.get_ifd(0x8825)
        place[1], place[2], place[3], place[4] = "N", (52.0, 30.0, 0.0), "E", (13.0, 24.0, 0.0)
    data = block.tobytes()
    return with_thumbnail(data, thumbnail) if thumbnail else data


def with_thumbnail(block: bytes, thumbnail: Image.Image) -> bytes:
    """Return an EXIF block with a second directory that leads to a small JPEG."""
    file = io.BytesIO()
    thumbnail.resize((160, 120)).save(file, "JPEG")
    body = bytearray(block.removeprefix(b"Exif\0\0"))
    order = "little" if body[:2] == b"II" else "big"
    first = int.from_bytes(body[4:8], order)  # type: ignore[arg-type]
    count = int.from_bytes(body[first : first + 2], order)  # type: ignore[arg-type]
    after = first + 2 + 12 * count
    start = len(body)
    body[after : after + 4] = start.to_bytes(4, order)  # type: ignore[arg-type]
    at = start + 2 + 2 * 12 + 4
    entries = ((513, at), (514, len(file.getvalue())))
    directory = len(entries).to_bytes(2, order)  # type: ignore[arg-type]
    for tag, value in entries:
        for number, width in ((tag, 2), (4, 2), (1, 4), (value, 4)):
            directory += number.to_bytes(width, order)  # type: ignore[arg-type]
    return b"Exif\0\0" + bytes(body) + directory + bytes(4) + file.getvalue()


# -- what stays because it has more ---------------------------------------------------------------


def pages(folder: Path, picture: Image.Image) -> None:
    more = [photo(90 + n) for n in range(3)]
    save(folder / "all.tif", picture, save_all=True, append_images=more)
    save(folder / "first.tif", picture, AGE_NS - DAY_NS)


def frames(folder: Path, picture: Image.Image, still: str = "still.png") -> None:
    flat = [one.quantize(64) for one in (picture, photo(91), photo(92))]
    save(folder / "moving.gif", flat[0], save_all=True, append_images=flat[1:], duration=100)
    save(folder / still, flat[0].convert("RGB"), AGE_NS - DAY_NS)


def webp_frames(folder: Path, picture: Image.Image) -> None:
    save(folder / "a.webp", picture, save_all=True, append_images=[photo(93)], duration=100)
    save(folder / "a.jpg", picture, AGE_NS - DAY_NS)


def animation_and_large(folder: Path, picture: Image.Image) -> None:
    flat = [picture.quantize(64), photo(91).quantize(64)]
    save(folder / "moving.gif", flat[0], save_all=True, append_images=flat[1:], duration=100)
    large = flat[0].convert("RGB").resize((1440, 1080), Image.Resampling.LANCZOS)
    save(folder / "large.png", large)


def inside(announced: bytes, tail: bytes = FILM) -> Drawing:
    def draw(folder: Path, picture: Image.Image) -> None:
        still = save(folder / "still.jpg", picture, AGE_NS - DAY_NS)
        copy(still, "more.jpg", add=xmp(announced), tail=tail)

    return draw


def sixteen_bits(folder: Path, picture: Image.Image) -> None:
    grey = np.asarray(picture.convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(folder / "deep.png")
    save(folder / "flat.png", picture.convert("L"))


def grey_copy(folder: Path, picture: Image.Image) -> None:
    save(folder / "colour.jpg", picture, quality=80)
    save(folder / "grey.jpg", picture.convert("L"), AGE_NS - DAY_NS, quality=95)


def larger_grey(folder: Path, picture: Image.Image) -> None:
    save(folder / "colour.jpg", picture.resize((240, 180), Image.Resampling.LANCZOS))
    save(folder / "grey.jpg", picture.convert("L"))


def bordered(folder: Path, picture: Image.Image) -> None:
    """A white border adds no pixels to the picture that it surrounds."""
    save(folder / "shot.jpg", picture, AGE_NS - DAY_NS)
    save(folder / "in white.jpg", ImageOps.expand(picture, picture.width // 20, "white"))


def letterboxed(folder: Path, picture: Image.Image) -> None:
    """Saved at a better quality, what was framed is no better than what it was made from."""
    save(folder / "shot.jpg", picture, AGE_NS - DAY_NS, quality=92)
    save(folder / "for a wall.jpg", ImageOps.expand(picture, (0, 24), "black"), quality=97)


def trimmed(folder: Path, picture: Image.Image) -> None:
    save(folder / "whole.jpg", picture, quality=80)
    part = picture.crop((12, 9, 468, 351))
    save(folder / "part.jpg", part, AGE_NS - DAY_NS, quality=95)


def companion(name: str, *, both: str = "") -> Drawing:
    """Draw equal files a/x.jpg and b/x.jpg; beside that in b lies a file of this name."""

    def draw(folder: Path, picture: Image.Image) -> None:
        first = save(folder / "a/x.jpg", picture)
        copy(first, "../b/x.jpg")
        (folder / "b" / name).write_text("only here")
        if both:
            (folder / "a" / both).write_text("only there")

    return draw


def equal_companions(folder: Path, picture: Image.Image) -> None:
    companion("x.xmp")(folder, picture)
    shutil.copyfile(folder / "b/x.xmp", folder / "a/x.xmp")


# -- what the camera wrote ------------------------------------------------------------------------


def against_camera(other: Drawing, **options: Any) -> Drawing:
    """Draw z-camera.jpg as a camera writes it, with a thumbnail, and another file."""

    def draw(folder: Path, picture: Image.Image) -> None:
        block = exif(size=picture.size, thumbnail=picture)
        save(folder / "z-camera.jpg", picture, exif=block, **options)
        other(folder, picture)

    return draw


def png_of_it(folder: Path, _: Image.Image) -> None:
    with Image.open(folder / "z-camera.jpg") as file:
        save(folder / "a.png", file.convert("RGB"), AGE_NS - DAY_NS)


def saved(name: str, change: Callable[[Image.Image], Image.Image] = lambda p: p,
          **options: Any) -> Drawing:  # fmt: skip
    def draw(folder: Path, picture: Image.Image) -> None:
        save(folder / name, change(picture), AGE_NS - DAY_NS, **options)

    return draw


def enlarged(times: float, way: Image.Resampling) -> Callable[[Image.Image], Image.Image]:
    def change(picture: Image.Image) -> Image.Image:
        return picture.resize((round(picture.width * times), round(picture.height * times)), way)

    return change


def enlarged_file(name: str, times: float, way: Image.Resampling, **options: Any) -> Drawing:
    """Draw what a program makes of a file that is there."""

    def draw(folder: Path, _: Image.Image) -> None:
        with Image.open(folder / name) as file:
            large = enlarged(times, way)(file)
        save(folder / "a.jpg", large, AGE_NS - DAY_NS, **options)

    return draw


def enlarged_and_saved_better(folder: Path, picture: Image.Image) -> None:
    save(folder / "z.jpg", picture, AGE_NS - 2 * DAY_NS, exif=exif())
    enlarged_file("z.jpg", 2, WAYS.BICUBIC, exif=exif(), quality=97)(folder, picture)


def png_of_a_plain_file(folder: Path, picture: Image.Image) -> None:
    with Image.open(save(folder / "z.jpg", picture, AGE_NS - DAY_NS)) as file:
        save(folder / "a.png", file.convert("RGB"))


def edited_with(software: str) -> Drawing:
    def draw(folder: Path, picture: Image.Image) -> None:
        block = exif(size=picture.size, software=software)
        save(folder / "a.jpg", picture, AGE_NS - DAY_NS, exif=block, quality=97)

    return draw


def resized_with_exif(folder: Path, picture: Image.Image) -> None:
    small = picture.resize((240, 180), Image.Resampling.LANCZOS)
    save(folder / "a.jpg", small, AGE_NS - DAY_NS, exif=exif(size=picture.size), quality=97)


def another_thumbnail(folder: Path, picture: Image.Image) -> None:
    block = exif(size=picture.size, thumbnail=photo(77))
    save(folder / "a.jpg", picture, AGE_NS - DAY_NS, exif=block, quality=97)


def own_tables(folder: Path, picture: Image.Image) -> None:
    tables = {0: CANON, 1: CANON}
    block = exif()
    save(folder / "z.jpg", picture, exif=block, qtables=tables, quality=-1)
    save(folder / "a.jpg", picture, AGE_NS - DAY_NS, exif=block, quality=97)


def metadata(one: bytes | None, other: bytes | None) -> Drawing:
    def draw(folder: Path, picture: Image.Image) -> None:
        for name, block in (("z.jpg", one), ("a.jpg", other)):
            options = {"exif": block} if block else {}
            save(folder / name, picture, AGE_NS, **options)

    return draw


def saying(one: tuple[str, str], other: tuple[str, str]) -> Drawing:
    """Draw a picture with two companions of equal kind that differ, name and content of each."""

    def draw(folder: Path, picture: Image.Image) -> None:
        for above, (name, content) in (("a", one), ("b", other)):
            save(folder / above / "x.jpg", picture)
            (folder / above / name).write_text(content)

    return draw


def sidecar(body: bytes, program: str, indent: str = "") -> tuple[str, str]:
    packet = xmp(indent.encode() + body)[4 + len(XMP) :].decode()
    return "x.xmp", packet.replace("<x:xmpmeta ", f'<x:xmpmeta x:xmptk="{program}" ')


def record(**fields: object) -> tuple[str, str]:
    return "x.jpg.json", json.dumps({"title": "x.jpg", **fields})


def smooth_original(folder: Path, picture: Image.Image) -> None:
    smooth = picture.filter(ImageFilter.GaussianBlur(2))
    save(folder / "z.jpg", smooth, AGE_NS - DAY_NS, exif=exif(), quality=85)
    save(folder / "a.jpg", SMALL(smooth), exif=exif(), quality=97)


# -- pixels, compression, words, names, ages ------------------------------------------------------


def two(one: dict[str, Any], other: dict[str, Any],
        change: Callable[[Image.Image], Image.Image] = lambda p: p,
        names: tuple[str, str] = ("z.jpg", "a.jpg")) -> Drawing:  # fmt: skip
    """Draw two files of a picture, the second changed, each with its options for saving."""

    def draw(folder: Path, picture: Image.Image) -> None:
        for name, options, what in zip(
            names, (one, other), (picture, change(picture)), strict=True
        ):
            options = dict(options)  # noqa: PLW2901
            age = options.pop("age", 0)
            save(folder / name, what, AGE_NS + int(str(age)), **options)

    return draw


def words(one: bytes, other: bytes = b"") -> Drawing:
    def draw(folder: Path, picture: Image.Image) -> None:
        plain = save(folder / "plain.jpg", picture)
        copy(plain, "z.jpg", add=one)
        copy(plain, "a.jpg", add=other, age=-DAY_NS)
        plain.unlink()

    return draw


def prompt(folder: Path, picture: Image.Image) -> None:
    text = PngInfo()
    text.add_text("parameters", "a castle, steps 20, seed 42")
    save(folder / "z.png", picture, pnginfo=text)
    save(folder / "a.png", picture, AGE_NS - DAY_NS)


def named(better: str, worse: str, *, age: int = 0) -> Drawing:
    """Draw a file and its copy, the second of which is `age` nanoseconds younger."""

    def draw(folder: Path, picture: Image.Image) -> None:
        copy(
            save(folder / better, picture), os.path.relpath(worse, os.path.dirname(better)), age=age
        )

    return draw


SMALL = enlarged(0.5, Image.Resampling.LANCZOS)
WAYS = Image.Resampling
CAMERA = "written by the camera, Box 1: the size in its EXIF is the picture's"
DATE_CAMERA = "has a capture date and a camera"
ALL_THREE = exif(gps=True)

PAIRS: dict[str, PairOfFiles] = {
    # more in the file
    "pages": PairOfFiles(pages, "all.tif", "has 4 pages, the other 1"),
    "frames": PairOfFiles(frames, "moving.gif", "has 3 frames, the other 1"),
    "frames of webp": PairOfFiles(webp_frames, "a.webp", "has 2 frames, the other 1"),
    "each has something": PairOfFiles(
        animation_and_large, "moving.gif", "has 2 frames, the other 1",
        "stays: it has 1.6 megapixels; moving.gif has 2 frames",
    ),
    "film": PairOfFiles(inside(MOTION), "more.jpg", "has a film in the file"),
    "gain map": PairOfFiles(
        inside(b'<rdf:Description xmlns:hdrgm="h" hdrgm:Version="1.0"/>'),
        "more.jpg", "has a gain map in the file",
    ),
    "depth": PairOfFiles(
        inside(b'<rdf:Description xmlns:GDepth="d" GDepth:Format="RangeInverse"/>'),
        "more.jpg", "has a depth map in the file",
    ),
    "second picture": PairOfFiles(
        inside(b'<rdf:Description xmlns:GImage="i" GImage:Mime="image/jpeg"/>'),
        "more.jpg", "has another picture in the file",
    ),
    "bits": PairOfFiles(sixteen_bits, "deep.png", "has 16 bits for each sample, the other 8"),
    # scene and colour
    "border": PairOfFiles(bordered, "shot.jpg", "older: written 2001-09-08 against 2001-09-09"),
    "letterbox": PairOfFiles(
        letterboxed, "shot.jpg", "older: written 2001-09-08 against 2001-09-09"
    ),
    "scene": PairOfFiles(trimmed, "whole.jpg", "shows more of the scene"),
    "colour": PairOfFiles(grey_copy, "colour.jpg", "the other has lost its colour"),
    "colour or pixels": PairOfFiles(
        larger_grey, "colour.jpg", "the other has lost its colour",
        "stays: it has 480x360; colour.jpg has colour",
    ),
    # companions
    "sidecar": PairOfFiles(companion("x.xmp"), "b/x.jpg", "its xmp sidecar hangs on it"),
    "sidecar of the whole name": PairOfFiles(
        companion("x.jpg.xmp"), "b/x.jpg", "its xmp sidecar hangs on it"
    ),
    "apple's edits": PairOfFiles(companion("x.AAE"), "b/x.jpg", "its aae sidecar hangs on it"),
    "film beside it": PairOfFiles(companion("x.MOV"), "b/x.jpg", "its film hangs on it"),
    "sound beside it": PairOfFiles(companion("x.wav"), "b/x.jpg", "its sound hangs on it"),
    "raw beside it": PairOfFiles(companion("x.CR2"), "b/x.jpg", "its camera RAW hangs on it"),
    "developing record": PairOfFiles(
        companion("x.jpg.pp3"), "b/x.jpg", "its pp3 sidecar hangs on it"
    ),
    "takeout": PairOfFiles(
        companion("x.jpg.supplemental-metadata.json"), "b/x.jpg", "its Takeout record hangs on it"
    ),
    "a companion each": PairOfFiles(
        companion("x.xmp", both="x.mov"), "a/x.jpg", "equal, and its path sorts first",
        "stays: it has an xmp sidecar; x.jpg has a film",
    ),
    "equal companions": PairOfFiles(equal_companions, "a/x.jpg", "equal, and its path sorts first"),
    "sidecars that say the same": PairOfFiles(
        saying(sidecar(subject("sea", "sun"), "one"), sidecar(subject("sun", "sea"), "two", "\n ")),
        "a/x.jpg", "equal, and its path sorts first",
    ),
    "a sidecar that says less": PairOfFiles(
        saying(sidecar(subject("sea", "sun"), "one"), sidecar(subject("sun"), "one")),
        "a/x.jpg", "equal, and its path sorts first",
    ),
    "a sidecar that says more": PairOfFiles(
        saying(sidecar(subject("sea"), "one"), sidecar(subject("sea", "sun"), "one")),
        "a/x.jpg", "equal, and its path sorts first", "stays: it has an xmp sidecar",
    ),
    "sidecars of which one is broken": PairOfFiles(
        saying(sidecar(subject("sea"), "one"), ("x.xmp", "<x:xmpmeta>")),
        "a/x.jpg", "equal, and its path sorts first", "stays: it has an xmp sidecar",
    ),
    "records that say the same": PairOfFiles(
        saying(record(imageViews="3", description="x"), record(description="x", imageViews="7")),
        "a/x.jpg", "equal, and its path sorts first",
    ),
    "records that differ": PairOfFiles(
        saying(record(description="x"), record(description="x", favorited=True)),
        "a/x.jpg", "equal, and its path sorts first", "stays: it has a Takeout record",
    ),
    # the camera
    "png of the camera's": PairOfFiles(against_camera(png_of_it), "z-camera.jpg", CAMERA),
    "saved again": PairOfFiles(
        against_camera(saved("a.jpg", quality=97)), "z-camera.jpg", CAMERA
    ),
    "webp of it": PairOfFiles(
        against_camera(saved("a.webp", quality=90)), "z-camera.jpg", CAMERA
    ),
    "messenger's": PairOfFiles(
        against_camera(saved("a.jpg", SMALL, quality=70)), "z-camera.jpg", CAMERA
    ),
    "with its EXIF, resized": PairOfFiles(
        against_camera(resized_with_exif), "z-camera.jpg",
        CAMERA + "; of the other, its EXIF states another size",
    ),
    "photoshop": PairOfFiles(
        against_camera(edited_with("Adobe Photoshop 25.0")), "z-camera.jpg",
        CAMERA + "; of the other, it was written by Adobe Photoshop 25.0",
    ),
    "picasa": PairOfFiles(
        against_camera(edited_with("Picasa 3.0")), "z-camera.jpg",
        CAMERA + "; of the other, it was written by Picasa 3.0",
    ),
    "gimp": PairOfFiles(
        against_camera(edited_with("GIMP 2.10")), "z-camera.jpg",
        CAMERA + "; of the other, it was written by GIMP 2.10",
    ),
    "its thumbnail is another's": PairOfFiles(
        against_camera(another_thumbnail), "z-camera.jpg",
        CAMERA + "; of the other, its thumbnail shows something else",
    ),
    "own tables": PairOfFiles(
        own_tables, "z.jpg", "written by the camera, Box 1: its tables are the camera's own"
    ),
    "date and camera": PairOfFiles(metadata(exif(), None), "z.jpg", DATE_CAMERA),
    "place": PairOfFiles(metadata(ALL_THREE, exif()), "z.jpg", "has a place (GPS)"),
    "all three": PairOfFiles(
        metadata(ALL_THREE, None), "z.jpg", "has a capture date, a camera and a place (GPS)"
    ),
    # real pixels
    **{
        f"enlarged {times} times, {way.name.lower()}": PairOfFiles(
            against_camera(enlarged_file("z-camera.jpg", times, way, quality=85)),
            "z-camera.jpg", CAMERA,
        )
        for times in (2, 3)
        for way in (WAYS.NEAREST, WAYS.BOX, WAYS.BILINEAR, WAYS.BICUBIC, WAYS.LANCZOS)
    },
    "camera's, and a larger original": PairOfFiles(
        two({"exif": exif()}, {}, SMALL, ("small's.jpg", "x.jpg")), "small's.jpg", DATE_CAMERA
    ),
    "a smaller camera's beside more pixels": PairOfFiles(
        lambda folder, picture: (
            save(folder / "a.jpg", picture),
            save(folder / "z.jpg", SMALL(picture), exif=exif(size=(240, 180))),
        ),
        "z.jpg", CAMERA, "stays: it has 480x360",
    ),
    "enlarged with the camera's data, and saved better": PairOfFiles(
        enlarged_and_saved_better, "z.jpg", "older: written 2001-09-07 against 2001-09-08"
    ),
    "an original as smooth as if it were enlarged, and a smaller copy saved better": PairOfFiles(
        smooth_original, "z.jpg", "more pixels: 480x360 against 240x180"
    ),
    "no sign of a camera": PairOfFiles(
        two({}, {}, enlarged(2, WAYS.BICUBIC), ("small.jpg", "large.jpg")),
        "large.jpg", "more pixels: 960x720 against 480x360",
    ),
    "more pixels": PairOfFiles(two({}, {}, SMALL), "z.jpg", "more pixels: 480x360 against 240x180"),
    "more pixels, though compressed": PairOfFiles(
        two({"quality": 70}, {"quality": 97}, SMALL), "z.jpg",
        "more pixels: 480x360 against 240x180",
    ),
    # compression
    "less compressed": PairOfFiles(
        two({"quality": 95}, {"quality": 60, "age": -DAY_NS}), "z.jpg",
        "less compressed: JPEG quality 95 against JPEG quality 60",
    ),
    "equal pixels, so compression decides nothing": PairOfFiles(
        png_of_a_plain_file, "z.jpg", "older: written 2001-09-08 against 2001-09-09"
    ),
    "webp is for sending": PairOfFiles(
        two({"quality": 80}, {"quality": 80, "age": -DAY_NS}, names=("z.jpg", "a.webp")), "z.jpg",
        "less compressed: JPEG quality 80 against WEBP",
    ),
    "png is lossless": PairOfFiles(
        two({}, {"quality": 80, "age": -DAY_NS}, names=("z.png", "a.jpg")), "z.png",
        "less compressed: PNG against JPEG quality 80",
    ),
    # what a person wrote
    "keywords": PairOfFiles(
        words(xmp(subject("Grandma", "Wedding"))), "z.jpg", "has the keywords Grandma and Wedding"
    ),
    "keywords of iptc": PairOfFiles(
        words(iptc((25, "Grandma"), (120, "Grandma in 1950"))), "z.jpg",
        "has a caption and the keyword Grandma",
    ),
    "rating": PairOfFiles(words(xmp(rating(4))), "z.jpg", "has the rating 4"),
    "prompt": PairOfFiles(prompt, "z.png", "has a caption"),
    "words each": PairOfFiles(
        words(xmp(subject("sea", "sun")), xmp(subject("sky"))), "z.jpg",
        "has the keywords sea and sun",
        "stays: it has the keyword sky; z.jpg has the keywords sea and sun",
    ),
    "the same words": PairOfFiles(
        words(xmp(subject("sea")), iptc((25, "sea"))), "a.jpg",
        "older: written 2001-09-08 against 2001-09-09",
    ),
    # names
    **{
        f"named {worse}": PairOfFiles(
            named("x/a longer way to it/IMG_1234.jpg", worse, age=-DAY_NS),
            "x/a longer way to it/IMG_1234.jpg",
            f"the other is named {os.path.splitext(os.path.basename(worse))[0]}",
        )
        for worse in (
            "a copy.jpg", "a (1).jpg", "a-edited.jpg", "IMG_E1234.JPG", "IMG-20190730-WA0003.jpg",
            "FB_IMG_156448.jpg", "received_123.jpeg", "signal-2019-07-30-140509.jpg",
            "photo_2019-07-30_14-05-09.jpg", "Kopie von a.jpg",
        )
    },
    # age
    "older": PairOfFiles(
        named("deep/er/z.jpg", "a.jpg", age=DAY_NS), "deep/er/z.jpg",
        "older: written 2001-09-09 against 2001-09-10",
    ),
    "two seconds of FAT": PairOfFiles(
        named("a.jpg", "deep/z.jpg", age=-2 * 10**9), "a.jpg", "shorter path"
    ),
    "an hour of daylight saving": PairOfFiles(
        named("a.jpg", "deep/z.jpg", age=-3601 * 10**9), "a.jpg", "shorter path"
    ),
    "an hour and a half": PairOfFiles(
        named("deep/z.jpg", "a.jpg", age=5400 * 10**9), "deep/z.jpg",
        "older: written earlier on 2001-09-09",
    ),
    # where
    "recycle bin": PairOfFiles(
        named("deep/er/z.jpg", "@Recycle/a.jpg", age=-DAY_NS), "deep/er/z.jpg",
        "the other is in a recycle bin",
    ),
    "snapshot": PairOfFiles(
        named("deep/er/z.jpg", "#snapshot/a.jpg", age=-DAY_NS), "deep/er/z.jpg",
        "the other is in a snapshot folder",
    ),
    "path": PairOfFiles(named("a.jpg", "deep/a.jpg"), "a.jpg", "shorter path"),
}  # fmt: skip
