"""What distance suits each hash that `--hash` names: copies found and strangers met, bit by bit.

python tests/benchmarks/other_hashes.py --dataset PHOTOS --drawn 48

Every picture of the folder and as many drawn scenes are edited (the first two groups of edits.py);
each copy is compared with its original and with every other original. The scenes repeat eight
motifs, so they are harder to tell apart than photographs. `opencv` is OpenCV's version of
Marr-Hildreth, for comparison, where opencv-contrib-python-headless is installed.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Distances = NDArray[np.int64]

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from imageshelf.hashing import hash_names  # noqa: E402
from imageshelf.hashing.fingerprints import fingerprints  # noqa: E402
from imageshelf.pictures import other_keys  # noqa: E402
from imageshelf.pictures.decoding import decode  # noqa: E402
from imageshelf.pictures.reduction import whole  # noqa: E402
from tests.benchmarks.edits import EDITS, finished  # noqa: E402
from tests.scenes.drawing import SCENES, scene  # noqa: E402

LONGEST = 1200  # pixels of a photograph before it is edited
GROUPS = tuple(EDITS)[:2]
SHOWN = {64: range(15), 576: range(100, 221, 10)}  # distances, by bits of a hash


class Compared(NamedTuple):
    """Distances of one hash, in bits."""

    bits: int
    copies: dict[str, list[int]]  # by group of edits
    strangers: list[int]
    photographs: list[int]  # those strangers of which both are photographs


def originals(dataset: str | None, drawn: int) -> Iterator[tuple[bool, Image.Image]]:
    """Yield pictures and whether each is a photograph."""
    for folder, _, names in sorted(os.walk(dataset or "")) if dataset else ():
        for name in sorted(names):
            with Image.open(os.path.join(folder, name)) as image:
                image.draft("RGB", (LONGEST, LONGEST))
                picture = image.convert("RGB")
            picture.thumbnail((LONGEST, LONGEST))
            yield True, picture
    kinds = list(SCENES)
    for number in range(drawn):
        yield False, scene(100 + number, (600, 400), kinds[number % len(kinds)])


def keys(luma: Image.Image) -> dict[str, bytes]:
    """Return every hash of a grey picture."""
    found = {
        name: other_keys.keys(name, whole(luma), full_decode=True, turned=False)[0]
        for name in hash_names.NAMES
    }
    row = fingerprints([whole(luma).thumbnails()]).row
    found["dhash"] = int(row[0]).to_bytes(8, "big")
    try:
        cv2 = import_module("cv2")
    except ImportError:  # not everybody has it
        return found
    hasher = cv2.img_hash.MarrHildrethHash_create()
    return {**found, "opencv": hasher.compute(np.asarray(luma))[0].tobytes()}


def measured(pictures: list[tuple[bool, Image.Image]]) -> dict[str, Compared]:
    """Return the distances of all copies to all originals, for every hash."""
    photographs = [is_photograph for is_photograph, _ in pictures]
    stored = [keys(picture.convert("L")) for _, picture in pictures]
    results = {name: Compared(8 * len(key), {}, [], []) for name, key in stored[0].items()}
    for at, (_, picture) in enumerate(pictures):
        rng = np.random.default_rng(at)
        for group in GROUPS:
            for _, edit in EDITS[group]:
                copy = finished(edit(picture, rng)).data
                luma = decode(io.BytesIO(copy), "", full_decode=True).exact.picture
                for name, key in keys(luma).items():
                    apart = distances(key, [each[name] for each in stored])
                    tally(results[name], group, at, apart, photographs)
        print(f"\r{at + 1} of {len(pictures)}", end="", file=sys.stderr, flush=True)
    return results


def distances(key: bytes, others: list[bytes]) -> Distances:
    """Return the bits in which a key differs from each of the others."""
    table = np.frombuffer(b"".join(others), np.uint8).reshape(len(others), -1)
    apart: Distances = np.bitwise_count(table ^ np.frombuffer(key, np.uint8)).astype(np.int64)
    return np.asarray(apart.sum(axis=1))


def tally(into: Compared, group: str, at: int, apart: Distances, photographs: list[bool]) -> None:
    """Count one copy of the original `at`."""
    into.copies.setdefault(group, []).append(int(apart[at]))
    for other, bits in enumerate(apart.tolist()):
        if other != at:
            into.strangers.append(bits)
            if photographs[at] and photographs[other]:
                into.photographs.append(bits)


def table(name: str, result: Compared) -> Iterator[str]:
    """Yield the lines of one hash."""
    yield f"\n{name}: {result.bits} bits, {len(result.strangers):,} pairs of strangers, nearest"
    yield f"{min(result.strangers)}; {len(result.photographs):,} of photographs"
    yield f"{'bits':>5} {GROUPS[0]:>28} {GROUPS[1]:>8} {'false':>8} {'photographs':>12}"
    for limit in SHOWN[result.bits]:
        found = (100 * np.mean(np.array(result.copies[group]) <= limit) for group in GROUPS)
        first, second = (f"{share:.1f} %" for share in found)
        false, photographs = (
            int((np.array(each) <= limit).sum()) for each in (result.strangers, result.photographs)
        )
        yield f"{limit:>5} {first:>28} {second:>8} {false:>8,} {photographs:>12,}"


def main(argv: list[str] | None = None) -> int:
    """Print a table for each hash."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dataset", metavar="DIR", help="photographs, no two of one scene")
    parser.add_argument("--drawn", type=int, default=48, metavar="N", help="scenes to draw")
    options = parser.parse_args(argv)
    for name, result in measured(list(originals(options.dataset, options.drawn))).items():
        print("\n".join(table(name, result)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
