"""The pictures that accuracy.py measures on: originals, hard negatives and edited copies.

Originals are the photographs given, then pieces of them, then drawn snapshots, as many as are
wanted. Everything is made once in a folder, and used again when it is complete.
"""

from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageOps

from imageshelf.hashing.fingerprints import fingerprints
from imageshelf.pictures import images
from tests.benchmarks import drawn, negatives
from tests.benchmarks.edits import EDITS, finished

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIZE = (500, 375)
LONGEST = 1000  # pixels of the longer side of what is edited
GRID = (4, 3)  # pieces across and down a photograph that is wider than high
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


class Query(NamedTuple):
    """One edited copy: where it is, what it was made from, and how."""

    path: str
    original: str
    group: str
    edit: str


class Wanted(NamedTuple):
    """What a collection is made of."""

    photos: str | None  # a folder of photographs
    originals: int
    edited: int
    negatives: int
    pieces: bool  # whether photographs are also cut into pieces


class Collection(NamedTuple):
    """Paths of everything; `photographs` and `pieces` of the originals are real."""

    photographs: list[str]
    pieces: list[str]
    drawn: list[str]
    hard: str  # the folder of negatives
    copies: str  # the folder of edited copies
    queries: list[Query]

    @property
    def originals(self) -> list[str]:
        """Every picture that a query may match rightly or wrongly, but for the negatives."""
        return [*self.photographs, *self.pieces, *self.drawn]


def made(folder: str, wanted: Wanted) -> Collection:
    """Return a collection below a folder; what is missing is made."""
    below = os.path.join(folder, "originals")
    sources = sorted(pictures(wanted.photos))[: wanted.originals] if wanted.photos else []
    photographs = [copied(source, n, below) for n, source in enumerate(sources)]
    room = wanted.originals - len(photographs)
    pieces = cut(photographs, os.path.join(below, "pieces"), room) if wanted.pieces else []
    rest = drawn.draw(os.path.join(below, "drawn"), room - len(pieces), SIZE)
    hard, copies = os.path.join(folder, "negatives"), os.path.join(folder, "copies")
    negatives.draw(hard, wanted.negatives)
    _require_nothing_else(below, [*photographs, *pieces, *rest])
    edited = chosen(photographs, pieces, rest, wanted.edited)
    queries = copied_and_edited(copies, edited)
    return Collection(photographs, pieces, rest, hard, copies, queries)


def _require_nothing_else(folder: str, originals: Sequence[str]) -> None:
    """Exit when pictures of another setting lie among the originals."""
    if set(pictures(folder)) - set(originals):
        raise SystemExit(f"{folder} holds other originals: name an empty folder, or remove it")


def pictures(folder: str) -> Iterator[str]:
    for where, _, names in os.walk(folder):
        yield from (os.path.join(where, name) for name in names if name.lower().endswith(SUFFIXES))


def copied(source: str, number: int, folder: str) -> str:
    path = os.path.join(folder, f"{number:05}{os.path.splitext(source)[1].lower()}")
    if not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        shutil.copyfile(source, path + ".part")
        os.replace(path + ".part", path)
    return path


def cut(photographs: Sequence[str], folder: str, most: int) -> list[str]:
    """Cut photographs into pieces that do not overlap; those with little to see are left out.

    Pieces are photographs of walls, leaves and what is out of focus: harder to tell apart than
    whole ones, and further strangers to confuse a copy with.
    """
    os.makedirs(folder, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        tasks = [(n, path, folder) for n, path in enumerate(photographs)]
        paths = [path for some in pool.map(_cut_one, tasks) for path in some]
        views = [picture.whole for picture in pool.map(images.read, paths, chunksize=16)]
    flat = fingerprints(views).low_information.tolist() if views else []
    clear = [path for path, is_flat in zip(paths, flat, strict=True) if not is_flat][:most]
    for path in set(paths) - set(clear):
        os.remove(path)
    return clear


def _cut_one(task: tuple[int, str, str]) -> list[str]:
    number, source, folder = task
    whole = upright(source)
    across, down = GRID if whole.width > whole.height else GRID[::-1]
    paths = []
    for n in range(across * down):
        x, y = n % across, n // across
        left, top = x * whole.width // across, y * whole.height // down
        right, bottom = (x + 1) * whole.width // across, (y + 1) * whole.height // down
        piece = whole.crop((left, top, right, bottom))
        piece.thumbnail((SIZE[0], SIZE[0]))
        paths.append(os.path.join(folder, f"{number:05}-{n:02}.jpg"))
        piece.save(paths[-1], quality=90)
    return paths


def upright(path: str) -> Image.Image:
    with Image.open(path) as opened:
        return ImageOps.exif_transpose(opened).convert("RGB")


def chosen(
    photographs: Sequence[str], pieces: Sequence[str], rest: Sequence[str], count: int
) -> list[str]:
    """Return count pictures to edit: photographs first, then pieces of all of them, then others."""
    room = max(0, count - len(photographs))
    if len(pieces) > room:
        pieces = [pieces[n * len(pieces) // room] for n in range(room)]
    return [*photographs, *pieces, *rest][:count]


def copied_and_edited(folder: str, sources: Sequence[str]) -> list[Query]:
    """Return all edited copies of the originals, made on every core, or those made before."""
    listed = os.path.join(os.path.dirname(folder), "copies.json")
    if os.path.exists(listed):
        with open(listed, encoding="utf-8") as file:
            before = [Query(*fields) for fields in json.load(file)]
        if list(dict.fromkeys(query.original for query in before)) == list(sources):
            return before
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    tasks = [(n, source, folder) for n, source in enumerate(sources)]
    with ProcessPoolExecutor() as pool:
        queries = [query for some in pool.map(make_copies, tasks) for query in some]
    with open(listed, "w", encoding="utf-8") as file:
        json.dump(queries, file)
    return queries


def make_copies(task: tuple[int, str, str]) -> list[Query]:
    """Make every edited copy of one original, into a folder; (number, original, folder)."""
    number, original, folder = task
    image = upright(original)
    image.thumbnail((LONGEST, LONGEST))
    kinds = [(group, name, edit) for group, pairs in EDITS.items() for name, edit in pairs]
    queries = []
    for n, (group, name, edit) in enumerate(kinds):
        copy = finished(edit(image, np.random.default_rng((number, n))))
        path = os.path.join(folder, f"{number:05}-{n:02}.{copy.suffix}")
        with open(path, "wb") as file:
            file.write(copy.data)
        queries.append(Query(path, original, group, name))
    return queries
