"""Digests of pictures with equal keys, kept on the shelf."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imageshelf import index, open_shelf, search
from imageshelf.indexing import digesting
from imageshelf.indexing.run import IDENTIFIED, Indexing
from imageshelf.pictures import tasks
from imageshelf.searching import kinds
from imageshelf.workers import work
from tests.conftest import drawn


@pytest.fixture
def relatives(tmp_path: Path) -> Path:
    folder = tmp_path / "relatives"
    folder.mkdir()
    drawn(7).save(folder / "a.png")
    shutil.copy(folder / "a.png", folder / "b.png")
    drawn(7).save(folder / "c.bmp")
    drawn(7).save(folder / "d.jpg", quality=95)
    drawn(8).save(folder / "stranger.png")
    return folder


def digests(shelve: Path) -> dict[str, tuple[bool, bool]]:
    with open_shelf(shelve) as db:
        catalogue = db.whole_catalogue()
        ids = catalogue.hashes().ids.tolist()
        known = catalogue.digests(ids)
        named = {number: Path(os.fsdecode(n)).name for number, n in catalogue.names(ids).items()}
    return {named[number]: (bool(d[0]), bool(d[1])) for number, d in known.items()}


def test_what_looks_the_same_is_digested_and_a_stranger_is_not(
    relatives: Path, tmp_path: Path
) -> None:
    index(relatives, tmp_path / "db.shelve")
    found = digests(tmp_path / "db.shelve")
    assert found["a.png"][0]
    assert found["b.png"][0]
    assert found["c.bmp"][1]
    assert found["stranger.png"] == (False, False)


def test_a_search_needs_no_file_to_tell_identical_pictures(relatives: Path, tmp_path: Path) -> None:
    shelve = tmp_path / "db.shelve"
    index(relatives, shelve)
    shutil.rmtree(relatives)
    kinds = {Path(m.path).name: m.kind for m in search(shelve, shelve) if m.query.endswith("a.png")}
    assert kinds["b.png"] == "identical bytes"
    assert kinds["c.bmp"] == "identical pixels"
    assert kinds["d.jpg"] == "near"


def test_a_changed_picture_loses_its_digest_and_gets_another(
    relatives: Path, tmp_path: Path
) -> None:
    shelve = tmp_path / "db.shelve"
    index(relatives, shelve)
    drawn(9).save(relatives / "b.png")
    index(relatives, shelve)
    assert digests(shelve)["b.png"] == (False, False)
    shutil.copy(relatives / "a.png", relatives / "b.png")
    index(relatives, shelve)
    assert digests(shelve)["b.png"][0]


def test_a_run_that_was_stopped_before_digesting_is_made_up_for(
    relatives: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelve = tmp_path / "db.shelve"

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(digesting, "equal_keys", interrupted)
        with pytest.raises(KeyboardInterrupt):
            index(relatives, shelve)
    assert digests(shelve)["a.png"] == (False, False)
    index(relatives, shelve)
    assert digests(shelve)["a.png"][0]


def test_an_unreadable_picture_has_no_digest_and_stops_nothing(tmp_path: Path) -> None:
    wanted = tasks.DigestTask(b"gone.jpg", str(tmp_path / "gone.jpg"), pixels=True)
    assert work.digested(wanted) is None


@pytest.mark.parametrize("at_a_time", [1, 2, 3, 100])
def test_pictures_of_a_key_stay_together_whatever_the_page(
    tmp_path: Path, at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for seed in range(4):
        for copy in range(seed):
            drawn(seed).save(folder / f"{seed}-{copy}.png")
    Image.new("L", (9, 9)).save(folder / "dot.png")
    index(folder, tmp_path / "db.shelve")
    monkeypatch.setattr(digesting, "PICTURES_PER_PAGE", at_a_time)
    with open_shelf(tmp_path / "db.shelve") as db:
        found = list(digesting.equal_keys(db.whole_catalogue()))
    pages = [rows for rows, _, _ in found]
    shares = [begin for _, begin, _ in found] + [1.0]
    assert shares == [0.0, *(end for _, _, end in found)]
    groups: dict[str, list[int]] = {}
    for number, page in enumerate(pages):
        for row in page:
            groups.setdefault(row.key, []).append(number)
    assert sorted(len(pages) for pages in groups.values()) == [2, 3]
    assert all(len(set(pages)) == 1 for pages in groups.values())


@pytest.mark.parametrize(
    ("names", "ended"), [(["a.png", "stranger.png"], "yes"), (["a.png", "b.png"], None)]
)
def test_the_last_batch_ends_a_run_in_which_nothing_is_to_be_digested(
    relatives: Path, tmp_path: Path, names: list[str], ended: str | None
) -> None:
    for path in relatives.iterdir():
        if path.name not in names:
            path.unlink()
    with Indexing(relatives, tmp_path / "db.shelve") as run:
        run.survey()
        for batch in run.batches():
            run.remember(batch)
        with open_shelf(tmp_path / "db.shelve") as db:
            assert db.whole_catalogue().meta(IDENTIFIED) == ended
        run.settle()
        assert run.identify() == (0 if ended else 2)
        assert run.catalogue.meta(IDENTIFIED) == "yes"
        assert [one.completed_ns is not None for one in run.catalogue.datasets()] == [True]


def test_a_stranger_does_not_hide_what_a_stopped_run_left_undigested(
    relatives: Path, tmp_path: Path
) -> None:
    shelve, late = tmp_path / "db.shelve", relatives / "late.png"
    with Indexing(relatives, shelve) as run:  # stopped before identify
        run.survey()
        for batch in run.batches():
            run.remember(batch)
    drawn(9).save(late)
    assert not digests(shelve)["a.png"][0]
    index(relatives, shelve)
    assert digests(shelve)["a.png"][0]


@given(st.lists(st.lists(st.integers(0, 6), max_size=6), max_size=4), st.integers(1, 2**61))
def test_those_with_the_row_hash_of_another_are_found_in_its_order(
    chunks: list[list[int]], apart: int
) -> None:
    rows = [
        (9 * n + at, small * apart)
        for n, chunk in enumerate(chunks)
        for at, small in enumerate(chunk)
    ]
    pieces = [
        (np.arange(len(chunk)) + 9 * n, np.array([small * apart for small in chunk], np.uint64))
        for n, chunk in enumerate(chunks)
    ]
    catalogue = cast("Any", SimpleNamespace(row_hashes=lambda: iter(pieces)))
    ids, row = digesting._shared_rows(catalogue)
    every = [hash_ for _, hash_ in rows]
    shared = [(hash_, number) for number, hash_ in rows if every.count(hash_) > 1]
    assert list(zip(row.tolist(), ids.tolist(), strict=True)) == sorted(shared)


@given(st.lists(st.binary(min_size=4, max_size=4), max_size=9))
def test_only_what_may_have_the_pixels_of_another_is_digested(thumbnails: list[bytes]) -> None:
    rows = [SimpleNamespace(thumbnail=levels) for levels in thumbnails]
    found = digesting._with_a_twin(cast("Any", [[row] for row in rows]))
    assert [same[0] for same in found] == [
        row
        for row in rows
        if any(
            row is not other and not kinds.thumbnails_differ(row.thumbnail, other.thumbnail)
            for other in rows
        )
    ]


def test_flat_pictures_of_one_key_are_not_decoded_to_tell_them_apart(tmp_path: Path) -> None:
    (tmp_path / "flat").mkdir()
    for level in (0, 60, 120, 180):
        Image.new("L", (40, 30), level).save(tmp_path / "flat" / f"{level}.png")
    Image.new("L", (40, 30), 180).save(tmp_path / "flat" / "180.bmp")
    index(tmp_path / "flat", tmp_path / "db.shelve")
    found = {name for name, (_, pixels) in digests(tmp_path / "db.shelve").items() if pixels}
    assert found == {"180.png", "180.bmp"}
