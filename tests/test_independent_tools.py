"""Pictures have the key, and the facts, that independent programs give them.

ImageMagick, libheif, libavif, libtiff, FFmpeg and ExifTool each export or describe the same file. A
program that is not installed skips its tests.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from imageshelf.hashing.fingerprints import fingerprints
from imageshelf.pictures import images
from imageshelf.pictures.extras import FILM
from imageshelf.pictures.tasks import Picture, Task
from tests.conftest import drawn, encoded
from tests.test_as_viewers_show import HEIGHT, WIDTH, layout, tiff
from tests.test_extras import trailer

if TYPE_CHECKING:
    from pathlib import Path

SHOT = drawn(1, (403, 302))


def run(*command: str | Path) -> str:
    """Run a program and return its output; skips the test if it is not there, or cannot do it."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    outcome = subprocess.run(command, capture_output=True, check=False, timeout=120)
    if outcome.returncode:
        pytest.skip(f"this {command[0]} does not do it: {outcome.stderr[-200:]!r}")
    return outcome.stdout.decode("utf-8", "replace")


def examined(path: Path) -> Picture:
    answer = images.examine(Task(str(path)))
    assert isinstance(answer, Picture), answer
    return answer


def same(ours: Path, exported: Path, bits: int = 1) -> bool:
    """Tell whether two files show one picture; what was exported is taken as it is stored."""
    if exported.suffix == ".png":  # some copy the EXIF of a picture that they turned
        with Image.open(exported) as image:
            image.load()
            image.info.clear()
            image.save(exported)
    one, other = examined(ours), examined(exported)
    rows = fingerprints([one.whole, other.whole]).row.tolist()
    size = one.facts[6:8]
    return int(rows[0] ^ rows[1]).bit_count() <= bits and size == other.facts[6:8]


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.tif"
    SHOT.save(path)
    return path


# ---- TIFF


@pytest.mark.parametrize(
    "options",
    [
        ["-c", "jpeg", "-r", "16"],
        ["-c", "jpeg:r", "-r", "32"],
        ["-c", "lzw:2", "-t", "-w", "64", "-l", "48"],
        ["-c", "zip:2", "-p", "separate"],
        ["-c", "packbits", "-p", "separate", "-t"],
        ["-c", "lzma"],
        ["-c", "zstd"],
        ["-B", "-r", "7"],
        ["-L", "-f", "lsb2msb"],
        ["-8", "-t", "-w", "32", "-l", "32"],
    ],
    ids=" ".join,
)
def test_what_libtiff_writes_is_read(tmp_path: Path, plain: Path, options: list[str]) -> None:
    run("tiffcp", *options, plain, tmp_path / "a.tif")
    assert same(tmp_path / "a.tif", plain)


@pytest.mark.parametrize("coding", ["g3", "g3:2d", "g4"])
@pytest.mark.parametrize("order", ["lsb2msb", "msb2lsb"])
def test_a_fax_is_read(tmp_path: Path, coding: str, order: str) -> None:
    SHOT.convert("1").save(tmp_path / "plain.tif")
    run("tiffcp", "-c", coding, "-f", order, tmp_path / "plain.tif", tmp_path / "a.tif")
    assert same(tmp_path / "a.tif", tmp_path / "plain.tif", bits=0)


@pytest.mark.parametrize("samples", [(8, 1), (16, 1), (8, 2), (32, 3)])
@pytest.mark.parametrize("planar", [1, 2])
@pytest.mark.parametrize("order", "<>")
def test_cmyk_is_as_imagemagick_has_it(
    tmp_path: Path, samples: tuple[int, int], planar: int, order: str
) -> None:
    (tmp_path / "a.tif").write_bytes(layout(*samples, 5, order, planar, 0))
    twin = tmp_path / ("b.png" if samples[1] == 1 else "b.tif")
    if samples[1] == 1:
        to_rgb = ["-colorspace", "sRGB", "-depth", "8"]
        run("convert", tmp_path / "a.tif", *to_rgb, twin)
    else:  # which ImageMagick does not read
        twin.write_bytes(layout(8, 1, 5, order, 1, 0))
    assert same(tmp_path / "a.tif", twin, bits=3)


def lab(bits: int, photometric: int) -> bytes:
    """Return a picture in CIE L*a*b*, whose colours TIFF stores with a sign (8) or without (9)."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    light = (np.sin(columns / 37) + np.cos(rows / 23) + 2) / 4
    hues = np.stack([np.sin(rows / 41) * 60, np.cos(columns / 29) * 50], axis=2)
    most = 2**bits - 1
    step = 2 ** (bits - 8)
    signed = np.rint(hues * step).astype(np.int64) + (0 if photometric == 8 else 128 * step)
    samples = np.concatenate([np.rint(light * most).astype(np.int64)[..., None], signed], axis=2)
    data = (samples % 2**bits).astype(f"<u{bits // 8}").tobytes()
    return tiff({258: [bits] * 3, 259: [1], 262: [photometric], 277: [3]}, data)


@pytest.mark.parametrize("bits", [8, 16])
def test_lab_is_as_imagemagick_has_it(tmp_path: Path, bits: int) -> None:
    (tmp_path / "a.tif").write_bytes(lab(bits, 8))
    to_rgb = ["-colorspace", "sRGB", "-depth", "8"]
    run("convert", tmp_path / "a.tif", *to_rgb, tmp_path / "b.png")
    assert same(tmp_path / "a.tif", tmp_path / "b.png", bits=3)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("predictor", ["1", "2", "3"])
@pytest.mark.parametrize("coding", ["lzw", "zip"])
def test_what_imagemagick_writes_is_read(
    tmp_path: Path, plain: Path, coding: str, predictor: str, order: str
) -> None:
    endian = {"<": "lsb", ">": "msb"}[order]
    options = ["-compress", coding, "-endian", endian, "-depth", "32"]
    options += [
        "-define",
        "quantum:format=floating-point",
        "-define",
        f"tiff:predictor={predictor}",
    ]
    run("convert", plain, *options, tmp_path / "a.tif")
    assert same(tmp_path / "a.tif", plain)


@pytest.mark.parametrize("value", range(1, 9))
def test_exiftools_turn_is_imagemagicks_turn(tmp_path: Path, plain: Path, value: int) -> None:
    for name in ("a.jpg", "a.png", "a.webp", "a.tif"):
        SHOT.save(tmp_path / name)
        run("exiftool", "-q", "-n", "-overwrite_original", f"-Orientation={value}", tmp_path / name)
        run("convert", plain, "-orient", "Undefined", tmp_path / "b.png")
        if name == "a.jpg":
            run("convert", tmp_path / name, "-auto-orient", tmp_path / "turned.png")
        assert examined(tmp_path / name).facts.orientation == value
        assert same(tmp_path / name, tmp_path / "turned.png", bits=2), name


# ---- HEIF and AVIF


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_libheif_turns_alike(tmp_path: Path, kind: str, value: int) -> None:
    exif = Image.Exif()
    exif[274] = value
    data = encoded(SHOT, {"heic": "HEIF", "avif": "AVIF"}[kind], quality=95, exif=exif.tobytes())
    (tmp_path / f"a.{kind}").write_bytes(data)
    run("heif-convert", tmp_path / f"a.{kind}", tmp_path / "b.png")
    assert same(tmp_path / f"a.{kind}", tmp_path / "b.png", bits=2)


@pytest.mark.parametrize("crop", ["100,1,80,1,-20,1,10,1", "200,1,150,1,0,1,0,1"])
@pytest.mark.parametrize("turn", [[], ["--irot", "1"], ["--imir", "0"], ["--irot", "3"]])
def test_libheif_crops_alike(tmp_path: Path, crop: str, turn: list[str]) -> None:
    SHOT.crop((0, 0, 402, 302)).save(tmp_path / "a.png")
    options = ["--clap", crop, *turn, "--min", "0", "--max", "8"]
    run("avifenc", *options, tmp_path / "a.png", tmp_path / "a.avif")
    run("heif-convert", tmp_path / "a.avif", tmp_path / "b.png")
    assert same(tmp_path / "a.avif", tmp_path / "b.png", bits=2)


@pytest.mark.parametrize("depth", ["8", "10", "12"])
@pytest.mark.parametrize("layout_", ["444", "422", "420", "400"])
def test_libavif_reads_alike(tmp_path: Path, depth: str, layout_: str) -> None:
    SHOT.save(tmp_path / "a.png")
    options = ["-d", depth, "-y", layout_, "--min", "0", "--max", "8"]
    run("avifenc", *options, tmp_path / "a.png", tmp_path / "a.avif")
    run("avifdec", tmp_path / "a.avif", tmp_path / "b.png")
    assert same(tmp_path / "a.avif", tmp_path / "b.png", bits=2)
    assert examined(tmp_path / "a.avif").facts.bits == int(depth)


# ---- frames, films


@pytest.mark.parametrize(("kind", "count"), [("GIF", 5), ("PNG", 4), ("WEBP", 3)])
def test_ffmpeg_counts_as_many_frames(tmp_path: Path, kind: str, count: int) -> None:
    more = [drawn(number, SHOT.size) for number in range(2, count + 1)]
    name = "a.apng" if kind == "PNG" else f"a.{kind.lower()}"
    (tmp_path / name).write_bytes(encoded(SHOT, kind, save_all=True, append_images=more))
    words = ["-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames"]
    told = run("ffprobe", *words, "-of", "csv=p=0", tmp_path / name).strip()
    if not told.isdigit():
        pytest.skip(f"this ffprobe reads no animated {kind}")
    assert examined(tmp_path / name).facts.frames == int(told) == count


def test_tiffinfo_counts_as_many_pages(tmp_path: Path) -> None:
    SHOT.save(tmp_path / "a.tif", save_all=True, append_images=[drawn(2), drawn(3)])
    told = run("tiffinfo", tmp_path / "a.tif").count("TIFF Directory at offset")
    assert examined(tmp_path / "a.tif").facts.frames == told == 3


def test_exiftool_finds_the_film_in_samsungs_trailer(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(encoded(SHOT, "JPEG") + trailer(0x0A30))
    told = run("exiftool", "-s", "-EmbeddedVideoFile", "-EmbeddedVideoType", tmp_path / "a.jpg")
    assert "MotionPhoto_Data" in told
    assert examined(tmp_path / "a.jpg").facts.extras == FILM
