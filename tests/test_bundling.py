"""Small files that are examined together have the answers of each, whatever happens to one."""

from __future__ import annotations

import io
import random
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imageshelf.indexing import batches
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.indexing.suspects import CAREFUL_FILES
from imageshelf.pictures import images, reduction
from imageshelf.pictures.reduction import ORIENTATIONS, Reduced
from imageshelf.pictures.tasks import Bundle, Picture, Refusal, Task
from imageshelf.shelf import open_shelf
from imageshelf.system.process import cores
from imageshelf.workers import bundling, work
from imageshelf.workers.jobs import Lost
from imageshelf.workers.pool import ITEMS_AHEAD, workers
from tests import odd_decoders
from tests.conftest import drawn
from tests.worker_functions import BEHAVIOURS

KINDS = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}


def written(folder: Path, chance: random.Random, number: int) -> Task:
    """Write one of many kinds of file: of a few sizes, turned by a tag, bordered, or no picture."""
    kind = chance.choice([*KINDS, "none", "torn"])
    path = folder / f"{number}{kind if kind in KINDS else '.jpg'}"
    size = chance.choice([(500, 375), (500, 375), (375, 500), (90, 70), (1000, 800)])
    picture = drawn(chance.randrange(1000), size)
    if chance.random() < 0.3:
        picture.paste("white", (0, 0, size[0], size[1] // 5))
    exif = Image.Exif()
    exif[274] = chance.choice([1, 1, 3, 6, 7])
    stream = io.BytesIO()
    picture.save(stream, KINDS.get(kind, "JPEG"), exif=exif.tobytes())
    data = stream.getvalue()
    path.write_bytes({"none": b"text", "torn": data[: len(data) // 2]}.get(kind, data))
    status = path.stat()
    return Task(str(path), status.st_size, status.st_mtime_ns)


@pytest.mark.parametrize("seed", range(12))
def test_files_examined_together_answer_as_one_by_one(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    tasks = [written(tmp_path, chance, number) for number in range(chance.choice([1, 4, 7, 12]))]
    tasks.append(Task(str(tmp_path / "missing.jpg")))
    together = images.examine_together(tasks)
    assert together == [images.examine(task) for task in tasks]
    assert together == work.work(Bundle(tuple(tasks)))
    looked_at = [images.examine(task, turned=True) for task in tasks]
    assert work.work_turned(Bundle(tuple(tasks))) == looked_at
    assert [work.work_turned(task) for task in tasks] == looked_at
    assert isinstance(together[-1], Refusal)


@pytest.mark.parametrize(
    "looks", [images.examine_together, partial(images.examine_together, turned=True)]
)
@pytest.mark.parametrize("step", ["_decoded", "_views"])
def test_want_of_memory_refuses_a_file_alone_and_is_an_error_in_company(
    looks: Any, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = []
    for number in range(4):
        drawn(number, (500, 375)).save(tmp_path / f"{number}.png")
        tasks.append(Task(str(tmp_path / f"{number}.png")))

    def hungry(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(images, step, hungry)
    with pytest.raises(MemoryError):
        looks(tasks)
    refusal = Refusal("needs more memory than there is", lasting=False, other="")
    assert looks(tasks[:1]) == [refusal]


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is kept on Linux")
def test_files_that_need_too_much_memory_together_are_read_alone(tmp_path: Path) -> None:
    tasks = []
    for number in range(4):  # narrow, so that reducing them frees nothing
        strip = Image.new("RGBA", (350, 28_000), (number * 40, 20, 30, 200))
        strip.save(tmp_path / f"{number}.png", compress_level=1)
        tasks.append(Task(str(tmp_path / f"{number}.png")))
    with workers(work.work, jobs=2, memory_limit_bytes=100_000_000) as run:
        ((_, together),) = run([Bundle(tuple(tasks))])
        assert isinstance(together, Lost)
        answers = list(bundling.mapped(run, tasks, lambda _: 1))
    assert [type(answer) for _, answer in answers] == [Picture] * 4


@st.composite
def grey(draw: st.DrawFn, size: tuple[int, int] | None = None) -> Reduced:
    width, height = size or (draw(st.integers(1, 400)), draw(st.integers(1, 400)))
    numbers = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 256, (height, width))
    if draw(st.booleans()):  # smooth, so that neighbours are nearly equal
        numbers = np.add.outer(np.arange(height) * 3, np.arange(width) * 2) // draw(
            st.integers(2, 9)
        )
    across, down = draw(st.integers(0, 7)) / 8, draw(st.integers(0, 3)) / 4
    picture = Image.fromarray(numbers.astype(np.uint8))
    return Reduced(picture, (0, 0, max(width - across, 1), max(height - down, 1)))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_views_of_pictures_together_are_those_of_each(data: st.DataObject) -> None:
    number = data.draw(st.sampled_from([1, 3, 4]))
    size = data.draw(st.tuples(st.integers(1, 400), st.integers(1, 400)))
    pictures = [data.draw(grey(size)) for _ in range(number)]
    pictures = [Reduced(each.picture, pictures[0].box) for each in pictures]
    together = images._views(pictures, full_decode=False, turned=True)
    assert together == [images.views_of(each, turned=True) for each in pictures]


@settings(deadline=None, max_examples=60)
@given(grey())
def test_a_mirrored_thumbnail_is_the_thumbnail_of_the_mirrored_picture(picture: Reduced) -> None:
    """The definition: turn the picture, then resize it."""
    turned = [picture.turned(turn).rows() for _, turn in ORIENTATIONS if turn is not None]
    assert picture.turned_rows() == turned


@given(st.lists(st.sampled_from([(80, 72), (90, 72), (80, 80)]), max_size=30))
def test_every_picture_is_in_one_part_with_others_of_its_size(sizes: list[tuple[int, int]]) -> None:
    pictures = [reduction.whole(Image.new("L", size)) for size in sizes]
    parts = reduction.mergeable_parts(pictures)
    assert sorted(number for part in parts for number in part) == list(range(len(sizes)))
    for part in parts:
        assert len(part) in {1, 3, 4}
        assert len({sizes[number] for number in part}) == 1
        assert (
            reduction.merged([pictures[number] for number in part]).picture.size == sizes[part[0]]
        )


@given(st.lists(st.sampled_from([-1, 0, 1, bundling.SMALL_BYTES, bundling.SMALL_BYTES + 1])))
def test_small_files_are_bundled_in_fours_and_every_file_is_given_out(sizes: list[int]) -> None:
    tasks = [Task(str(number), size) for number, size in enumerate(sizes)]
    items = list(bundling.bundled(tasks))
    bundles = [item.tasks for item in items if isinstance(item, Bundle)]
    alone = [item for item in items if isinstance(item, Task)]
    assert [len(some) for some in bundles[:-1]] == [4] * len(bundles[:-1])
    small = [task for task in tasks if 0 <= task.size_bytes <= bundling.SMALL_BYTES]
    assert [task for some in bundles for task in some] == small
    assert alone == [task for task in tasks if task not in small]


def test_bundles_are_taken_as_they_come() -> None:
    """What is not yet listed holds nothing back."""

    def endless() -> Any:
        yield from (Task("a", 1), Task("b", 1 << 20), Task("c", 1), Task("d", 1), Task("e", 1))
        raise AssertionError("read too far")

    items = bundling.bundled(endless())
    assert next(items) == Task("b", 1 << 20)
    assert next(items) == Bundle((Task("a", 1), Task("c", 1), Task("d", 1), Task("e", 1)))


@pytest.mark.skipif("segfault" not in BEHAVIOURS, reason="needs signals")
def test_what_takes_its_bundle_down_costs_itself_only(tmp_path: Path) -> None:
    for number in range(30):
        drawn(number, (64, 48)).save(tmp_path / f"{number}.png")
    for behaviour in ("segfault", "exit", "raise", "sleep"):
        drawn(1, (64, 48)).save(tmp_path / f"{behaviour}.png")
    files = sorted(tmp_path.iterdir())
    tasks = [Task(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    with workers(odd_decoders.examine_or_misbehave, jobs=2, time_limit_s=1) as run:
        answers = list(bundling.mapped(run, tasks))
    assert sorted(task.path for task, _ in answers) == [str(path) for path in files]
    lost = {Path(task.path).stem for task, answer in answers if isinstance(answer, Lost)}
    assert lost == {"segfault", "exit", "raise", "sleep"}
    assert sum(isinstance(answer, Picture) for _, answer in answers) == 30


def test_files_of_a_lost_bundle_hold_nobody_up() -> None:
    """They are given out among the others, before those that follow."""
    given: list[Task | Bundle] = []

    def mapper(items: Any) -> Any:
        for item in items:
            given.append(item)
            lost = isinstance(item, Bundle) and item.tasks[0].path in {"0", "8"}
            yield item, Lost("", lasting=False) if lost else [0] * 4

    tasks = [Task(str(number), 1) for number in range(12)]
    answered = [task for task, _ in bundling.mapped(mapper, iter(tasks))]
    assert sorted(answered, key=tasks.index) == tasks
    first, second, third = (Bundle(tuple(tasks[at : at + 4])) for at in (0, 4, 8))
    assert given == [first, *tasks[:4], second, third, *tasks[8:]]


def test_a_careful_run_covers_what_a_run_that_died_had_under_way() -> None:
    under_way = ITEMS_AHEAD * bundling.BUNDLE_FILES * 2 * cores()
    assert batches.BATCH_FILES + under_way <= CAREFUL_FILES


def shelved(folder: Path, shelve: Path, **options: Any) -> dict[str, list[str]]:
    found = index(folder, shelve, Settings(**options))
    assert not found.skips
    with open_shelf(shelve) as shelf:
        return dict(shelf.items())


@pytest.mark.parametrize("options", [{}, {"hash": "phash"}, {"jobs": 0}, {"jobs": 1}])
def test_a_shelf_is_the_same_with_bundles_and_without(
    tmp_path: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundling, "FEWEST_FILES_PER_WORKER", 1)
    for number in range(23):
        size = (500, 375) if number % 3 else (300, 400)
        drawn(number, size).save(tmp_path / f"{number}.jpg")
    with_bundles = shelved(tmp_path, tmp_path / "a.shelve", **options)
    monkeypatch.setattr(bundling, "bundled", lambda tasks, _: tasks)
    assert shelved(tmp_path, tmp_path / "b.shelve", **options) == with_bundles
    assert sum(map(len, with_bundles.values())) == 23
