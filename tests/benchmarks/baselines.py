"""What other methods find of the same edited copies; asked by accuracy.py --beside.

pip install -r tests/benchmarks/requirements.txt

Every method gets the help that ours gives itself: the picture as its Exif orientation shows it, the
query in all eight orientations, and once more without its borders. czkawka's binding takes files
only, so its queries are files as they are. A method that is not installed is left out, and said so.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import imagehash
import numpy as np
from PIL import Image, ImageOps

from imageshelf.pictures import borders, reduction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Bits = NDArray[np.uint8]

CLEAR = 50  # of 100; the quality from which PDQ's authors trust a hash


class Look(NamedTuple):
    """One file to hash: its picture upright or, of a query, in all ways."""

    path: str
    colour: list[Image.Image]  # upright; of a query also without borders
    grey: list[Image.Image]  # upright; of a query also turned, and without borders
    turned: bool  # whether it is a query


class Method(NamedTuple):
    """A hash, the largest distance that its users take for a match, and the package it needs."""

    name: str
    radius: int  # bits
    hashes: Callable[[Look], list[bytes]]
    package: str = "imagehash"


def _packed(bits: NDArray[np.bool_] | Bits) -> bytes:
    return np.packbits(bits.ravel()).tobytes()


def dhash(look: Look) -> list[bytes]:
    """Return the tutorial's key of every picture."""
    return [_packed(imagehash.dhash(picture).hash) for picture in look.grey]


def upright_dhash(look: Look) -> list[bytes]:
    """Return the tutorial's key of the picture as it is, without any help."""
    return dhash(look._replace(grey=look.grey[:1]))


def phash(look: Look) -> list[bytes]:
    """Return ImageHash's perceptual hash of every picture."""
    return [_packed(imagehash.phash(picture).hash) for picture in look.grey]


def pdq(look: Look) -> list[bytes]:
    """Return PDQ's hash of every picture that it finds clear enough."""
    import pdqhash

    made = []
    for number, picture in enumerate(look.colour):
        if number == 0 and look.turned:
            hashes, quality = pdqhash.compute_dihedral(np.asarray(picture))
        else:
            bits, quality = pdqhash.compute(np.asarray(picture))
            hashes = [bits]
        made += [_packed(bits.astype(np.uint8)) for bits in hashes if quality >= CLEAR]
    return made


def czkawka(look: Look) -> list[bytes]:
    """Return what czkawka's binding makes of a file; nothing where it cannot read it."""
    from czkawka import ImageSimilarity

    try:
        text = ImageSimilarity().hash_image(look.path)
    except OSError:
        return []
    return [base64.b64decode(text + "=" * (-len(text) % 4))]


METHODS = (
    Method("equal dHash keys, upright (the tutorial)", 0, upright_dhash),
    Method("equal dHash keys", 0, dhash),
    Method("ImageHash dHash within 10 of 64 bits", 10, dhash),
    Method("ImageHash pHash within 10 of 64 bits", 10, phash),
    Method("PDQ within 31 of 256 bits", 31, pdq, "pdqhash"),
    Method("czkawka, its «medium»: 5 of 64 bits, upright", 5, czkawka, "czkawka"),
)


def looks(path: str, *, query: bool) -> Look:
    """Decode a file as shown; a query in all orientations and without borders."""
    with Image.open(path) as opened:
        opened.seek(0)
        upright = ImageOps.exif_transpose(opened)
        if upright.mode.startswith("I;16"):  # ImageHash would clip it
            upright = reduction.brightness(upright)
        upright = upright.convert("RGB")
    colour, grey = [upright], [upright.convert("L")]
    if query:
        turns = [turn for _, turn in reduction.ORIENTATIONS if turn is not None]
        grey += [grey[0].transpose(turn) for turn in turns]
        if box := _without_borders(grey[0]):
            colour.append(upright.crop(box))
            grey.append(grey[0].crop(box))
    return Look(path, colour, grey, query)


def _without_borders(picture: Image.Image) -> tuple[int, int, int, int] | None:
    small = reduction.whole(picture).smaller(reduction.SMALLEST_SIZE)
    box = borders.without_borders(small)
    if box is None:
        return None
    across, down = picture.width / small.box[2], picture.height / small.box[3]
    return (
        *(round(box[0] * across), round(box[1] * down)),
        *(round(box[2] * across), round(box[3] * down)),
    )


def _hashes(path: str, *, query: bool, methods: Sequence[Method]) -> list[list[bytes]]:
    look = looks(path, query=query)
    made = {function: function(look) for function in {method.hashes for method in methods}}
    return [made[method.hashes] for method in methods]


def installed() -> tuple[list[Method], list[str]]:
    """Return the methods that can run here, and a sentence for each that cannot."""
    there = {method.name: find_spec(method.package) is not None for method in METHODS}
    return (
        [method for method in METHODS if there[method.name]],
        [f"{m.name}: left out, {m.package} is not installed" for m in METHODS if not there[m.name]],
    )


def found(
    stored: Sequence[str], queries: Sequence[str], methods: Sequence[Method]
) -> Iterator[tuple[Method, dict[str, list[str]]]]:
    """Yield, for each method, the stored paths that match each query, nearest first."""
    with ProcessPoolExecutor() as pool:
        one_stored = functools.partial(_hashes, query=False, methods=methods)
        one_query = functools.partial(_hashes, query=True, methods=methods)
        of_stored = list(pool.map(one_stored, stored, chunksize=16))
        of_queries = list(pool.map(one_query, queries, chunksize=16))
    for number, method in enumerate(methods):
        shelf = {path: each[number] for path, each in zip(stored, of_stored, strict=True)}
        asked = {path: each[number] for path, each in zip(queries, of_queries, strict=True)}
        yield method, near(shelf, asked, method.radius)


def near(
    shelf: dict[str, list[bytes]], asked: dict[str, list[bytes]], radius: int
) -> dict[str, list[str]]:
    """Return the paths whose first hash any hash of a query is near, nearest first."""
    paths = [path for path, hashes in shelf.items() if hashes]
    width = max((len(shelf[path][0]) for path in paths), default=0)
    stored = np.frombuffer(b"".join(shelf[path][0] for path in paths), np.uint8).reshape(-1, width)
    answer = {}
    for query, hashes in asked.items():
        probes = np.frombuffer(b"".join(hashes), np.uint8).reshape(len(hashes), 1, width)
        if hashes and paths:
            apart = np.bitwise_count(stored ^ probes).sum(axis=2).min(axis=0)
            close = np.flatnonzero(apart <= radius)
            answer[query] = [paths[at] for at in close[np.argsort(apart[close], kind="stable")]]
    return answer
