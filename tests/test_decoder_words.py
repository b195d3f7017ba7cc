"""What is said of a broken picture are our words, whatever its decoder says."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest

from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.pictures.formats import damage_reason
from tests.conftest import drawn

OURS = re.compile(
    r"is an? [A-Z][A-Z0-9 ]+ picture (that ends too early|that is damaged)"
    r"|is an? [A-Z][A-Z0-9 ]+ picture of a kind that is not read.*"
    r"|is too large: .*|needs more memory.*|took longer.*|is a camera RAW file.*"
    r"|is an? [A-Z]+ picture: this Pillow has no [A-Z]+|is not a picture: it is .*|is empty"
    r"|is (a|an|no) [A-Za-z ]+, a kind that is not read|crashed the decoder.*"
)
FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIF", "JPEG2000"]


def encoded(form: str) -> bytes:
    if form == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    file = io.BytesIO()
    drawn(3, (96, 64)).save(file, form)
    return file.getvalue()


@pytest.mark.parametrize("form", FORMATS)
def test_every_reason_is_in_our_words(form: str, tmp_path: Path) -> None:
    whole, rng = encoded(form), np.random.default_rng(20261128)
    (tmp_path / "photos").mkdir()
    for number, cut in enumerate([*range(4, 64, 4), *rng.integers(64, len(whole), 10).tolist()]):
        (tmp_path / "photos" / f"cut {number}.jpg").write_bytes(whole[:cut])
    for number in range(60):
        broken = bytearray(whole)
        reach = len(whole) if number % 2 else min(len(whole), 160)
        for at in rng.integers(2, reach, 1 + number % 9):
            broken[at] = rng.integers(256)
        (tmp_path / "photos" / f"broken {number}.jpg").write_bytes(broken)
    found = index(tmp_path / "photos", tmp_path / "db.shelve", Settings(jobs=1))
    assert len(found.skips) > 10
    for skip in found.skips:
        assert OURS.fullmatch(skip.reason), skip.reason


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("image file is truncated (3 bytes not processed)", "that ends too early"),
        ("unpack_from requires a buffer of at least 2 bytes at offset 0", "that ends too early"),
        ("index out of range", "that ends too early"),
        ("not enough image data", "that ends too early"),
        ("Invalid input: Unspecified: Unexpected end of file", "that ends too early"),
        ("Unsupported BMP pixel depth (7)", "of a kind that is not read"),
        ("unknown pixel mode", "of a kind that is not read: an unusual layout of samples"),
        ("decoder jpeg2k not available", "of a kind that is not read"),
        ("broken data stream when reading image file", "that is damaged"),
        ("cannot identify image file <_io.BytesIO object at 0x7f>", "that is damaged"),
        ("'NoneType' object is not subscriptable", "that is damaged"),
        ("", "that is damaged"),
    ],
)  # fmt: skip
def test_each_of_the_decoders_words_has_a_meaning(said: str, means: str) -> None:
    assert damage_reason("a picture", ValueError(said)) == f"is a picture {means}"
