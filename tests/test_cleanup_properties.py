"""Whatever groups, links and other clean-ups there are: what goes leaves its keeper behind."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imageshelf.cleanup import planning, undo_run
from imageshelf.cleanup.apply import apply_plan
from imageshelf.cleanup.history import history
from imageshelf.searching.kinds import BYTES, NEAR, PIXELS, TURNED
from imageshelf.shelf import Shelf, open_shelf
from imageshelf.shelf.cleanups import Actions
from tests.cleaning import Group, group, indexed, planned, tree
from tests.conftest import drawn

NAMES = [f"photos/{n}.jpg" for n in range(6)] + ["photos/deep/0.jpg", "photos/deep/A.jpg",
                                                   "photos/deep/a.JPG"]  # fmt: skip
KINDS = st.sampled_from([BYTES, BYTES, BYTES, PIXELS, NEAR, TURNED])
PICTURES = [drawn(seed, (24, 18)) for seed in range(3)]

# What each name is: ("picture", which) or a link of either sort to another name.
FILES = st.fixed_dictionaries(
    {
        name: st.tuples(
            st.sampled_from(["picture", "picture", "picture", "hard link", "symbolic link"]),
            st.integers(0, 2),
        )
        for name in NAMES
    }
)
GROUPS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.lists(st.tuples(st.sampled_from(NAMES), KINDS), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=5,
)
ACTION = st.sampled_from([planning.SET_ASIDE, planning.HARD_LINK, planning.DELETE])
Wanted = list[tuple[str, list[tuple[str, str]]]]


def make(folder: Path, files: dict[str, tuple[str, int]]) -> Path:
    (folder / "photos/deep").mkdir(parents=True)
    for name, (what, which) in files.items():
        target = folder / NAMES[which]
        if what == "picture" or not target.exists() or target == folder / name:
            PICTURES[which].save(folder / name, quality=90)
        elif what == "hard link":
            os.link(target, folder / name)
        else:
            (folder / name).symlink_to(target)
    return indexed(folder, "photos")


def groups_of(shelf: Shelf, wanted: Wanted) -> list[Group]:
    known = {name for names in shelf.values() for name in names}
    return [
        group(shelf, keep, *((n, k) for n, k in dict(others).items() if n != keep and n in known))
        for keep, others in wanted
        if keep in known
    ]


def require_keepers(shelf: Shelf, folder: Path) -> None:
    """Every file that any clean-up removed has its keeper still in place."""
    actions = Actions(shelf)
    for run in actions.runs():
        for action in actions.of(run.id):
            if action.state == "done":
                keeper = folder / str(action.stat["keeper"])
                assert keeper.is_file(), (action.source, keeper)
                assert keeper.stat().st_size > 0


def require_contents(before: dict[str, object], folder: Path, wanted: Wanted) -> None:
    """Nothing that only identical copies justified is lost: each content is still there."""
    if any(kind in {NEAR, TURNED} for _, others in wanted for _, kind in others):
        return
    had = {what[0] for what in before.values() if isinstance(what, tuple)}
    has = {
        what[0]
        for name, what in tree(folder).items()
        if isinstance(what, tuple) and name.startswith("photos")
    }
    assert had == has


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(FILES, GROUPS, ACTION)
def test_the_last_copy_always_remains(
    files: dict[str, tuple[str, int]], wanted: Wanted, action: str
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_shelf(make(folder, files), "w") as shelf:
            before = tree(folder)
            plan = planned(shelf, groups_of(shelf, wanted), action)
            apply_plan(shelf, plan, jobs=0)
            require_keepers(shelf, folder)
            require_contents(before, folder, wanted)
            assert shelf.check() == []
            if action != planning.DELETE and history(shelf):
                assert not undo_run.undo(shelf).lost
                assert tree(folder) == before


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(FILES, GROUPS, GROUPS, ACTION, st.booleans())
def test_two_clean_ups_one_after_the_other_from_older_plans(
    files: dict[str, tuple[str, int]], one: Wanted, other: Wanted, action: str, backwards: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_shelf(make(folder, files), "w") as shelf:
            before = tree(folder)
            since = time.time_ns()
            plans = [planned(shelf, groups_of(shelf, wanted), action) for wanted in (one, other)]
            for plan in plans[::-1] if backwards else plans:
                apply_plan(shelf, plan, jobs=0, since_ns=since)
            require_keepers(shelf, folder)
            require_contents(before, folder, one + other)


@pytest.mark.parametrize("seed", range(8))
def test_two_clean_ups_at_once(tmp_path: Path, seed: int) -> None:
    print("seed", seed)
    rnd = random.Random(seed)
    files = {name: ("picture", rnd.randrange(2)) for name in NAMES}
    shelve = make(tmp_path, files)
    before = tree(tmp_path)
    own_shelf = rnd.random() < 0.5
    second = tmp_path / "db.shelve-second"
    shutil.copyfile(shelve, second)
    wanted: list[Wanted] = []
    for _ in range(2):
        names = rnd.sample(NAMES, len(NAMES))
        same = [[n for n in names if files[n][1] == which] for which in range(2)]
        wanted.append([(some[0], [(n, BYTES) for n in some[1:]]) for some in same if some])
    action = rnd.choice([planning.SET_ASIDE, planning.DELETE, planning.HARD_LINK])
    together = threading.Barrier(2)
    problems: list[Exception] = []

    def clean(path: Path, groups: Wanted) -> None:
        try:
            with open_shelf(path, "w") as shelf:
                since = time.time_ns()
                plan = planned(shelf, groups_of(shelf, groups), action)
                together.wait()
                apply_plan(
                    shelf, plan, jobs=0, since_ns=since, folder=str(tmp_path / f"aside-{path.name}")
                )
        except Exception as exc:  # noqa: BLE001 - told in the main thread
            problems.append(exc)

    threads = [
        threading.Thread(target=clean, args=(path, groups))
        for path, groups in zip((shelve, second if own_shelf else shelve), wanted, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    require_contents(before, tmp_path, wanted[0])
    if not own_shelf:
        with open_shelf(shelve, "w") as shelf:
            require_keepers(shelf, tmp_path)
