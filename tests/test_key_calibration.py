"""What a distance of another hash means in one collection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from imageshelf import calibrate, index
from imageshelf.hashing.hash_names import BITS, DEFAULT_DISTANCE, NAMES
from imageshelf.indexing.settings import Settings
from imageshelf.pictures.calibration_edits import EDITS
from imageshelf.searching import calibration, key_calibration
from imageshelf.searching.calibration import Calibration
from imageshelf.searching.key_calibration import KeyCounts
from imageshelf.searching.key_candidates import Radius
from tests.scenes.drawing import scene

FEW = 26


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("collection")
    for seed in range(FEW):
        scene(seed, (240, 160)).save(folder / f"{seed}.jpg", quality=90)
    return folder


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Halve the pictures that a calibration needs: each costs 17 keys of its hash."""
    monkeypatch.setattr(calibration, "FEWEST_PICTURES", FEW - 2)


def calibrated(collection: Path, name: str) -> Calibration:
    shelve = collection.parent / f"{collection.name}-{name}.shelve"
    index(collection, shelve, Settings(hash=name, jobs=0))
    return calibrate(str(shelve))


@pytest.mark.parametrize("name", NAMES)
def test_copies_are_found_and_strangers_are_far(collection: Path, name: str) -> None:
    told = calibrated(collection, name)
    keys, usual = told.keys, key_calibration.default_radius(name)
    assert keys is not None
    shown = FEW - told.low_information
    assert keys.pictures == shown
    assert keys.strangers.sum() == keys.all_pairs.sum() == shown * (shown - 1)
    assert keys.copies.sum() == shown * len(EDITS)
    assert keys.found_percent(usual) > 60
    assert keys.false_a_query(usual) < 1
    everything = Radius(BITS[name], None, False)
    assert keys.found_percent(everything) == 100
    assert keys.false_a_query(everything) == shown
    assert keys.found_pairs(everything) == shown * (shown - 1) / 2
    assert f"A query is answered by {name} keys alone." in told.text()
    assert f"{DEFAULT_DISTANCE[name]} of {BITS[name]} bits, turned" in told.text()
    assert f">keys: {name}<" in told._repr_html_()


def test_the_default_has_no_other_keys(collection: Path) -> None:
    told = calibrated(collection, "dhash")
    assert told.keys is None
    assert "keys:" not in told.text()


def test_a_mirror_image_on_the_shelf_counts_as_near(collection: Path, tmp_path: Path) -> None:
    folder = tmp_path / "with mirror images"
    folder.mkdir()
    for path in collection.glob("*.jpg"):
        with Image.open(path) as image:
            image.save(folder / f"{path.stem}.png")
            ImageOps.mirror(image).save(folder / f"{path.stem}-mirrored.png")
    keys = calibrated(folder, "ahash").keys
    assert keys is not None
    assert keys.strangers[:2].sum() >= 40  # of 52 originals, each with its mirror image


def test_turned_comparisons_count_seven_times() -> None:
    counts = np.zeros(65, np.int64)
    counts[[1, 5]] = 1, 99
    keys = KeyCounts("phash", 100, counts, counts, counts)
    assert keys.false_a_query(Radius(1, None, True)) == 1
    assert keys.false_a_query(Radius(1, 1, True)) == 8
    assert keys.false_a_query(Radius(5, 1, True)) == 107
