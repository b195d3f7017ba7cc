"""What is seen of a query's candidates: many of them, and pictures too small to tell whose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.pictures import images
from imageshelf.pictures.colour import colour_picture
from imageshelf.pictures.decoding import decode
from imageshelf.pictures.look_tasks import ColourPicture, ColourTask
from imageshelf.searching import query_looks
from imageshelf.searching.kinds import NEAR, SIMILAR, VARIANT, KnownFile
from imageshelf.searching.looks import Look
from imageshelf.searching.ranking import Prospect
from imageshelf.searching.search import search
from imageshelf.searching.second_look import WORK, Pair, SecondLook
from imageshelf.workers import work_overlay
from imageshelf.workers.limited_map import LimitedMap
from tests.scenes.drawing import snapshot
from tests.test_coarse_filter import form

SMALL, LARGE = (150, 200), (750, 1000)


def picture(name: str, size: tuple[int, int]) -> KnownFile:
    return KnownFile(name, 1, size=size)


def told(
    query: tuple[str, tuple[int, int]],
    found: dict[str, tuple[int, int]],
    looks: dict[str, Look],
    monkeypatch: pytest.MonkeyPatch,
) -> list[str]:
    """Kinds of what was found, when looks are as given by the two names: "ab" and "ba" alike."""

    def seen(_: SecondLook, pairs: Sequence[Pair]) -> list[Look]:
        names = ("".join(sorted((pair.first.path, pair.second.path))) for pair in pairs)
        return [looks[name] for name in names]

    monkeypatch.setattr(SecondLook, "at", seen)
    prospects = [Prospect(picture(name, size), key_distance=1) for name, size in found.items()]
    with LimitedMap(WORK, jobs=0) as decoders:
        answer = query_looks.looks_at([picture(*query)], [prospects], decoders, hashes_only=False)
    return [look.kind for look in answer]


def near(agrees: float = 1.0) -> Look:
    return Look(NEAR, compared=True, agrees=agrees)


def test_a_small_query_that_agrees_with_two_different_pictures_is_similar_to_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {"a": LARGE, "b": LARGE}
    looks = {"aq": near(), "bq": near(0.995), "ab": Look(VARIANT, compared=True, agrees=0.97)}
    assert told(("q", SMALL), found, looks, monkeypatch) == [SIMILAR, SIMILAR]
    assert told(("q", LARGE), found, looks, monkeypatch) == [NEAR, NEAR]
    clearer = looks | {"bq": near(0.9)}
    assert told(("q", SMALL), found, clearer, monkeypatch) == [NEAR, NEAR]
    copies = looks | {"ab": near()}
    assert told(("q", SMALL), found, copies, monkeypatch) == [NEAR, NEAR]


def test_a_small_picture_that_agrees_with_others_as_well_is_similar_to_the_query(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {"a": SMALL, "b": LARGE}
    variant = Look(VARIANT, compared=True, agrees=0.97)
    looks = {"aq": near(), "bq": variant, "ab": near(0.995)}
    assert told(("q", LARGE), found, looks, monkeypatch) == [SIMILAR, VARIANT]
    other = looks | {"ab": variant}
    assert told(("q", LARGE), found, other, monkeypatch) == [NEAR, VARIANT]


def test_of_many_candidates_few_are_laid_over_and_the_copy_is_among_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in range(30):
        form(seed).save(photos / f"{seed:02}.png")
    index(photos, tmp_path / "db.shelve", Settings(jobs=0))
    query = tmp_path / "query.jpg"
    form(7).resize((400, 565)).save(query, quality=80)
    everything = search(query, tmp_path / "db.shelve")
    counted: list[Pair] = []
    look = SecondLook.at

    def noted(self: SecondLook, pairs: Sequence[Pair]) -> list[Look]:
        counted.extend(pairs)
        return look(self, pairs)

    monkeypatch.setattr(SecondLook, "at", noted)
    monkeypatch.setattr(query_looks, "ALWAYS_SEEN", 2)
    found = search(query, tmp_path / "db.shelve")
    assert [Path(m.path).name for m in found if m.match] == ["07.png"]
    assert len(counted) < 15 < len(everything)
    assert set(found) < set(everything)


def test_a_query_with_one_match_is_one_reduced_decode_of_each_beyond_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in range(3):
        snapshot(seed, (600, 450)).save(photos / f"{seed}.jpg")
    index(photos, tmp_path / "db.shelve", Settings(jobs=0))
    query = tmp_path / "query.jpg"
    snapshot(1, (600, 450)).resize((400, 300)).save(query, quality=80)
    read: list[str] = []

    def in_colour(task: ColourTask) -> ColourPicture:
        read.append(f"colour {Path(task.path).name} {task.longest}")
        return colour_picture(task)

    def in_grey(*args: Any, **options: Any) -> Any:
        read.append("grey")
        return decode(*args, **options)

    monkeypatch.setattr(work_overlay, "colour_picture", in_colour)
    monkeypatch.setattr(images, "decode", in_grey)
    assert [match.kind for match in search(query, tmp_path / "db.shelve")] == [NEAR]
    assert read == ["grey", "colour query.jpg 256", "colour 1.jpg 256"]
