"""Shelves whose keys are another hash: filled, searched, checked, never mixed."""

from __future__ import annotations

import functools
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageOps

import index as index_script
import search as search_script
from imageshelf import duplicates, index, key, open_shelf, search
from imageshelf.hashing.hash_names import BITS, DEFAULT_DISTANCE, NAMES
from imageshelf.indexing.settings import Settings
from imageshelf.pictures import other_keys
from imageshelf.pictures.recipe import current_recipe
from imageshelf.report.matches import FIELDS
from imageshelf.searching.policies import STRICT, Policy
from imageshelf.searching.queries import QueryError
from imageshelf.searching.query_prints import pictures_on_shelf
from imageshelf.searching.search import SearchOptions
from imageshelf.shelf import ShelfError, chunks, health
from imageshelf.shelf.catalogue import Catalogue
from imageshelf.shelf.records import PictureRow
from tests.conftest import drawn
from tests.test_full_decode import KINDS, SIZES

IMAGEHASH: dict[str, Callable[[Image.Image], imagehash.ImageHash]] = {
    "ahash": imagehash.average_hash,
    "phash": imagehash.phash,
    "whash": imagehash.whash,
}


def filled(photos: Path, name: str, **settings: Any) -> Path:
    """Index the photos with a hash and return the shelf."""
    shelve = photos.parent / f"{name}.shelve"
    index(photos, shelve, Settings(hash=name, jobs=0, **settings))
    return shelve


def assert_equal(path: Path) -> None:
    with Image.open(path) as image:
        shown = ImageOps.exif_transpose(image)
        for name, theirs in IMAGEHASH.items():
            if name == "whash" and min(shown.size) < 8:  # ImageHash refuses these
                continue
            assert key(path, hash_name=name, full_decode=True) == str(theirs(shown))


# -- keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("kind", "mode", "options"), KINDS)
def test_a_full_decode_gives_imagehashs_key(
    tmp_path: Path, kind: str, mode: str, options: dict[str, Any], size: tuple[int, int]
) -> None:
    path = tmp_path / "picture"
    drawn(sum(size), size).convert(mode).save(path, kind, **options)
    assert_equal(path)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_full_decode_applies_the_orientation(tmp_path: Path, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    path = tmp_path / "picture"
    drawn(orientation, (203, 151)).save(path, kind, exif=exif)
    assert_equal(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_reduced_decode_gives_nearly_the_same_keys(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "picture"
    drawn(5, (2400, 1600)).save(path, kind)
    for name in NAMES:
        reduced, full = (
            int(key(path, hash_name=name, full_decode=full), 16) for full in (False, True)
        )
        assert (reduced ^ full).bit_count() <= BITS[name] / 20, name


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("full_decode", [False, True])
def test_the_shelf_has_the_key_of_every_picture(photos: Path, name: str, full_decode: bool) -> None:
    shelve = filled(photos, name, full_decode=full_decode)
    with open_shelf(shelve) as shelf:
        for path in photos.rglob("*.jpg"):
            own = key(path, shelf)
            assert own == key(path, hash_name=name, full_decode=full_decode)
            assert len(own) == BITS[name] // 4
            assert shelf.name_of(path) in shelf[own]
        assert len(shelf) == 6
        assert shelf.check() == []
        assert shelf.hand_written() == []
        assert list(health.findings(shelf)) == []


def test_workers_make_the_same_keys(photos: Path) -> None:
    for name in NAMES:
        with_workers = photos.parent / "workers.shelve"
        index(photos, with_workers, Settings(hash=name, jobs=2, rebuild=True))
        with open_shelf(with_workers) as shelf, open_shelf(filled(photos, name)) as other:
            assert dict(shelf) == dict(other)


def test_a_worker_that_needs_no_numpy_does_not_load_it(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    drawn(1).save(path)
    code = (
        "import sys; from imageshelf.workers.work import work\n"
        "from imageshelf.pictures.images import Task\n"
        f"work(Task({str(path)!r}, hash='ahash')); print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no limit is kept")
@pytest.mark.parametrize("name", NAMES)
def test_libraries_do_not_count_against_the_memory_limit(photos: Path, name: str) -> None:
    shelve = photos.parent / "db.shelve"
    limit_mb = 80  # the libraries map 200, a picture and its marr hash take 40
    done = index(photos, shelve, Settings(hash=name, jobs=1, memory_limit_mb=limit_mb))
    assert (done.new, done.skipped) == (6, 0)


def test_a_batch_of_skipped_files_is_remembered(photos: Path) -> None:
    for path in photos.rglob("*.jpg"):
        path.write_bytes(b"")
    for name in NAMES:
        done = index(photos, photos.parent / f"{name}.shelve", Settings(hash=name, jobs=0))
        assert (done.new, done.skipped) == (0, 6)


# -- the life of such a shelf ---------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_pictures_change_move_and_vanish(photos: Path, name: str) -> None:
    shelve = filled(photos, name)
    drawn(40).save(photos / "0.jpg")
    (photos / "1.jpg").rename(photos / "trip" / "moved.jpg")
    (photos / "2.jpg").unlink()
    done = index(photos, shelve, Settings(hash=name, jobs=0))
    assert (done.changed, done.moved, done.vanished, done.unchanged) == (1, 1, 1, 3)
    with open_shelf(shelve) as shelf:
        expected = {key(path, shelf): [shelf.name_of(path)] for path in photos.rglob("*.jpg")}
        assert dict(shelf) == expected
        assert shelf.check() == []


@pytest.mark.parametrize("name", ["phash", "marr"])
def test_more_pictures_than_a_first_chunk_holds_keep_their_keys(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for seed in range(70):
        drawn(seed, (40, 30)).save(folder / f"{seed}.png")
    shelve = tmp_path / "db.shelve"
    index(folder, shelve, Settings(hash=name, jobs=0))
    with open_shelf(shelve) as shelf:
        assert shelf.check() == []
        keys = shelf.whole_catalogue().keys()
        assert keys is not None
        assert {written.decode() for written in chunks.hex_of(keys.words)} == set(shelf)


def test_the_catalogue_of_the_default_has_no_keys_of_its_own(photos: Path) -> None:
    with open_shelf(filled(photos, "dhash")) as shelf:
        assert shelf.whole_catalogue().keys() is None


@pytest.mark.parametrize("name", NAMES)
def test_equal_bytes_and_pixels_are_told(photos: Path, name: str) -> None:
    with Image.open(photos / "0.jpg") as image:
        image.save(photos / "pixels.png")
    (photos / "bytes.jpg").write_bytes((photos / "0.jpg").read_bytes())
    shelve = filled(photos, name)
    found = search(photos / "0.jpg", shelve)
    assert {Path(match.path).name: match.kind for match in found} == {
        "0.jpg": "same file",
        "bytes.jpg": "identical bytes",
        "pixels.png": "identical pixels",
    }


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_written_by_hand_is_marked_and_found(photos: Path, name: str) -> None:
    shelve = filled(photos, name)
    with open_shelf(shelve, "w") as shelf:
        own = key(photos / "3.jpg", shelf)
        near = f"{int(own, 16) ^ 1:0{len(own)}x}"
        shelf[near] = ["by hand.jpg"]
        shelf["0" * 15] = ["no key.jpg"]
        assert shelf.hand_written() == sorted([(near, ["by hand.jpg"]), ("0" * 15, ["no key.jpg"])])
    found = {Path(match.path).name: match for match in search(photos / "3.jpg", shelve)}
    assert set(found) == {"3.jpg", "by hand.jpg"}
    assert (found["by hand.jpg"].distance, found["by hand.jpg"].row) == (1, None)
    index(photos, shelve, Settings(hash=name, jobs=0))
    with open_shelf(shelve) as shelf:
        assert len(shelf.hand_written()) == 2


def test_a_shelf_without_its_keys_is_damaged(photos: Path) -> None:
    shelve = filled(photos, "phash")
    with sqlite3.connect(shelve) as db:
        db.execute("DELETE FROM chunk WHERE view = 'phash'")
    db.close()
    with pytest.raises(ShelfError, match="views whole and phash do not agree"):
        search(photos / "0.jpg", shelve)


def test_a_shelf_of_a_future_hash_is_refused(photos: Path) -> None:
    shelve = filled(photos, "phash")
    with sqlite3.connect(shelve) as db:
        db.execute(
            "UPDATE meta SET value = replace(value, '\"phash\"', '\"zhash\"') WHERE name = 'recipe'"
        )
    db.close()
    with pytest.raises(ShelfError, match="holds zhash hashes, which this version does not know"):
        search(photos / "0.jpg", shelve)
    index(photos, shelve, Settings(jobs=0, rebuild=True))
    assert search(photos / "0.jpg", shelve)[0].kind == "same file"


# -- one shelf, one hash --------------------------------------------------------------------------


def test_mixing_is_refused_with_advice(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shelve = filled(photos, "phash")
    before = shelve.read_bytes()
    for name in ("dhash", "marr"):
        options = ["-d", str(photos), "-s", str(shelve), "--hash", name, "-j", "0"]
        assert index_script.main(options) == 1
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        for words in ("holds phash hashes", f"not {name} hashes", "--hash phash", "--rebuild"):
            assert words in told
    assert shelve.read_bytes() == before


@pytest.mark.parametrize("name", ["dhash", *NAMES])
def test_rebuild_changes_the_hash_of_a_shelf(photos: Path, name: str) -> None:
    shelve = filled(photos, "marr" if name == "phash" else "phash")
    index(photos, shelve, Settings(hash=name, jobs=0, rebuild=True))
    with open_shelf(shelve) as shelf:
        assert shelf.recipe == current_recipe(hash_name=name)
        assert {len(digits) for digits in shelf} == {BITS.get(name, 64) // 4}
        assert shelf.check() == []
        assert shelf.hand_written() == []
    assert [match.kind for match in search(photos / "0.jpg", shelve)] == ["same file"]


def test_an_unknown_hash_is_refused(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        index_script.main(["-d", str(photos), "--hash", "md5"])
    assert caught.value.code == 2
    assert "--hash expects dhash, ahash, phash, whash or marr, got 'md5'" in capsys.readouterr().err
    with pytest.raises(ValueError, match="expected one of the hashes dhash, ahash"):
        index(photos, photos.parent / "db.shelve", Settings(hash="md5"))


def test_recipes_of_different_hashes_differ_in_their_canary() -> None:
    for full in (False, True):
        recipes = [current_recipe(hash_name=name, full_decode=full) for name in ("dhash", *NAMES)]
        assert len({recipe.canary for recipe in recipes}) == len(recipes)
        assert [recipe.bits for recipe in recipes] == [64, 64, 64, 64, 576]


@pytest.mark.parametrize("name", NAMES)
def test_an_upgrade_that_changes_bits_is_reported(
    photos: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelve = filled(photos, name)
    genuine = other_keys.key_of_square

    def upgraded(which: str, square: Image.Image) -> str:
        digits = genuine(which, square)
        return f"{int(digits, 16) ^ 1:0{len(digits)}x}"

    monkeypatch.setattr(other_keys, "key_of_square", upgraded)
    current_recipe.cache_clear()
    try:
        with open_shelf(shelve) as shelf:
            told = " ".join(finding.what for finding in health.findings(shelf))
        assert "no longer make" in told
    finally:
        current_recipe.cache_clear()


# -- questions ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture, copies of it, turned ones, and strangers: for tests that leave them alone."""
    folder = tmp_path_factory.mktemp("album") / "relatives"
    folder.mkdir()
    original = drawn(7, (320, 240))
    original.save(folder / "original.png")
    original.resize((160, 120)).save(folder / "smaller.jpg", quality=80)
    original.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "mirrored.png")
    original.transpose(Image.Transpose.ROTATE_90).save(folder / "left.png")
    for seed in range(20, 30):
        drawn(seed, (320, 240)).save(folder / f"stranger-{seed}.jpg")
    return folder


@pytest.fixture(scope="module")
def shelved(album: Path) -> Callable[[str], Path]:
    """Return a function: name of a hash -> the album's shelf of it, which tests only read."""
    return functools.cache(lambda name: filled(album, name))


@pytest.fixture
def relatives(album: Path, tmp_path: Path) -> Path:
    """A copy of the album that a test may change."""
    return Path(shutil.copytree(album, tmp_path / "relatives"))


@pytest.mark.parametrize("name", NAMES)
def test_copies_are_found_turned_ones_too(
    album: Path, shelved: Callable[[str], Path], name: str
) -> None:
    found = search(album / "original.png", shelved(name))
    assert {Path(match.path).name: match.turn or match.kind for match in found} == {
        "original.png": "same file",
        "smaller.jpg": "near",
        "mirrored.png": "mirrored",
        "left.png": "turned 90 degrees left",
    }
    assert [match.distance for match in found] == sorted(match.distance for match in found)
    for match in found:
        assert match.similarity == 100 * (BITS[name] - match.distance) / BITS[name]
        assert match.row is not None
        assert match.column is not None
        assert match.phash is not None
        assert match.score == match.row + match.column + 2 * match.phash


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0, 0.1, 0.35, 0.5, 1])
def test_a_plain_radius_finds_what_the_definition_says(
    album: Path, shelved: Callable[[str], Path], name: str, share: float
) -> None:
    shelve = shelved(name)
    radius = int(BITS[name] * share)
    query = album / "stranger-20.jpg"
    with open_shelf(shelve) as shelf:
        own = int(key(query, shelf), 16)
        expected = {
            (shelf.path_of(path), (int(digits, 16) ^ own).bit_count())
            for digits, listed in shelf.items()
            for path in listed
            if (int(digits, 16) ^ own).bit_count() <= radius
        }
    for policy in (Policy.within(radius), Policy.alike(100 - 100 * share)):
        found = search(query, shelve, SearchOptions(policy))
        assert {(match.path, match.distance) for match in found} == expected


@pytest.mark.parametrize("name", NAMES)
def test_another_shelf_is_queried_like_its_pictures(
    album: Path, shelved: Callable[[str], Path], name: str
) -> None:
    shelve = shelved(name)
    asked = search(shelve, shelve, SearchOptions(Policy.within(DEFAULT_DISTANCE[name])))
    by_files = search(album, shelve, SearchOptions(Policy.within(DEFAULT_DISTANCE[name])))
    assert {(m.query, m.path, m.distance) for m in asked} == {
        (m.query, m.path, m.distance) for m in by_files
    }
    other = shelved("dhash")
    with pytest.raises(ShelfError, match=f"cannot be compared: .* holds {name} hashes, not dhash"):
        search(other, shelve)


def test_flat_pictures_match_only_what_looks_like_them(tmp_path: Path) -> None:
    folder = tmp_path / "flat"
    folder.mkdir()
    for level in (60, 61, 200):
        Image.new("L", (200, 150), level).save(folder / f"{level}.png")
    for name in NAMES:
        shelve = filled(folder, name)
        found = search(folder / "60.png", shelve)
        assert {Path(match.path).name for match in found} == {"60.png", "61.png"}
        plain = search(folder / "60.png", shelve, SearchOptions(Policy.within(BITS[name])))
        assert len(plain) == 3


def test_a_query_shelf_rebuilt_during_the_search_is_reported(
    shelved: Callable[[str], Path],
) -> None:
    shelve = shelved("phash")
    with open_shelf(shelve) as besides:
        asked = pictures_on_shelf(str(shelve), besides)
        next(asked)
        assert len(list(asked)) == 13
        genuine = Catalogue.rows
        digits = "0" * 144

        def rebuilt(self: Catalogue, ids: Iterable[int]) -> list[PictureRow]:
            return [row._replace(key=digits) for row in genuine(self, ids)]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Catalogue, "rows", rebuilt)
            with pytest.raises(ShelfError, match="was rebuilt meanwhile: search again"):
                list(pictures_on_shelf(str(shelve), besides))


def test_rules_of_other_hashes_are_refused(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shelve = filled(photos, "phash")
    with pytest.raises(QueryError, match=r"know no --strict and no --loose: say --max-distance"):
        search(photos / "0.jpg", shelve, SearchOptions(STRICT))
    options = ["-q", str(photos / "0.jpg"), "-s", str(shelve)]
    for more, words in (
        (["--loose"], "know no --strict and no --loose"),
        (["--max-distance", "65"], "have 64 bits: expected --max-distance 0 to 64, got 65"),
    ):
        assert search_script.main([*options, *more]) == 1
        out, told = capsys.readouterr()
        assert (out, told.count("\n")) == ("", 1)
        assert words in told
    with pytest.raises(SystemExit) as caught:
        search_script.main([*options, "--max-distance", "577"])
    assert caught.value.code == 2
    assert (
        "expects a number of bits from 0 to 64 (576 of marr), got '577'" in capsys.readouterr().err
    )
    with pytest.raises(QueryError, match="have 64 bits"):
        search(photos / "0.jpg", filled(photos, "dhash"), SearchOptions(Policy.within(65)))


def test_marr_takes_a_distance_of_its_576_bits(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["-q", str(photos / "0.jpg"), "-s", str(filled(photos, "marr")), "--format", "jsonl"]
    assert search_script.main([*options, "--max-distance", "576"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 6
    assert max(line["distance"] for line in lines) > 64
    assert list(lines[0]) == list(FIELDS)


def test_other_shots_of_a_moment_are_listed_too(tmp_path: Path) -> None:
    folder = tmp_path / "burst"
    folder.mkdir()
    wide = drawn(3, (200, 120))
    for at in range(3):
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"2024:05:01 10:00:0{at}"
        wide.crop((at * 2, 0, at * 2 + 160, 120)).save(folder / f"{at}.jpg", exif=exif, quality=95)
    for name in NAMES:
        found = search(folder / "0.jpg", filled(folder, name))
        assert [match.kind for match in found] == ["same file", "another shot", "another shot"]


# -- everything else ------------------------------------------------------------------------------


def test_duplicates_are_the_same_whatever_the_keys_are(shelved: Callable[[str], Path]) -> None:
    def told(name: str) -> list[list[tuple[str, str]]]:
        groups = duplicates(shelved(name)).groups
        return [[(one.path, one.kind) for one in group.members] for group in groups]

    expected = told("dhash")
    assert len(expected[0]) == 3
    for name in NAMES:
        assert told(name) == expected


def test_an_undone_clean_up_restores_the_key(relatives: Path) -> None:
    shelve = filled(relatives, "marr")
    with open_shelf(shelve) as shelf:
        before = dict(shelf)
    names = sorted(relatives.iterdir())
    verb = [sys.executable, "-m", "imageshelf"]
    away = relatives.parent / "away"
    for words in (
        ["clean", "-s", shelve, "--set-aside", away, "--kind", "near,turned", "--apply", "--yes"],
        ["undo", "-s", shelve],
    ):
        done = subprocess.run(
            [*verb, *map(str, words)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert (sorted(relatives.iterdir()) == names) == (words[0] == "undo")
    with open_shelf(shelve) as shelf:
        assert dict(shelf) == before
        assert shelf.check() == []


def test_words_and_bytes_convert_both_ways() -> None:
    keys = [np.random.default_rng(seed).bytes(72) for seed in range(5)]
    assert chunks.hex_of(chunks.words_of(keys)) == [one.hex().encode() for one in keys]
