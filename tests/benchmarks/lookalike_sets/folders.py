"""The benchmark's pictures on the disk: originals, other look-alikes, copies, alterations."""

from __future__ import annotations

import json
import os
import zlib
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from tests.benchmarks.edits import finished, saved
from tests.benchmarks.lookalike_sets import LOSSLESS, write
from tests.benchmarks.lookalike_sets.alterations import ALTERATIONS, SHARES, altered
from tests.benchmarks.lookalike_sets.copies import copies_of

if TYPE_CHECKING:
    from tests.benchmarks.lookalike_sets.alterations import Rectangle

ORIGINALS, OTHERS, COPIED, CHANGED = "originals", "others", "copies", "alterations"


class Wanted(NamedTuple):
    """What to draw: how many pictures of which sets, and how many of them to copy and alter."""

    sets: tuple[str, ...]
    number: int
    copied: int
    layout: int


class Made(NamedTuple):
    """A picture made of an original; an alteration has a rectangle."""

    path: str
    original: str
    name: str  # the set
    how: str
    rectangle: Rectangle | None = None
    planned: float = 0  # share of the picture that was to be altered

    @property
    def size(self) -> tuple[int, int]:
        with Image.open(self.original) as opened:
            return opened.size

    @property
    def share(self) -> float:
        """Share of the picture within the rectangle."""
        if self.rectangle is None:
            return 0
        width, height = self.size
        return self.rectangle[2] * self.rectangle[3] / (width * height)


def made(folder: str, wanted: Wanted) -> list[Made]:
    """Draw everything below a folder; what was made of the originals.

    What an earlier run with the same wishes left there is used again.
    """
    listed = os.path.join(folder, "made.json")
    if os.path.exists(listed):
        with open(listed, encoding="utf-8") as file:
            before = json.load(file)
        if before["wanted"] == json.loads(json.dumps(wanted)):
            return [Made(*fields) for fields in before["made"]]
        raise SystemExit(f"{folder} holds pictures of another run: name another, or remove it")
    with ProcessPoolExecutor() as pool:
        tasks = [(folder, name, wanted) for name in wanted.sets]
        everything = [one for some in pool.map(_made_of_set, tasks) for one in some]
    with open(listed, "w", encoding="utf-8") as file:
        json.dump({"wanted": wanted, "made": everything}, file)
    return everything


def _made_of_set(task: tuple[str, str, Wanted]) -> list[Made]:
    """Draw one set, and copy and alter its first pictures."""
    folder, name, wanted = task
    places = {
        part: os.path.join(folder, part, name) for part in (ORIGINALS, OTHERS, COPIED, CHANGED)
    }
    for place in places.values():
        os.makedirs(place, exist_ok=True)
    paths = [
        write(name, n, wanted.layout, places[ORIGINALS if n < wanted.copied else OTHERS])
        for n in range(wanted.number)
    ]
    results = []
    for n, path in enumerate(paths[: wanted.copied]):
        sibling = paths[(n + 1) % len(paths)]
        results += _copied(path, name, places[COPIED])
        results += _altered(n, path, sibling, places[CHANGED])
    return results


def _opened(path: str) -> Image.Image:
    with Image.open(path) as opened:
        return opened.convert("RGB")


def _copied(path: str, name: str, folder: str) -> list[Made]:
    image, stem = _opened(path), os.path.splitext(os.path.basename(path))[0]
    results = []
    for n, (how, edit) in enumerate(copies_of(name).items()):
        file = finished(edit(image, _generator(path, n)))
        target = os.path.join(folder, f"{stem}-{n:02}.{file.suffix}")
        with open(target, "wb") as opened:
            opened.write(file.data)
        results.append(Made(target, path, name, how))
    return results


def _altered(number: int, path: str, sibling: str, folder: str) -> list[Made]:
    """Alter a picture in every way, each of them at the next share, and save it as it was."""
    image, other, name = _opened(path), _opened(sibling), os.path.basename(folder)
    stem = os.path.splitext(os.path.basename(path))[0]
    results = []
    for n, how in enumerate(ALTERATIONS):
        share = SHARES[(number + n) % len(SHARES)]
        done = altered(image, other, how, share, _generator(path, 100 + n))
        if done is None:
            continue
        suffix = "png" if name in LOSSLESS else "jpg"
        file = saved(done.image, suffix, quality=90)
        target = os.path.join(folder, f"{stem}-{n:02}.{suffix}")
        with open(target, "wb") as opened:
            opened.write(file.data)
        results.append(Made(target, path, name, how, done.rectangle, share))
    return results


def _generator(path: str, number: int) -> np.random.Generator:
    """Random numbers of a picture's copy, wherever the folder lies."""
    picture = os.sep.join(path.split(os.sep)[-2:])
    return np.random.default_rng([zlib.crc32(picture.encode()), number])
