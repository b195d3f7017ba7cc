"""Every format that is recognised, and every reason for which a file is refused."""

from __future__ import annotations

import struct

import pytest

from imageshelf.pictures import formats
from imageshelf.pictures.formats import NOT_READ, FileKind, damage_reason, recognise

DRAWN = {  # first bytes that fit a pattern
    "a BMP picture": [b"BM" + bytes(12) + bytes([size, 0, 0, 0]) for size in (12, 40, 108, 124)],
    "a PNM picture": [b"P5\n4 4\n", b"P6 # a\n", b"Pf\n3"],
}


def heads(kind: FileKind) -> list[bytes]:
    """Return the first bytes of a file of a kind, for each sign of it."""
    starts: list[bytes] = []
    for sign in formats.KINDS[kind]:
        if isinstance(sign, bytes):
            starts.append(sign)
        elif isinstance(sign, str):
            starts.append(b"\0\0\0\x18ftyp" + sign.encode() + bytes(12))
        elif sign[0] is None:
            starts += DRAWN[kind.words]
        else:
            starts.append(bytes(sign[0]) + sign[1])
    return starts


@pytest.mark.parametrize("kind", formats.KINDS, ids=lambda kind: kind.words)
def test_every_kind_is_recognised_and_refused_in_words(kind: FileKind) -> None:
    assert kind.words.startswith(("a ", "an "))
    for head in heads(kind):
        assert recognise(head) == recognise(head + bytes(4000)) == kind
        assert kind.other != "video" or b"ftyp" not in head
        if kind.format:  # all reasons for which its decoder refuses it
            told = {damage_reason(kind.words, ValueError(text)) for text, _ in MESSAGES}
            assert told == {f"is {kind.words} {reason}" for _, reason in formats.REASONS}
        elif kind.other == "raw":
            assert formats.is_raw("a.dng")
            assert not formats.is_raw("a.jpg")
        elif not kind.other:
            reason = f"is {kind.words}, a kind that is not read"
            assert formats.refusal("a.jpg", kind) == formats.refusal("a.txt", kind) == (reason, "")
        else:
            assert formats.refusal("a.jpg", kind) == (f"is not a picture: it is {kind.words}", "")
            assert formats.refusal("a", kind) == (f"is {kind.words}", kind.other)


@pytest.mark.parametrize(
    ("head", "words", "other"),
    [
        (b"", "an empty file", "document"),
        (bytes(99), "zero bytes", "file"),
        (b"\x93\xff\0\1" * 9, "no known format", "file"),
        (b"a note of mine", "text", "document"),
        (b"  <html><body>", "a web page", "document"),
        (b"<?xml?><svg width='4'>", "an SVG drawing", "document"),
    ],
)
def test_what_has_no_sign_is_told_by_its_text(head: bytes, words: str, other: str) -> None:
    assert recognise(head) == FileKind("", other, words)
    assert formats.refusal("a.jpg", recognise(head)) == (f"is not a picture: it is {words}", "")


BOXED = [
    (b"heic", b"mif1heic", "HEIF"),
    (b"mif1", b"mif1heic", "HEIF"),
    (b"mif1", b"mif1avif", "AVIF"),
    (b"miaf", b"mif1MA1Bavif", "AVIF"),
    (b"avci", b"mif1avci", "HEIF"),
    (b"MiHE", b"mif1heic", "HEIF"),
    (b"abcd", b"mif1heic", "HEIF"),
    (b"isom", b"isommp42", ""),
    (b"qt  ", b"qt  ", ""),
    (b"mp42", b"mp42mif1", ""),
]


@pytest.mark.parametrize(("major", "others", "name"), BOXED)
def test_brands_tell_pictures_from_videos(major: bytes, others: bytes, name: str) -> None:
    box = b"ftyp" + major + bytes(4) + others
    found = formats.recognise(struct.pack(">I", len(box) + 4) + box + b"\0\0\0\x08free")
    assert found.format == name
    assert found.other == ("" if name else "video")


MESSAGES = [
    ("image file is truncated (3 bytes not processed)", "that ends too early"),
    ("cannot handle 12-bit layers", f"{NOT_READ}: 12 bits per sample"),
    ("cannot handle 2-layer images", f"{NOT_READ}: an unusual number of colours"),
    ("unknown pixel mode", f"{NOT_READ}: an unusual layout of samples"),
    ("Unsupported feature: Unsupported codec", NOT_READ),
    ("Unsupported BMP compression (5)", NOT_READ),
    ("cannot handle 16-bit layers", f"{NOT_READ}: an unusual number of bits per sample"),
    ("hierarchical process", f"{NOT_READ}: hierarchical JPEG"),
    ("unknown compression", f"{NOT_READ}: an unusual compression"),
    ("lossless process", f"{NOT_READ}: lossless JPEG"),
    ("index out of range", "that ends too early"),
    ("", "that is damaged"),
]


@pytest.mark.parametrize(("message", "reason"), MESSAGES)
def test_a_decoders_own_words_reach_nobody(message: str, reason: str) -> None:
    assert damage_reason("a TIFF picture", ValueError(message)) == f"is a TIFF picture {reason}"
