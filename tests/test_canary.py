"""The canary notices what changes bits, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from imageshelf import Settings, index, open_shelf
from imageshelf.hashing.fingerprints import fingerprints, to_hex
from imageshelf.hashing.views import Sketch
from imageshelf.indexing import run as indexing
from imageshelf.indexing.run import Indexing
from imageshelf.pictures import canary, recipe, reduction
from imageshelf.workers.jobs import Lost, WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


def averaged_otherwise(self: Image.Image, factor: int) -> Image.Image:
    size = (-(-self.width // factor), -(-self.height // factor))
    return self.resize(size, Image.Resampling.NEAREST)


CHANGES = {
    "the filter of keys": (reduction, "LANCZOS", Image.Resampling.HAMMING),
    "the filter of sketches": (reduction, "SKETCH_FILTER", Image.Resampling.NEAREST),
    "averaging blocks": (Image.Image, "reduce", averaged_otherwise),
    "our own way": (canary, "HASHING_VERSION", canary.HASHING_VERSION + 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_canary_notices_a_change_of(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = canary.canary(full_decode=False)
    assert canary.canary(full_decode=False) == before
    where, name, value = CHANGES[change]
    monkeypatch.setattr(where, name, value)
    assert canary.canary(full_decode=False) != before


def test_full_decoding_has_a_canary_of_its_own() -> None:
    assert canary.canary(full_decode=True) != canary.canary(full_decode=False)


def test_the_drawn_picture_is_not_flat() -> None:
    levels = canary.drawn(608, 384).tobytes()
    low, high = min(levels), max(levels)
    assert low > 0
    assert high < 255
    assert high - low > 100


GOLDEN = [  # of the whole, of its centre: row, column, phash
    ["317373e7e6c6cecc", "716363e3e7c7cecc"],
    ["700778c73cc31ee0", "e10ff0873ce10ff8"],
    ["a71f7215f2953215", "871fd295d297c095"],
]


def test_what_is_hashed_of_a_sketch_is_as_it_always_was() -> None:
    """When this fails, shelves made before hold other hashes: raise HASHING_VERSION."""
    sketch = canary.drawn(624, 624).resize((48, 48), Image.Resampling.NEAREST)
    view = Sketch(sketch.tobytes())
    found = fingerprints([view, view._replace(centre=True)])
    digits = [[to_hex(int(bits)) for bits in part] for part in found[:3]]
    assert (canary.HASHING_VERSION, digits) == (1, GOLDEN)


@pytest.mark.parametrize("full_decode", [False, True])
def test_a_new_shelf_has_its_recipe_from_a_worker(
    full_decode: bool, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = recipe.current_recipe(full_decode=full_decode)

    def not_here(**_: object) -> recipe.Recipe:
        raise AssertionError("made in this process")

    monkeypatch.setattr(recipe, "current_recipe", not_here)
    monkeypatch.setattr(indexing, "PILLOW", "not loaded")
    index(photos, tmp_path / "db.shelve", Settings(full_decode=full_decode, jobs=1))
    with open_shelf(tmp_path / "db.shelve") as shelf:
        assert shelf.recipe == expected


def test_a_recipe_that_no_worker_can_make_is_made_here(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(items: Iterable[object]) -> Iterator[tuple[object, Lost]]:
        return ((item, Lost("needs more memory than 1 MB", lasting=False)) for item in items)

    def workers(run: Indexing) -> Callable[..., object]:
        run._mapper = lost
        return lost

    monkeypatch.setattr(Indexing, "_workers", workers)
    monkeypatch.setattr(indexing, "PILLOW", "not loaded")
    found = index(photos, tmp_path / "db.shelve")
    assert found.new == 0
    assert found.skipped > 0
    with open_shelf(tmp_path / "db.shelve") as shelf:
        assert shelf.recipe == recipe.current_recipe()


def test_a_folder_without_pictures_needs_no_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: Iterable[object]) -> Iterator[tuple[object, object]]:
        raise WorkerError("cannot run a worker process: not permitted")

    def workers(run: Indexing) -> Callable[..., object]:
        run._mapper = none
        return none

    monkeypatch.setattr(Indexing, "_workers", workers)
    monkeypatch.setattr(indexing, "PILLOW", "not loaded")
    (tmp_path / "empty").mkdir()
    assert index(tmp_path / "empty", tmp_path / "db.shelve").pictures == 0
