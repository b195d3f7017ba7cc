"""Draw the stored shelf of a version: pictures, and a shelf with everything a user can put on it.

    python -m tests.fixture_shelf /home/me/album tests/fixtures/schema_1

Run once for each schema, by the code that still writes it. The album's folder goes onto the shelf,
so take one that names nobody.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import sys
from pathlib import Path

from imageshelf.__main__ import main as imageshelf
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.shelf import open_shelf
from tests.conftest import drawn

SHELF = "db.shelve.gz"  # packed: 100 kB of mostly empty pages are 6 kB


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("album", type=Path, help="where to draw; must not exist")
    parser.add_argument("fixture", type=Path, help="the folder to keep it in")
    options = parser.parse_args(argv)
    draw(options.album)
    pack(options.album, options.fixture)
    return 0


def draw(album: Path) -> None:
    """Make an album with a shelf: two clean-ups, one undone, a pair of no duplicates, a skip."""
    photos = album / "photos"
    photos.mkdir(parents=True)
    for name, seed in {"a": 1, "b": 2, "c": 3, "d": 4}.items():
        drawn(seed, (48, 36)).save(photos / f"{name}.jpg", quality=80)
    drawn(1, (96, 72)).save(photos / "a large.jpg", quality=60)
    shutil.copyfile(photos / "b.jpg", photos / "copy of b.jpg")
    (photos / "cut off.jpg").write_bytes((photos / "c.jpg").read_bytes()[:300])
    shelf = str(album / "db.shelve")
    index(photos, shelf, Settings(jobs=0))
    run("clean", "--shelve", shelf, "--set-aside", str(album / "aside"), "--apply")
    run("undo", "--shelve", shelf)
    run("clean", "--shelve", shelf, "--set-aside", str(album / "aside"), "--apply")
    run("not-duplicates", "--shelve", shelf, str(photos / "c.jpg"), str(photos / "d.jpg"))
    with open_shelf(shelf, "w") as lists:
        lists["00000000000000ff"] = ["by hand.jpg"]


def run(*arguments: str) -> None:
    if imageshelf(arguments):
        sys.exit(f"{arguments} failed")


def pack(album: Path, fixture: Path) -> None:
    shutil.copytree(album, fixture, ignore=shutil.ignore_patterns("db.shelve*"), dirs_exist_ok=True)
    shelf = (album / "db.shelve").read_bytes()
    (fixture / SHELF).write_bytes(gzip.compress(shelf, mtime=0))


def unpack(fixture: Path, folder: Path) -> Path:
    """Copy a fixture to a folder; return the shelf."""
    shutil.copytree(fixture, folder, ignore=shutil.ignore_patterns(SHELF), dirs_exist_ok=True)
    shelf = folder / "db.shelve"
    shelf.write_bytes(gzip.decompress((fixture / SHELF).read_bytes()))
    return shelf


if __name__ == "__main__":
    raise SystemExit(main())
