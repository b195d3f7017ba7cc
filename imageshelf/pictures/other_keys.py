"""The other hashes that `--hash` offers: average, perceptual, wavelet, Marr-Hildreth.

Each is computed from a small grey square, `side` pixels wide and high. ImageHash defines the first
three; `marr` is pHash's 72-byte Marr-Hildreth hash (see `marr_hildreth`). A reduced decode
leaves just as much of a picture as the square needs; after a full decode the first three are
ImageHash's, bit for bit.

They serve for comparison with other tools. To find copies, the default with its three hashes finds
more and errs less.
"""

from collections.abc import Callable

from PIL import Image

from imageshelf.pictures.reduction import LANCZOS, ORIENTATIONS, Reduced

_SIDES = {"ahash": 8, "phash": 32, "marr": 512}
_LEAST_WAVELET_SIDE = 8
# Pixels that a reduced decode must leave if 72x64 are too few. More than 256 changed no bit of 96
# whashes of photographs and their copies; 64 change a quarter of a bit on average.
_DETAIL = {"whash": 256, "marr": 512}


def side(name: str, size: tuple[int, int]) -> int:
    """Return the side of the square to which a picture of `size` is reduced.

    For wavelets it is the largest power of two that fits; the other squares are fixed.

    >>> side("phash", (4000, 3000)), side("whash", (72, 64)), side("whash", (4000, 3000))
    (32, 64, 2048)
    """
    if name == "whash":
        return max(_LEAST_WAVELET_SIDE, 1 << (min(size).bit_length() - 1))
    return _SIDES[name]


def detail(name: str) -> tuple[int, int] | None:
    """Return the width and height that a reduced decode must leave, or None for the usual ones."""
    return (_DETAIL[name], _DETAIL[name]) if name in _DETAIL else None


def keys(name: str, exact: Reduced, *, full_decode: bool, turned: bool) -> tuple[bytes, ...]:
    """Return the key of a decoded picture; if `turned`, the keys of all eight ORIENTATIONS."""
    turns = [turn for _, turn in (ORIENTATIONS if turned else ORIENTATIONS[:1])]
    return tuple(_key(name, exact.turned(turn), full_decode=full_decode) for turn in turns)


def _key(name: str, exact: Reduced, *, full_decode: bool) -> bytes:
    x0, y0, x1, y1 = exact.box
    edge = side(name, (int(x1 - x0), int(y1 - y0)))
    if name == "whash" and not full_decode:
        edge = min(edge, _DETAIL[name])
    square = exact.picture.resize((edge, edge), LANCZOS, exact.box)
    return bytes.fromhex(key_of_square(name, square))


def key_of_square(name: str, square: Image.Image) -> str:
    """Return the key of a grey picture that is already `side` pixels wide and high."""
    if name == "ahash":
        return average(square.tobytes()).hex()
    if name == "marr":
        import numpy as np

        from imageshelf.hashing.marr_hildreth import marr

        return marr(np.asarray(square)).hex()
    import imagehash

    hashes: dict[str, Callable[[Image.Image], object]] = {
        "phash": imagehash.phash,
        "whash": imagehash.whash,
    }
    return str(hashes[name](square))


def average(levels: bytes) -> bytes:
    """Return `imagehash.average_hash` of 8x8 levels: whether each exceeds the mean.

    >>> average(bytes(range(64))).hex()
    '00000000ffffffff'
    """
    total, bits = sum(levels), 0
    for level in levels:
        bits = bits << 1 | (level * len(levels) > total)
    return bits.to_bytes(len(levels) // 8, "big")
