"""How two picture files are related, strongest first.

`same file`, `identical bytes`, `identical pixels`, `turned` and `near` are *matches*: one picture.
`variant`, `developed from`, `another shot` and `similar` are *related*: other pictures, or a camera
RAW and what was made of it. What the hashes nominate is a match only after a second look at the
pixels, which is `second_look`'s. What is here compares bytes where the catalogue lacks their
digests, and decodes nothing; scripts load it for the names.
"""

import os
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple

from imageshelf.pictures.formats import is_raw
from imageshelf.system.files import UnreadableImage, hole_bytes, open_regular
from imageshelf.system.paths import Url

SAME_FILE, BYTES, PIXELS = "same file", "identical bytes", "identical pixels"
TURNED, NEAR = "turned", "near"
VARIANT, DEVELOPED, ANOTHER_SHOT, SIMILAR = "variant", "developed from", "another shot", "similar"
PIECE = "piece"  # found by keypoints alone
KINDS = (SAME_FILE, BYTES, PIXELS, TURNED, NEAR, VARIANT, DEVELOPED, PIECE, ANOTHER_SHOT, SIMILAR)
INVERTED = "inverted"  # as if it were a turn: light for dark, as in dark modes and negatives
IDENTICAL = frozenset({SAME_FILE, BYTES, PIXELS})  # known without a look
BY_BYTES = frozenset({SAME_FILE, BYTES})  # known without a decoder
BY_RULE = frozenset({BYTES, PIXELS})  # kinds of copies that go without being named
MATCHES = frozenset({*IDENTICAL, TURNED, NEAR})
NOT_COPIES = {
    VARIANT: "differs in part, and is no copy",
    DEVELOPED: "is a camera RAW and what was developed from it, not a copy",
    PIECE: "is a piece, not a copy",
    ANOTHER_SHOT: "is another shot, not a copy",
    SIMILAR: "is similar, not a copy",
}
NOT_COMPARED = "could not be compared"  # and is no match, whatever the hashes say

# Equal pixels give thumbnails that differ by less: between a JPEG, decoded at a reduced size, and a
# BMP with its pixels, by at most 7 levels for 47 photographs, and by 26 for the worst of 520 drawn
# patterns (one-pixel grids at quality 3).
CELL_LEVELS = 40
CHUNK_BYTES = 1 << 20
DAMAGED = b""  # stands for the pixel digest of a file that must not be decoded
QUARTER_HOUR_MS = 900_000  # time zones, and clocks set wrong, differ by whole ones
BURST_MS = 10_000  # similar pictures taken within this time are a burst
SIMILAR_PERCENT = 7.5  # mean absolute difference of the 16x16 luma thumbnails
SIMILAR_EXHAUSTIVE = 5000  # pictures; among more, only those with near row or column hashes
SIMILAR_BITS = 20


class KnownFile(NamedTuple):
    """What is known of a picture's file before it is opened."""

    path: str
    size_bytes: int
    captured_at: int | None = None  # ms since 1970
    digest: bytes | None = None
    pixel_digest: bytes | None = None
    luma: bytes = b""  # 16x16; b"" if unknown
    size: tuple[int, int] = (0, 0)  # width and height; (0, 0) if unknown


def kinds_of(kinds: str | Iterable[str]) -> frozenset[str]:
    """Return kinds by their names, in which a hyphen may stand for a space; else ValueError.

    >>> sorted(kinds_of("near,identical-bytes"))
    ['identical bytes', 'near']
    """
    named = kinds.split(",") if isinstance(kinds, str) else kinds
    wanted = {name.strip().replace("-", " ") for name in named}
    if unknown := sorted(wanted - set(KINDS)):
        raise ValueError(
            f"expected some of {', '.join(KINDS)}; got {', '.join(map(repr, unknown))}"
        )
    return frozenset(wanted)


def is_match(kind: str, *, compared: bool) -> bool:
    """Tell whether two pictures are a match; there is no other definition.

    A match is identical, turned or near. `compared` tells whether the pixels were looked at;
    identity is known without.
    """
    return kind in IDENTICAL or (compared and kind in MATCHES)


def known_digests(
    digest: bytes | None, pixel_digest: bytes | None, sound: object
) -> tuple[bytes | None, bytes | None]:
    """Return the digests in the catalogue as a KnownFile holds them.

    A picture that is not sound may have crashed its decoder, so it is never decoded here.
    """
    return digest, DAMAGED if sound == 0 and pixel_digest is None else pixel_digest


def kind_of(a: KnownFile, b: KnownFile, turn: str) -> str:
    """Return what digests, hashes and capture times say, without a second look.

    `turn` is '' for upright. A file that is gone or unreadable is never called identical unless
    its digests are known; whether pixels are identical is told by known digests alone.
    """
    if same_file(a.path, b.path):
        return SAME_FILE
    if identical_bytes(a, b):
        return BYTES
    if not turn and identical_pixels(a, b):
        return PIXELS
    return nominated_kind(a, b, turn)


def nominated_kind(a: KnownFile, b: KnownFile, turn: str) -> str:
    """Return what two pictures seem to be that the hashes nominated and nobody has looked at."""
    if is_another_shot(a.captured_at, b.captured_at):
        return ANOTHER_SHOT
    if turn == INVERTED:
        return VARIANT
    return alike(a, b, TURNED if turn else NEAR)


def alike(a: KnownFile, b: KnownFile, kind: str) -> str:
    """Return what two files are to each other whose pictures are of that kind of copies.

    Two RAW files of other bytes have other sensor data, whatever their previews show.

    >>> alike(KnownFile("a.cr2", 9), KnownFile("a.jpg", 1), "near")
    'developed from'
    """
    return DEVELOPED if is_raw(a.path) or is_raw(b.path) else kind


def same_file(a: str, b: str) -> bool:
    """Tell whether two names lead to one file: by inode, or by path on systems without inodes."""
    if isinstance(a, Url) or isinstance(b, Url):
        return a == b
    try:
        first, second = os.stat(a), os.stat(b)
    except (OSError, ValueError):
        return False
    if first.st_ino:
        return os.path.samestat(first, second)
    return os.path.normcase(os.path.realpath(a)) == os.path.normcase(os.path.realpath(b))


def identical_bytes(a: KnownFile, b: KnownFile) -> bool:
    """Tell whether two files have the same bytes, by known digests or by reading both."""
    if a.size_bytes != b.size_bytes:
        return False
    if a.digest and b.digest:
        return a.digest == b.digest
    try:
        if a.digest or b.digest:
            from imageshelf.pictures.digests import digest

            return (a.digest or digest(a.path)) == (b.digest or digest(b.path))
        with open_regular(a.path) as first, open_regular(b.path) as second:
            return _equal(first, second)
    except (OSError, UnreadableImage):
        return False


def _equal(first: BinaryIO, second: BinaryIO) -> bool:
    if os.fstat(first.fileno()).st_size != os.fstat(second.fileno()).st_size:
        return False
    while True:
        chunk = first.read(CHUNK_BYTES)
        if chunk != second.read(CHUNK_BYTES):
            return False
        if not chunk:
            return True
        if not any(chunk) and (both := min(hole_bytes(first), hole_bytes(second))):
            first.seek(both, os.SEEK_CUR)
            second.seek(both, os.SEEK_CUR)


def identical_pixels(a: KnownFile, b: KnownFile) -> bool:
    """Tell whether two files are known to hold the same pixels, and nothing that one lacks."""
    return bool(a.pixel_digest) and a.pixel_digest == b.pixel_digest


def thumbnails_differ(a: bytes, b: bytes) -> bool:
    """Tell whether two thumbnails differ too much for their pictures to have equal pixels."""
    return len(a) == len(b) and any(abs(x - y) > CELL_LEVELS for x, y in zip(a, b, strict=True))


def is_another_shot(a: int | None, b: int | None) -> bool:
    """Tell whether two capture times (ms since 1970) belong to two exposures.

    >>> is_another_shot(1_000, 1_250), is_another_shot(1_120, 1_250), is_another_shot(1_000, None)
    (False, True, False)
    """
    return _ms_apart(a, b) != 0


def of_two_moments(a: int | None, b: int | None) -> bool:
    """Tell whether two capture times are of two exposures, and not of two clocks.

    Clocks differ by whole quarter hours: time zones and summer time.

    >>> of_two_moments(0, 2_000), of_two_moments(0, 3_600_000), of_two_moments(0, None)
    (True, False, False)
    """
    return _ms_apart(a, b) % QUARTER_HOUR_MS != 0


def _ms_apart(a: int | None, b: int | None) -> int:
    """Return how far capture times lie apart: 0 if one is not known.

    Times are compared to the millisecond if both cameras wrote a fraction of a second, otherwise to
    the second. A fraction of exactly zero counts as not written.
    """
    if a is None or b is None:
        return 0
    return a - b if a % 1000 and b % 1000 else (a // 1000 - b // 1000) * 1000


def is_similar(a: bytes, b: bytes) -> bool:
    """Tell whether two 16x16 luma thumbnails differ by at most 7.5 % on average."""
    if not a or len(a) != len(b):
        return False
    total = sum(abs(x - y) for x, y in zip(a, b, strict=True))
    return total * 100 <= SIMILAR_PERCENT * 255 * len(a)


def is_burst(a: KnownFile, b: KnownFile) -> bool:
    """Tell whether two pictures that the policy does not match are two shots of one moment."""
    if a.captured_at is None or b.captured_at is None:
        return False
    near_in_time = abs(a.captured_at - b.captured_at) <= BURST_MS
    different = is_another_shot(a.captured_at, b.captured_at)
    return near_in_time and different and is_similar(a.luma, b.luma)
